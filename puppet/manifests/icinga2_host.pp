# @summary A container host and its containers in Icinga 2's configuration, checked by the agent on that host.
#
# Exported by `ct0::checks::export`, collected by `ct0::server`. Of every container its state is the host's own check;
# a dependency makes it unreachable with CT0.
#
# @param address
#   CT0's address.
#
# @param endpoint
#   CT0's endpoint and zone, as `icinga2 node wizard` made them.
#
# @param ensure
#   Whether it is there.
#
# @param containers
#   CT0's containers, each a host.
#
# @param services
#   CT0's own services: name and CheckCommand.
#
# @param directory
#   The folder the file is in, of those that Icinga reads.
#
# @param node_template
#   The template of the host CT0.
#
# @param ct_template
#   The template of the containers' hosts.
#
# @param service_template
#   The template of the services.
#
define ct0::icinga2_host (
  Ct0::Host_name                                       $address,
  Ct0::Host_name                                       $endpoint         = $title,
  Enum['present', 'absent']                            $ensure           = 'present',
  Array[Ct0::Container]                                $containers       = [],
  Hash[Pattern[/\A[\w -]{1,60}\z/], Ct0::Command_name] $services         = { 'ct0 health' => 'ct0_health' },
  Ct0::Path                                            $directory        = getvar('ct0::server::icinga2_dir'),
  Ct0::Host_name                                       $node_template    = 'ct0-node',
  Ct0::Host_name                                       $ct_template      = 'ct0-ct',
  Ct0::Host_name                                       $service_template = 'ct0-service',
) {
  assert_type(Ct0::Host_name, $title)

  file { "${directory}/ct0-${title}.conf":
    ensure  => if $ensure == 'present' { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/icinga2_host.conf.epp', {
        'host'             => $title,
        'address'          => $address,
        'endpoint'         => $endpoint,
        'containers'       => $containers,
        'services'         => $services,
        'node_template'    => $node_template,
        'ct_template'      => $ct_template,
        'service_template' => $service_template,
    }),
  }
}
