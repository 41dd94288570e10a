# @summary The exporter's metrics in a file for node_exporter, written by a timer, or by cron where systemd does not run.
# @api private
#
# @param ensure
#   Whether it is written.
#
class ct0::exporter::textfile (
  Enum['present', 'absent'] $ensure,
) {
  assert_private()

  $directory = $ct0::exporter::textfile_directory
  $minutes = $ct0::exporter::textfile_interval
  $options = $ct0::exporter::scrape_options
  $timer = $ensure == 'present' and $ct0::exporter::systemd
  $cron = $ensure == 'present' and !$ct0::exporter::systemd

  if $ensure == 'present' {
    exec { "${directory} is there for node_exporter":
      command  => "echo '${directory}: no such folder: install node_exporter, or set ct0::exporter::textfile_directory' >&2; exit 1",
      unless   => "test -d ${directory}",
      provider => 'shell',
    }
  }

  file { '/etc/cron.d/ct0-textfile':
    ensure  => if $cron { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/ct0-textfile.cron.epp', {
        'bin' => $ct0::bin, 'directory' => $directory, 'options' => $options, 'minutes' => $minutes,
    }),
  }

  if $ct0::exporter::systemd {
    ct0::unit { 'ct0-textfile.service':
      ensure  => if $timer { 'present' } else { 'absent' },
      content => epp('ct0/ct0-textfile.service.epp', {
          'bin'       => $ct0::bin,
          'directory' => $directory,
          'options'   => $options,
          'openvz'    => 'openvz' in $ct0::exporter::engines,
          'proxmox'   => 'proxmox' in $ct0::exporter::engines,
      }),
    }
    ct0::unit { 'ct0-textfile.timer':
      ensure  => if $timer { 'present' } else { 'absent' },
      content => epp('ct0/ct0-textfile.timer.epp', { 'minutes' => $minutes }),
    }
    if $timer {
      service { 'ct0-textfile.timer':
        ensure    => running,
        enable    => true,
        subscribe => Ct0::Unit['ct0-textfile.service', 'ct0-textfile.timer'],
        require   => Exec["${directory} is there for node_exporter"],
      }
    } else {
      service { 'ct0-textfile.timer':
        ensure => stopped,
        enable => false,
        before => Ct0::Unit['ct0-textfile.service', 'ct0-textfile.timer'],
      }
      # Not before the timer is gone, which would write it again.
      -> file { "${directory}/ct0.prom":
        ensure => absent,
        backup => false,
      }
    }
  } elsif !$cron {
    file { "${directory}/ct0.prom":
      ensure  => absent,
      backup  => false,
      require => File['/etc/cron.d/ct0-textfile'],
    }
  }
}
