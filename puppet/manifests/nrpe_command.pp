# @summary One command of NRPE's, in a file of its own; a running NRPE is told.
#
# It needs `ct0` with `checks` among its features.
#
# @example A plugin of one's own
#   ct0::nrpe_command { 'raid':
#     command => '/usr/local/lib/nagios/check_raid --all',
#   }
#
# @param command
#   The whole command line, from the plugin's absolute path on. NRPE gives it to a shell.
#
# @param ensure
#   Whether there is such a command.
#
define ct0::nrpe_command (
  Ct0::Command_line         $command,
  Enum['present', 'absent'] $ensure = 'present',
) {
  unless defined(Class['ct0::checks']) {
    fail("ct0::nrpe_command ${title}: needs ct0 with 'checks' among ct0::features")
  }
  assert_type(Ct0::Command_name, $title)

  # NRPE reads files in the order of their names, and of two commands of one name the last counts: what is said here,
  # not what `ct0 monitoring generate` writes into ct0-HOST.cfg.
  file { "${ct0::checks::nrpe_dir}/ct0_${title}.cfg":
    ensure  => if $ensure == 'present' { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "# Managed by Puppet, ct0::nrpe_command.\ncommand[${title}]=${command}\n",
    notify  => $ct0::checks::nrpe::told,
  }
  if $ct0::checks::nrpe::used {
    Exec["${ct0::checks::nrpe_dir} is there for NRPE's commands"] -> File["${ct0::checks::nrpe_dir}/ct0_${title}.cfg"]
  }
}
