# @summary The distribution's packages of the parts that are wanted.
# @api private
class ct0::install::package {
  assert_private()

  # A part's packages come after the core's, and go before them.
  $parts = ['core', 'shims', 'checks', 'exporter', 'audit', 'verify']

  if $ct0::ensure == 'present' {
    $ensure = $ct0::version
    $order = $parts.filter |$part| { $part == 'core' or $part in $ct0::features }
  } else {
    $ensure = $ct0::removed
    $order = $parts.reverse_each.map |$part| { $part }
  }

  $packages = $order.map |$part| { pick($ct0::packages[$part], []) }.flatten.unique
  $packages.reduce(undef) |$before, $package| {
    package { $package:
      ensure  => $ensure,
      require => $before,
    }
    Package[$package]
  }
}
