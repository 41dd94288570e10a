# @summary Switch to the release that is wanted, lead its commands to where they are looked for, keep a few before it.
# @api private
class ct0::install::current {
  assert_private()

  $current = "${ct0::prefix}/current"

  # A link renamed into place: whoever starts a command meanwhile gets the old release or the new.
  exec { "ct0 ${ct0::version} is current":
    command  => "ln -sfn ${ct0::version} ${ct0::prefix}/.current && mv -Tf ${ct0::prefix}/.current ${current}",
    unless   => "test \"$(readlink ${current})\" = ${ct0::version}",
    provider => 'shell',
  }

  $commands = 'exporter' in $ct0::features ? {
    true    => ['ct0', 'ct0-exporter'],
    default => ['ct0'],
  }
  $commands.each |$command| {
    file { "/usr/local/bin/${command}":
      ensure  => link,
      target  => "${current}/bin/${command}",
      require => Exec["ct0 ${ct0::version} is current"],
    }
  }

  $plugins = ['checks', 'audit'].filter |$feature| { $feature in $ct0::features }.map |$feature| {
    $ct0::install::programs[$feature]
  }.flatten
  $plugins.each |$plugin| {
    file { "${ct0::plugins}/${plugin}":
      ensure  => link,
      target  => "${current}/bin/${plugin}",
      require => Exec["ct0 ${ct0::version} is current"],
    }
  }

  if 'checks' in $ct0::features {
    # sudo runs this as root: of the environment and of users' packages it must see nothing (-I).
    $reader = $ct0::install_method ? {
      'zipapp' => { 'ensure' => 'link', 'target' => "${current}/bin/ct0-read" },
      default  => {
        'ensure'  => 'file',
        'owner'   => 'root',
        'group'   => 'root',
        'mode'    => '0755',
        'content' => epp('ct0/ct0-read.epp', { 'python' => "${current}/bin/python3" }),
      },
    }
    file { '/usr/lib/ct0/ct0-read':
      *       => $reader,
      require => Exec["ct0 ${ct0::version} is current"],
    }
  }

  # Beside this one the newest stay, by when they were made; what was never finished goes.
  $others = "-mindepth 1 -maxdepth 1 -type d -name '[0-9]*' ! -name ${ct0::version}"
  $begun = "\\( -exec test -e {}/pyvenv.cfg \\; -o -exec test -e {}/ct0.pyz \\; \\) ! -exec test -e {}/.complete \\;"
  $whole = "-mindepth 2 -maxdepth 2 -name .complete ! -path '${ct0::prefix}/${ct0::version}/*' -printf '%T@ %h\\n'"
  $newest_first = "find ${ct0::prefix} ${whole} | sort -rn | cut -d ' ' -f 2-"
  $old = "(find ${ct0::prefix} ${others} ${begun} -print; ${newest_first} | tail -n +${ct0::keep})"
  exec { 'ct0 removes old releases':
    command  => "${old} | xargs rm -rf",
    onlyif   => "${old} | grep -q .",
    provider => 'shell',
    require  => Exec["ct0 ${ct0::version} is current"],
  }
}
