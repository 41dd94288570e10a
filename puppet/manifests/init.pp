# @summary Have ct0 on a host: its shims, exporter, checks, audit and suites, or take all of it off again.
#
# Every parameter of this class, and of the classes of the features, is meant to be set in Hiera; this class is the
# only one to include.
#
# @example The shims on a container host, from packages
#   include ct0
#
# @example More of it, without a package
#   class { 'ct0':
#     features       => ['shims', 'exporter', 'checks', 'audit'],
#     install_method => 'pip',
#     version        => '0.1.0',
#     wheelhouse     => '/srv/wheels',
#   }
#
# @example All of it off again
#   class { 'ct0':
#     ensure => absent,
#   }
#
# @param ensure
#   `absent` takes back all that this module did, the features first; what else lies in ct0's folders stays.
#
# @param features
#   The parts of ct0 that this host has. One that is taken off the list is left as it is; to have it taken back, leave
#   it on the list and set `ct0::FEATURE::ensure: absent`.
#
# @param install_method
#   Where the programs come from: the distribution's package manager (`package`), a virtual environment (`pip`), a
#   single file (`zipapp`; no exporter, audit or verify), or somebody else (`none`; they must be in /usr/bin).
#   `ensure => absent` takes back what this method brought.
#
# @param version
#   With packages what their `ensure` takes: `present`, `latest`, or a version. With pip and zipapp the release, such
#   as `0.1.0`; the one set before stays on the host, and setting it again only switches back.
#
# @param packages
#   The packages of each part, where they are named otherwise than ct0's own.
#
# @param removed
#   The `ensure` of packages that are taken off: `purged` where packages leave settings behind (Debian), else `absent`.
#
# @param python
#   The interpreter that runs the shims and, with pip and zipapp, all programs: Python 3.9 or later.
#
# @param prefix
#   Where pip and zipapp put releases, each in a folder of its own, and the link `current`.
#
# @param keep
#   How many releases stay below `prefix`, the one in use among them.
#
# @param wheelhouse
#   pip: a folder on the node that holds the wheels; then no index is asked.
#
# @param index_url
#   pip: the index to ask instead of the one in pip's own configuration.
#
# @param zipapp_source
#   zipapp: where `ct0.pyz` comes from; required then.
#
# @param zipapp_checksum
#   zipapp: its SHA-256; a file with another is not installed.
#
# @param role
#   What this machine is. The shims are laid out on a container host only; `auto` believes the fact `ct0_host`.
#
class ct0 (
  Enum['present', 'absent']              $ensure          = 'present',
  Array[Ct0::Feature]                    $features        = ['shims'],
  Ct0::Install_method                    $install_method  = 'package',
  String[1]                              $version         = 'present',
  Hash[String[1], Array[String[1]]]      $packages        = {
    'core'     => ['ct0'],
    'shims'    => ['ct0-shims'],
    'checks'   => ['ct0-checks'],
    'exporter' => ['ct0-exporter'],
    'audit'    => ['ct0-audit'],
    'verify'   => ['ct0-suites'],
  },
  Enum['absent', 'purged']               $removed         = 'absent',
  Ct0::Path                              $python          = '/usr/bin/python3',
  Ct0::Path                              $prefix          = '/opt/ct0',
  Integer[1]                             $keep            = 2,
  Optional[Ct0::Path]                    $wheelhouse      = undef,
  Optional[Stdlib::HTTPUrl]              $index_url       = undef,
  Optional[Stdlib::Filesource]           $zipapp_source   = undef,
  Optional[Ct0::Sha256]                  $zipapp_checksum = undef,
  Ct0::Role                              $role            = 'auto',
) {
  # What the other classes read of this one.
  $plugins = '/usr/lib/ct0/plugins'
  $bin = $install_method ? {
    'pip'    => "${prefix}/current/bin",
    'zipapp' => "${prefix}/current/bin",
    default  => '/usr/bin',
  }
  $host_role = $role ? {
    'auto'  => pick($facts.dig('ct0_host', 'role'), 'unknown'),
    default => $role,
  }

  contain ct0::install

  if $ensure == 'present' {
    # A feature that another one writes into comes after it: expectations after what reads them, checks' commands last.
    $order = ['shims', 'exporter', 'verify', 'firewall', 'checks', 'audit', 'service_guard']
    $order.each |$feature| {
      if $feature in $features {
        contain "ct0::${feature}"
        Class['ct0::install'] -> Class["ct0::${feature}"]
      }
    }
  } else {
    ['service_guard', 'audit', 'checks', 'firewall', 'verify', 'exporter', 'shims'].each |$feature| {
      contain "ct0::${feature}"
      Class["ct0::${feature}"] -> Class['ct0::install']
    }
  }
}
