# @summary One service more of a container host in Nagios' configuration: a command of NRPE's there.
#
# Exported by `ct0::check` with `export`, collected by `ct0::server`.
#
# @param host
#   The host it belongs to, a `ct0::nagios_host`.
#
# @param command
#   The command of NRPE's.
#
# @param ensure
#   Whether it is there.
#
# @param description
#   The service's name.
#
# @param directory
#   The folder the file is in, of those that Nagios reads.
#
# @param service_template
#   The template of the service.
#
define ct0::nagios_service (
  Ct0::Host_name                 $host,
  Ct0::Command_name              $command,
  Enum['present', 'absent']      $ensure           = 'present',
  Pattern[/\A[\w .-]{1,100}\z/]  $description      = $command,
  Ct0::Path                      $directory        = getvar('ct0::server::nagios_dir'),
  Ct0::Host_name                 $service_template = 'ct0-service',
) {
  file { "${directory}/ct0-${host}-${command}.cfg":
    ensure  => if $ensure == 'present' { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/nagios_service.cfg.epp', {
        'host'             => $host,
        'command'          => $command,
        'description'      => $description,
        'service_template' => $service_template,
    }),
  }
}
