# @summary What the Nagios and Icinga plugins need on a host: rights, a folder for counts, NRPE's commands; exported hosts.
#
# `ct0` includes this class when `checks` is among its features. The plugins' user and group must exist, as NRPE, Icinga
# or Nagios bring them.
#
# @example Hiera: NRPE, with another threshold and one check more
#   ct0::checks::nrpe: true
#   ct0::checks::checks:
#     ct_disk:
#       plugin: check_ct_disk
#       options: {'-w': 85, '-c': 95}
#     ct_disk_db1:
#       plugin: check_ct_disk
#       options: {'--ct': db1, '-w': 70}
#
# @example Hiera: NRPE's commands for every container, kept by a timer; Nagios' server told of the host
#   ct0::checks::nrpe: true
#   ct0::checks::monitoring: true
#   ct0::checks::export: [nagios]
#
# @param ensure
#   `absent` takes all of it off, what the plugins counted too; NRPE itself stays.
#
# @param user
#   The plugins' user.
#
# @param group
#   The plugins' group.
#
# @param state_timer
#   Whether root writes what the plugins judge to `/run/ct0/state.json` every minute. Preferred to sudo.
#
# @param sudoers
#   Whether the plugins' user may run the root reader, `/usr/lib/ct0/ct0-read`, by sudo.
#
# @param nrpe
#   Whether the checks are commands of NRPE's.
#
# @param checks
#   The checks; see `ct0::check`. Hashes of several levels of Hiera are merged.
#
# @param defaults
#   Whether the checks that every host with containers can have are there without being named: `ct0_health`,
#   `ct0_procs`, `ct_state`, `ct_resources`, `ct_pressure`, `ct_disk`, `ct_load`, `ct_network`. One that `checks` names
#   as well is as it says there.
#
# @param nrpe_dir
#   The folder of NRPE's commands. It must be there: NRPE brings it.
#
# @param nrpe_package
#   NRPE's package.
#
# @param nrpe_service
#   NRPE's service, which reads its commands anew when they change.
#
# @param manage_nrpe_package
#   Whether this class installs NRPE.
#
# @param manage_nrpe_service
#   Whether this class has NRPE run. Else a running one is reloaded, and one that does not run is left alone.
#
# @param monitoring
#   Whether `ct0 monitoring generate` runs every five minutes: commands and hosts for each container.
#
# @param monitoring_formats
#   What it writes: NRPE's commands, and the files for Nagios and Icinga 2 in `/var/lib/ct0/monitoring`.
#
# @param monitoring_options
#   More of its options, such as `--exclude=test-.*` or `--max-shrink=5`.
#
# @param export
#   Which monitoring programs' servers are told of this host and its containers, by exported resources.
#
# @param export_name
#   This host's name there.
#
# @param export_address
#   Where the server asks it.
#
# @param export_endpoint
#   This host's endpoint at Icinga; default: `export_name`.
#
# @param export_tag
#   Which servers collect it: those with this tag.
#
class ct0::checks (
  Enum['present', 'absent']                      $ensure              = getvar('ct0::ensure', 'present'),
  Pattern[/\A[a-z_][a-z0-9_-]*\z/]               $user                = 'nagios',
  Pattern[/\A[a-z_][a-z0-9_-]*\z/]               $group               = 'nagios',
  Boolean                                        $state_timer         = true,
  Boolean                                        $sudoers             = false,
  Boolean                                        $nrpe                = false,
  Hash[Ct0::Command_name, Ct0::Check_parameters] $checks              = {},
  Boolean                                        $defaults            = true,
  Ct0::Path                                      $nrpe_dir            = '/etc/nagios/nrpe.d',
  String[1]                                      $nrpe_package        = 'nagios-nrpe-server',
  Pattern[/\A[A-Za-z0-9@_.-]+\z/]                $nrpe_service        = 'nagios-nrpe-server',
  Boolean                                        $manage_nrpe_package = false,
  Boolean                                        $manage_nrpe_service = false,
  Boolean                                        $monitoring          = false,
  Array[Enum['nrpe', 'nagios', 'icinga2']]       $monitoring_formats  = ['nrpe', 'nagios', 'icinga2'],
  Array[Ct0::Exporter_option]                    $monitoring_options  = [],
  Array[Enum['nagios', 'icinga2']]               $export              = [],
  Optional[Ct0::Host_name]                       $export_name         = undef,
  Optional[Ct0::Host_name]                       $export_address      = undef,
  Optional[Ct0::Host_name]                       $export_endpoint     = undef,
  Ct0::Host_name                                 $export_tag          = 'ct0',
) {
  unless defined(Class['ct0']) {
    fail("ct0::checks: include ct0, with 'checks' among ct0::features, instead of this class")
  }

  $systemd = pick($facts.dig('ct0_host', 'init'), 'systemd') == 'systemd'
  $engines = pick($facts.dig('ct0_host', 'engines'), [])
  $own_name = pick($export_name, $facts.dig('networking', 'hostname'))
  # systemd before 239: RHEL 7's and kin, SLES 12's.
  $release = Integer($facts['os']['release']['major'].regsubst(/\..*/, ''), 10)
  $old_systemd = $facts['os']['family'] ? {
    'RedHat' => $release < 8,
    'Suse'   => $release < 15,
    default  => false,
  }

  # The commands of checks/nrpe/ct0.cfg.
  $every = {
    'ct0_health'   => { 'plugin' => 'check_ct0_health' },
    'ct0_procs'    => { 'plugin' => 'check_procs', 'options' => { '-k' => true, '-w' => 250, '-c' => 400 } },
    'ct_state'     => { 'plugin' => 'check_ct_state' },
    'ct_resources' => { 'plugin' => 'check_ct_resources' },
    'ct_pressure'  => { 'plugin' => 'check_ct_pressure' },
    'ct_disk'      => { 'plugin' => 'check_ct_disk' },
    'ct_load'      => { 'plugin' => 'check_ct_load' },
    'ct_network'   => { 'plugin' => 'check_ct_network' },
  }
  $wanted = if $defaults { $every + $checks } else { $checks }

  contain ct0::checks::rights
  contain ct0::checks::nrpe
  contain ct0::checks::monitoring

  $wanted.each |$name, $check| {
    ct0::check { $name:
      ensure => if $ensure == 'absent' { 'absent' } else { pick($check['ensure'], 'present') },
      *      => $check.filter |$key, $value| { $key != 'ensure' },
    }
  }

  if $ensure == 'present' {
    if $monitoring and !$systemd {
      fail('ct0::checks::monitoring: no systemd runs this host, and what generates is a unit of it: have cron do it')
    }
    if 'nagios' in $export and !$nrpe {
      fail('ct0::checks::export: nagios asks by NRPE: set ct0::checks::nrpe: true')
    }
    # NRPE's class is in no order with them: its package brings the user that has the rights, and its service is told
    # of what the generator leaves.
    Class['ct0::checks::rights'] -> Class['ct0::checks::monitoring']
    contain ct0::checks::exported
  } else {
    Class['ct0::checks::monitoring'] -> Class['ct0::checks::nrpe'] -> Class['ct0::checks::rights']
  }
}
