# @summary How plugins of an ordinary user come by what only root may read: a state file, or sudo; and their folder.
# @api private
class ct0::checks::rights {
  assert_private()

  $present = $ct0::checks::ensure == 'present'
  $user = $ct0::checks::user
  $group = $ct0::checks::group
  $engines = $ct0::checks::engines
  $timer = $present and $ct0::checks::state_timer and $ct0::checks::systemd
  $cron = $present and $ct0::checks::state_timer and !$ct0::checks::systemd
  $written = $timer or $cron

  # What the plugins counted is of no use without them.
  file { '/var/lib/ct0/checks':
    ensure => if $present { 'directory' } else { 'absent' },
    owner  => $user,
    group  => $group,
    mode   => '0700',
    force  => true,
    backup => false,
  }

  file { '/etc/sudoers.d/ct0':
    ensure       => if $present and $ct0::checks::sudoers { 'file' } else { 'absent' },
    owner        => 'root',
    group        => 'root',
    mode         => '0440',
    content      => epp('ct0/sudoers.epp', { 'user' => $user }),
    validate_cmd => '/usr/sbin/visudo -cf %',
  }

  file { '/etc/cron.d/ct0-state':
    ensure  => if $cron { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/ct0-state.cron.epp', { 'group' => $group }),
  }

  if $ct0::checks::systemd {
    ct0::unit { 'ct0-state.service':
      ensure  => if $timer { 'present' } else { 'absent' },
      content => file('ct0/checks/ct0-state.service'),
      dropins => {
        'group.conf'       => unless $group == 'nagios' { "[Service]\nGroup=${group}\n" },
        'openvz.conf'      => if 'openvz' in $engines { file('ct0/checks/openvz.conf') },
        'proxmox.conf'     => if 'proxmox' in $engines { file('ct0/checks/proxmox.conf') },
        'old-systemd.conf' => if $ct0::checks::old_systemd { file('ct0/checks/old-systemd.conf') },
      },
    }
    ct0::unit { 'ct0-state.timer':
      ensure  => if $timer { 'present' } else { 'absent' },
      content => file('ct0/checks/ct0-state.timer'),
    }
    if $timer {
      service { 'ct0-state.timer':
        ensure    => running,
        enable    => true,
        require   => File['/var/lib/ct0/checks'],
        subscribe => Ct0::Unit['ct0-state.service', 'ct0-state.timer'],
      }
    } else {
      service { 'ct0-state.timer':
        ensure => stopped,
        enable => false,
        before => Ct0::Unit['ct0-state.service', 'ct0-state.timer'],
      }
    }
  }

  # One that nobody writes any longer would be too old, and no plugin would ask sudo.
  unless $written {
    file { '/run/ct0/state.json':
      ensure => absent,
      backup => false,
    }
    -> exec { 'rmdir /run/ct0':
      command  => 'rmdir /run/ct0',
      onlyif   => 'test -d /run/ct0 && test -z "$(ls -A /run/ct0)"',
      provider => 'shell',
      require  => File['/etc/cron.d/ct0-state'],
    }
    if $ct0::checks::systemd {
      Service['ct0-state.timer'] -> File['/run/ct0/state.json']
    }
  }
}
