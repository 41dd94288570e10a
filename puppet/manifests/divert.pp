# @summary A shim at an incumbent's absolute path: for callers that neither PATH nor a hook leads to the shims.
#
# The path is never without a file, and the real command comes back with `absent`. `ct0::shims::divert` declares these
# for a list; it needs `ct0` with the shims.
#
# @example pidof, wherever it lies on the host
#   include ct0
#   ct0::divert { 'pidof': }
#
# @example One path only, no longer
#   ct0::divert { '/usr/bin/killall':
#     ensure => absent,
#   }
#
# @param ensure
#   Whether the shim stands there, or the real command.
#
# @param incumbent
#   The command's name, for every place it lies in, or one absolute path.
#
define ct0::divert (
  Enum['present', 'absent'] $ensure    = 'present',
  Ct0::Divertible           $incumbent = $title,
) {
  $file = '/usr/lib/ct0/ct0-shims'

  if $ensure == 'present' {
    unless defined(Class['ct0::shims']) {
      fail("ct0::divert ${title}: needs ct0 with 'shims' among ct0::features")
    }
    # Elsewhere than on CT0, and where ct0 is taken off, there are no shims; ct0::shims says so.
    if defined(Exec['ct0 shims install']) {
      exec { "ct0 divert ${incumbent}":
        command  => "${file} divert ${incumbent}",
        unless   => "test -x ${file} && ${file} divert --check ${incumbent}",
        provider => 'shell',
        require  => Exec['ct0 shims install'],
      }
    }
  } else {
    exec { "ct0 undivert ${incumbent}":
      command  => "${file} undivert ${incumbent}",
      onlyif   => "test -x ${file} && ! ${file} undivert --check ${incumbent}",
      provider => 'shell',
    }
  }
}
