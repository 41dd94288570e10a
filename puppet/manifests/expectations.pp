# @summary The folder of what is expected of this host: a file from `ct0::verify`, one from `ct0::firewall`, anybody's.
# @api private
class ct0::expectations {
  assert_private()

  $folder = '/etc/ct0/expectations.d'

  if $ct0::ensure == 'present' {
    file { $folder:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }
  } else {
    exec { "ct0 rmdir ${folder}":
      command  => "rmdir ${folder}",
      onlyif   => "test -d ${folder} && test -z \"$(ls -A ${folder})\"",
      provider => 'shell',
    }
  }
}
