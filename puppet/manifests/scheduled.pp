# @summary Something that runs again and again: by a timer of systemd's, else by cron; its last result told to NRPE.
#
# The program is `/usr/lib/ct0/TITLE-run`. It leaves its exit status and text in `last-run` in its folder.
#
# @api private
#
# @param ensure
#   Whether it runs.
#
# @param description
#   What it does, for people.
#
# @param content
#   The program, a shell's.
#
# @param folder
#   Where it keeps what it found; a folder of its own.
#
# @param interval
#   How often it runs.
#
# @param settings
#   Lines of its unit's section Service.
#
# @param timeout
#   How many seconds it may take.
#
# @param command_name
#   The name of NRPE's command, where NRPE has commands of ct0's; undef for none.
#
define ct0::scheduled (
  String[1]                   $description,
  String[1]                   $content,
  Ct0::Path                   $folder,
  Enum['present', 'absent']   $ensure       = 'present',
  Ct0::Interval               $interval     = '1h',
  Array[String[1]]            $settings     = [],
  Integer[1]                  $timeout      = 900,
  Optional[Ct0::Command_name] $command_name = undef,
) {
  $there = $ensure ? { 'present' => 'file', default => 'absent' }
  $program = "/usr/lib/ct0/${title}-run"
  $systemd = pick($facts.dig('ct0_host', 'init'), 'systemd') == 'systemd'
  $number = Integer($interval.regsubst(/\D/, '', 'G'), 10)
  $minute = fqdn_rand(60, $title)
  if $interval =~ /min\z/ {
    $seconds = $number * 60
    $when = "*/${number} * * * *"
  } elsif $interval =~ /h\z/ {
    $seconds = $number * 3600
    $when = "${minute} */${number} * * *"
  } else {
    $seconds = 86400
    $when = "${minute} ${fqdn_rand(24, $title)} * * *"
  }

  include ct0::last_run

  file { $folder:
    ensure => if $ensure == 'present' { 'directory' } else { 'absent' },
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    force  => true,
    backup => false,
  }
  file { $program:
    ensure  => $there,
    owner   => 'root',
    group   => 'root',
    mode    => '0755',
    content => $content,
  }

  if $systemd {
    ct0::unit { "${title}.service":
      ensure  => $ensure,
      content => epp('ct0/scheduled.service.epp', {
          'description' => $description,
          'command'     => $program,
          'timeout'     => $timeout,
          'settings'    => $settings,
      }),
    }
    ct0::unit { "${title}.timer":
      ensure  => $ensure,
      content => epp('ct0/scheduled.timer.epp', { 'description' => $description, 'interval' => $interval }),
    }
    service { "${title}.timer":
      ensure => if $ensure == 'present' { 'running' } else { 'stopped' },
      enable => $ensure == 'present',
    }
    if $ensure == 'present' {
      File[$folder, $program] -> Ct0::Unit["${title}.service"] -> Ct0::Unit["${title}.timer"] ~> Service["${title}.timer"]
    } else {
      # One that runs now ("activating") would write into its folder again, and one that failed would be remembered.
      exec { "systemctl stop ${title}.service":
        command  => "systemctl stop ${title}.service; systemctl reset-failed ${title}.service 2>/dev/null; true",
        onlyif   => "systemctl is-active ${title}.service | grep -Eqvx 'inactive|unknown'",
        provider => 'shell',
      }
      Service["${title}.timer"] -> Exec["systemctl stop ${title}.service"]
      -> Ct0::Unit["${title}.timer", "${title}.service"] -> File[$folder, $program]
    }
  } else {
    file { "/etc/cron.d/${title}":
      ensure  => $there,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('ct0/scheduled.cron.epp', { 'description' => $description, 'when' => $when, 'command' => $program }),
    }
  }

  # Where there is an NRPE of ct0's.
  if $command_name and defined(Class['ct0::checks']) {
    ct0::nrpe_command { $command_name:
      ensure  => if getvar('ct0::checks::nrpe', false) { $ensure } else { 'absent' },
      command => "/usr/lib/ct0/ct0-last-run ${folder}/last-run ${2 * $seconds + $timeout}",
    }
  }
}
