# @summary Take back what pip or a zipapp brought: links first, then the releases they lead to.
# @api private
class ct0::install::unlinked {
  assert_private()

  $bin = "${ct0::prefix}/current/bin"
  $reader = '/usr/lib/ct0/ct0-read'
  $links = "find /usr/local/bin /usr/lib/ct0 -maxdepth 2 -type l -lname '${bin}/*'"
  # Folders that are a release: a virtual environment or a zipapp. Others were not made here.
  $is_release = "\\( -exec test -e {}/pyvenv.cfg \\; -o -exec test -e {}/ct0.pyz \\; \\)"
  $releases = "find ${ct0::prefix} -mindepth 1 -maxdepth 1 -type d -name '[0-9]*' ${is_release} -print"

  exec { 'ct0 removes its links':
    command  => "${links} | xargs rm -f",
    onlyif   => "${links} | grep -q .",
    provider => 'shell',
  }
  -> exec { 'ct0 removes its reader':
    command  => "rm ${reader}",
    onlyif   => "head -n 1 ${reader} | grep -qF '#!${bin}/'",
    provider => 'shell',
  }
  -> exec { 'ct0 removes the link current':
    command  => "rm -f ${ct0::prefix}/current ${ct0::prefix}/.current",
    onlyif   => "test -L ${ct0::prefix}/current -o -L ${ct0::prefix}/.current",
    provider => 'shell',
  }
  -> exec { 'ct0 removes its releases':
    command  => "${releases} | xargs rm -rf",
    onlyif   => "${releases} | grep -q .",
    provider => 'shell',
  }
  -> exec { "ct0 rmdir ${ct0::prefix}":
    command  => "rmdir ${ct0::prefix}",
    onlyif   => "test -d ${ct0::prefix} && test -z \"$(ls -A ${ct0::prefix})\"",
    provider => 'shell',
  }
}
