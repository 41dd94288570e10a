# @summary The shims on a container host: commands, hooks for init scripts, and diversions of absolute paths.
#
# Only on a host (`ct0`): elsewhere nothing is changed and a warning says so, and what an earlier run laid out stays.
# `ct0` includes this class when `shims` is among its features.
#
# @example Hiera: the hooks for all commands, and what calls pidof and killall by absolute path led to the shims too
#   ct0::shims::divert:
#     - pidof
#     - /usr/bin/killall
#
# @param ensure
#   `absent` undiverts and removes everything, to the byte.
#
# @param commands
#   The commands that get a shim.
#
# @param divert
#   The incumbents that the shims stand in for at their absolute paths, too: names (everywhere the command lies) or
#   paths. As a hash, each with `present` or `absent`; one that is left out of it is left as it is.
#
# @param settings
#   What `/etc/ct0/shims.conf` says; without any the file is not managed.
#
# @param python
#   The interpreter that runs the shims, Python 3.9 or later.
#
class ct0::shims (
  Enum['present', 'absent']                        $ensure   = getvar('ct0::ensure', 'present'),
  Array[Ct0::Command, 1]                           $commands = [
    'pidof', 'pgrep', 'pkill', 'killall', 'killall5', 'killproc', 'checkproc', 'pidofproc', 'startproc',
  ],
  Variant[
    Array[Ct0::Divertible],
    Hash[Ct0::Divertible, Enum['present', 'absent']]
  ]                                                $divert   = [],
  Optional[Ct0::Shims_settings]                    $settings = undef,
  Ct0::Path                                        $python   = getvar('ct0::python', '/usr/bin/python3'),
) {
  unless defined(Class['ct0']) {
    fail("ct0::shims: include ct0, with 'shims' among ct0::features, instead of this class")
  }

  $file = '/usr/lib/ct0/ct0-shims'

  if $ensure == 'absent' {
    # What was laid out takes itself back, whatever became of the programs; unless that is what somebody removed.
    exec { 'ct0 shims remove':
      command  => "if test -x ${file}; then ${file} remove; else ${ct0::bin}/ct0 shims remove; fi",
      provider => 'shell',
      onlyif   => 'test -e /usr/lib/ct0/shims.manifest',
    }
    -> file { '/etc/ct0/shims.conf':
      ensure => absent,
    }
  } elsif $ct0::host_role != 'ct0' {
    $reason = pick($facts.dig('ct0_host', 'reason'), 'the fact ct0_host says nothing')
    $host = pick($facts.dig('networking', 'fqdn'), $trusted['certname'], 'this host')
    warning("ct0::shims: nothing is done on ${host}: its role is ${ct0::host_role}, not ct0 (${reason})")
  } else {
    $all = ['checkproc', 'killall', 'killall5', 'killproc', 'pgrep', 'pidof', 'pidofproc', 'pkill', 'startproc']
    $only = $commands.unique.sort
    $with = $only ? {
      $all    => "--python ${python}",
      default => "--python ${python} --command ${only.join(' ')}",
    }

    if $settings {
      file { '/etc/ct0/shims.conf':
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0644',
        content => epp('ct0/shims.conf.epp', { 'settings' => $settings }),
        before  => Exec['ct0 shims install'],
      }
    }

    exec { 'ct0 shims install':
      command  => "${ct0::bin}/ct0 shims install ${with}",
      unless   => "test -x ${ct0::bin}/ct0 && ${ct0::bin}/ct0 shims check ${with}",
      provider => 'shell',
      umask    => '022',
    }

    $diverted = $divert ? {
      Hash    => $divert,
      default => Hash($divert.map |$incumbent| { [$incumbent, 'present'] }),
    }
    $diverted.each |$incumbent, $state| {
      ct0::divert { $incumbent:
        ensure => $state,
      }
    }
  }
}
