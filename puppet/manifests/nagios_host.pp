# @summary A container host and its containers in Nagios' configuration, checked by NRPE on that host.
#
# Exported by `ct0::checks::export`, collected by `ct0::server`. Of every container its state is the host's own check,
# and CT0 its parent; the commands asked for are those that `ct0 monitoring generate --nrpe` writes on CT0.
#
# @param address
#   Where CT0 is asked.
#
# @param ensure
#   Whether it is there.
#
# @param containers
#   CT0's containers, each a host.
#
# @param services
#   CT0's own services: description and NRPE's command.
#
# @param directory
#   The folder the file is in, of those that Nagios reads.
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
define ct0::nagios_host (
  Ct0::Host_name                                       $address,
  Enum['present', 'absent']                            $ensure           = 'present',
  Array[Ct0::Container]                                $containers       = [],
  Hash[Pattern[/\A[\w -]{1,60}\z/], Ct0::Command_name] $services         = { 'ct0 health' => 'ct0_health' },
  Ct0::Path                                            $directory        = getvar('ct0::server::nagios_dir'),
  Ct0::Host_name                                       $node_template    = 'ct0-node',
  Ct0::Host_name                                       $ct_template      = 'ct0-ct',
  Ct0::Host_name                                       $service_template = 'ct0-service',
) {
  assert_type(Ct0::Host_name, $title)

  file { "${directory}/ct0-${title}.cfg":
    ensure  => if $ensure == 'present' { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/nagios_host.cfg.epp', {
        'host'             => $title,
        'address'          => $address,
        'containers'       => $containers,
        'services'         => $services,
        'node_template'    => $node_template,
        'ct_template'      => $ct_template,
        'service_template' => $service_template,
    }),
  }
}
