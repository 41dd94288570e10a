file { '/etc/managed':
  ensure  => file,
  content => "by Puppet\n",
}

service { 'cron':
  ensure => running,
  enable => true,
}
