# @summary ct0's programs and the folders that its parts share.
# @api private
class ct0::install {
  assert_private()

  # What is looked for beside `ct0` itself; the names of a release's console scripts.
  $programs = {
    'checks' => [
      'check_procs', 'check_ct_state', 'check_ct_resources', 'check_ct_pressure', 'check_ct_disk', 'check_ct_load',
      'check_ct_network', 'check_ct0_health',
    ],
    'audit'  => ['check_ct0_audit'],
  }
  $folders = ['/usr/lib/ct0', $ct0::plugins, '/etc/ct0', '/var/lib/ct0']

  if $ct0::ensure == 'present' {
    file { $folders:
      ensure => directory,
      owner  => 'root',
      group  => 'root',
      mode   => '0755',
    }

    case $ct0::install_method {
      'package': {
        contain ct0::install::package
        # What pip or a zipapp brought before would be found first, in /usr/local/bin.
        contain ct0::install::unlinked
        Class['ct0::install::package'] -> Class['ct0::install::unlinked']
      }
      'pip': {
        contain ct0::install::pip
      }
      'zipapp': {
        contain ct0::install::zipapp
      }
      default: {
        contain ct0::install::none
      }
    }
  } else {
    case $ct0::install_method {
      'package': {
        contain ct0::install::package
        $taken = Class['ct0::install::package']
      }
      'pip', 'zipapp': {
        contain ct0::install::unlinked
        $taken = Class['ct0::install::unlinked']
      }
      default: {
        $taken = undef
      }
    }
    # What somebody else keeps there stays, and the folder with it.
    $folders.reverse_each.reduce($taken) |$before, $folder| {
      exec { "ct0 rmdir ${folder}":
        command  => "rmdir ${folder}",
        onlyif   => "test -d ${folder} && test -z \"$(ls -A ${folder})\"",
        provider => 'shell',
        require  => $before,
      }
      Exec["ct0 rmdir ${folder}"]
    }
  }
}
