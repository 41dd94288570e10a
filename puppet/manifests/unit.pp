# @summary A unit of systemd's in /etc, its drop-ins, and systemd told of a change.
#
# An administrator's own drop-ins stay, and with them the unit's drop-in folder.
#
# @api private
#
# @param ensure
#   Whether unit and drop-ins are there.
#
# @param content
#   The unit's text.
#
# @param dropins
#   The text of each drop-in, by its file's name; undef takes that one away.
#
define ct0::unit (
  Enum['present', 'absent']                                    $ensure  = 'present',
  Optional[String[1]]                                          $content = undef,
  Hash[Pattern[/\A[a-z0-9-]+\.conf\z/], Optional[String[1]]]   $dropins = {},
) {
  $unit = "/etc/systemd/system/${title}"
  $folder = "${unit}.d"
  $wanted = $ensure ? {
    'present' => $dropins.filter |$name, $text| { $text =~ NotUndef },
    default   => {},
  }
  $there = $ensure ? { 'present' => 'file', default => 'absent' }

  # What was there before may run until it is stopped: systemd is told once all is in its place.
  exec { "systemctl daemon-reload for ${title}":
    command     => 'systemctl daemon-reload',
    provider    => 'shell',
    refreshonly => true,
  }

  file { $unit:
    ensure  => $there,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => $content,
    notify  => Exec["systemctl daemon-reload for ${title}"],
  }

  if empty($wanted) {
    exec { "rmdir ${folder}":
      command  => "rmdir ${folder}",
      onlyif   => "test -d ${folder} && test -z \"$(ls -A ${folder})\"",
      provider => 'shell',
    }
  } else {
    file { $folder:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }
  }

  $dropins.each |$name, $text| {
    $kept = $name in $wanted
    file { "${folder}/${name}":
      ensure  => if $kept { 'file' } else { 'absent' },
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => if $kept { $text } else { undef },
      notify  => Exec["systemctl daemon-reload for ${title}"],
    }
    if empty($wanted) {
      File["${folder}/${name}"] -> Exec["rmdir ${folder}"]
    }
  }
}
