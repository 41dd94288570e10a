service { 'foo':
  ensure    => running,
  hasstatus => false,
  pattern   => '/usr/sbin/foo -d',
}
exec { 'reload foo':
  command => 'kill -HUP $(pidof foo)',
}
