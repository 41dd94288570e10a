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

  # The parts depend on the core of their own release: apt finds the way from one release to another, older or newer, only
  # if it is the one to prefer for all of them.
  if $facts['os']['family'] == 'Debian' {
    $one_version = $ct0::ensure == 'present' and !($ct0::version in ['present', 'installed', 'latest'])
    $preference = $one_version ? {
      true    => 'file',
      default => 'absent',
    }
    file { '/etc/apt/preferences.d/ct0.pref':
      ensure  => $preference,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('ct0/apt.pref.epp', {
        'packages' => $ct0::packages.values.flatten.unique,
        'version'  => $ct0::version,
      }),
    }
    $preferred = File['/etc/apt/preferences.d/ct0.pref']
  } else {
    $preferred = undef
  }

  $packages = $order.map |$part| { pick($ct0::packages[$part], []) }.flatten.unique
  $packages.reduce($preferred) |$before, $package| {
    package { $package:
      ensure  => $ensure,
      require => $before,
    }
    Package[$package]
  }
}
