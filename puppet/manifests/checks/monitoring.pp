# @summary The timer that generates commands and hosts for each container, and what tells NRPE of them.
# @api private
class ct0::checks::monitoring {
  assert_private()

  $present = $ct0::checks::ensure == 'present' and $ct0::checks::monitoring
  $state = if $present { 'present' } else { 'absent' }
  $directory = $ct0::checks::nrpe_dir
  $nrpe = $ct0::checks::nrpe and 'nrpe' in $ct0::checks::monitoring_formats
  $watched = $present and $nrpe
  $formats = $ct0::checks::monitoring_formats.unique.filter |$each| { $each != 'nrpe' or $nrpe }

  $commands = $formats.map |$format| {
    $named = if $format == 'nrpe' { [] } else {
      {
        '--address'  => $ct0::checks::export_address,
        '--endpoint' => if $format == 'icinga2' { $ct0::checks::export_endpoint },
      }.filter |$option, $value| { $value =~ NotUndef }.map |$option, $value| { "${option}=${value}" }
    }
    $output = if $format == 'nrpe' { $directory } else { '/var/lib/ct0/monitoring' }
    $options = ["--${format}", "--name=${ct0::checks::own_name}"] + $named + $ct0::checks::monitoring_options
    "${ct0::bin}/ct0 monitoring generate ${options.join(' ')} --output ${output}"
  }

  if $ct0::checks::systemd {
    ct0::unit { 'ct0-monitoring.service':
      ensure  => $state,
      content => file('ct0/checks/ct0-monitoring.service'),
      dropins => {
        'puppet.conf' => epp('ct0/ct0-monitoring.conf.epp', {
            'commands'    => $commands,
            'directory'   => if $nrpe { $directory },
            'old_systemd' => $ct0::checks::old_systemd,
        }),
      },
    }
    ct0::unit { 'ct0-monitoring.timer':
      ensure  => $state,
      content => file('ct0/checks/ct0-monitoring.timer'),
    }
    ct0::unit { 'ct0-nrpe-reload.path':
      ensure  => if $watched { 'present' } else { 'absent' },
      content => file('ct0/checks/ct0-nrpe-reload.path'),
      dropins => {
        'puppet.conf' => unless $directory == '/etc/nagios/nrpe.d' { "[Path]\nPathChanged=\nPathChanged=${directory}\n" },
      },
    }
    $service = $ct0::checks::nrpe_service
    ct0::unit { 'ct0-nrpe-reload.service':
      ensure  => if $watched { 'present' } else { 'absent' },
      content => file('ct0/checks/ct0-nrpe-reload.service'),
      dropins => {
        'puppet.conf' => unless $service == 'nagios-nrpe-server' {
          "[Service]\nExecStart=\nExecStart=/bin/systemctl try-reload-or-restart ${service}.service\n"
        },
      },
    }
    # Watched before anything is generated.
    $paths = ['ct0-nrpe-reload.path', 'ct0-nrpe-reload.service']
    $timers = ['ct0-monitoring.timer', 'ct0-monitoring.service']
    if $watched {
      service { 'ct0-nrpe-reload.path':
        ensure    => running,
        enable    => true,
        subscribe => Ct0::Unit[$paths],
      }
    } else {
      service { 'ct0-nrpe-reload.path':
        ensure => stopped,
        enable => false,
        before => Ct0::Unit[$paths],
      }
    }
    if $present {
      service { 'ct0-monitoring.timer':
        ensure    => running,
        enable    => true,
        require   => Service['ct0-nrpe-reload.path'],
        subscribe => Ct0::Unit[$timers],
      }
    } else {
      service { 'ct0-monitoring.timer':
        ensure => stopped,
        enable => false,
        before => [Ct0::Unit[$timers], File['/var/lib/ct0/monitoring', "${directory}/ct0-${ct0::checks::own_name}.cfg"]],
      }
    }
  }

  unless $present {
    file { '/var/lib/ct0/monitoring':
      ensure => absent,
      force  => true,
      backup => false,
    }
    file { "${directory}/ct0-${ct0::checks::own_name}.cfg":
      ensure => absent,
      backup => false,
      notify => $ct0::checks::nrpe::told,
    }
  }
}
