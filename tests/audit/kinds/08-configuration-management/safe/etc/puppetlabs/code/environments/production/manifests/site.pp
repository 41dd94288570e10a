service { 'foo':
  ensure    => running,
  hasstatus => true,
  pattern   => 'foo',
}
service { 'bar': hasstatus => false, status => '/usr/bin/systemctl is-active bar' }
