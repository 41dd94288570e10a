# @summary The packet filter from Hiera: loaded, kept for the next boot, and expected by `ct0 verify` in the same words.
#
# `ct0` includes this class when `firewall` is among its features. Rules, policies and sets are written as the suite
# firewall of `ct0 verify` takes them (docs/suites.md), and are what it finds: whoever changes them by hand is told of by
# the next run of `ct0 verify`, and corrected by the next of Puppet.
#
# Of nft, the tables that are named here are replaced by one transaction; of iptables, the chains. All else stays: tables
# and chains of Docker, libvirt, fail2ban and others, their rules in chains of ours, Virtuozzo's counters. Nothing is
# flushed. A rule that is wrong changes nothing: neither what is in force, nor what the next boot loads. `absent` brings
# back the rules and the file that were there before.
#
# On OpenVZ and Virtuozzo a rule with `ct state`, `conntrack` or NAT switches connection tracking on for the node.
#
# @example Hiera: nft; ssh from anywhere, what is answered, the containers' own traffic
#   ct0::firewall::policy:
#     inet filter input: drop
#   ct0::firewall::rules:
#     - inet filter input iif lo accept
#     - inet filter input ct state established,related accept
#     - inet filter input tcp dport 22 accept
#
# @example Hiera: the same with iptables
#   ct0::firewall::framework: iptables
#   ct0::firewall::policy:
#     INPUT: DROP
#   ct0::firewall::rules:
#     - -A INPUT -i lo -j ACCEPT
#     - -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
#     - -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT
#
# @param services
#   For each of nft, ipv4 and ipv6 the service that loads `boot`'s file when the host boots.
#
# @param boot
#   For each of nft, ipv4 and ipv6 the file of the distribution's that is loaded when the host boots.
#
# @param packages
#   For each framework the packages that bring its programs and services.
#
# @param ensure
#   `absent` brings back what was there before.
#
# @param framework
#   Whose rules these are.
#
# @param family
#   With iptables: of IPv4, of IPv6, or the same for both. nft's name their own.
#
# @param policy
#   What becomes of packets that no rule takes, by chain: `INPUT: DROP`, `inet filter input: drop`.
#
# @param rules
#   The rules, in their order: all there are in the chains that they and `policy` name.
#
# @param chains
#   Chains that have no rules.
#
# @param sets
#   nft's named sets and their elements: addresses and networks, or ports.
#
# @param hooks
#   Where nft's chains are hooked in whose names do not say so; those called input, forward, output, prerouting and
#   postrouting are hooked in there, as nat in a table of that name and as filter elsewhere.
#
# @param foreign
#   More that others manage, as shell patterns: of chains (`MY-*`), of rules (`-A FORWARD -i tun0 *`), and, for `ct0 verify`
#   alone, of nft's tables (`inet mine`).
#
# @param probe
#   A command for a shell. Right after loading it must end with 0 within 60 seconds: else the rules before are loaded
#   again, and the run fails.
#
# @param conntrack
#   Whether `ct0 verify` expects that connections are tracked, or that none are; it is not asked unless given.
#
# @param expectation
#   More keys of the expectation, or others than those that are made here: `severity: warning`, `saved: false`.
#
# @param manage_packages
#   Whether the packages are installed. They stay when the firewall is taken off.
#
# @param check
#   Whether the expectation is checked before use. That takes `ct0 verify` on this host.
#
class ct0::firewall (
  Hash[Enum['nft', 'ipv4', 'ipv6'], Pattern[/\A[\w@.-]+\z/]] $services,
  Hash[Enum['nft', 'ipv4', 'ipv6'], Ct0::Path]               $boot,
  Hash[Enum['nft', 'iptables'], Array[String[1]]]            $packages,
  Enum['present', 'absent']                                  $ensure          = getvar('ct0::ensure', 'present'),
  Enum['nft', 'iptables', 'none']                            $framework       = 'nft',
  Variant[Enum['ipv4', 'ipv6'], Array[Enum['ipv4', 'ipv6'], 1]] $family       = 'ipv4',
  Ct0::Firewall_policy                                       $policy          = {},
  Array[Ct0::Firewall_rule]                                  $rules           = [],
  Array[Ct0::Firewall_chain]                                 $chains          = [],
  Ct0::Firewall_sets                                         $sets            = {},
  Hash[Ct0::Firewall_chain, Ct0::Firewall_hook]              $hooks           = {},
  Array[Ct0::Line]                                           $foreign         = [],
  Optional[Ct0::Line]                                        $probe           = undef,
  Optional[Boolean]                                          $conntrack       = undef,
  Hash[Pattern[/\A[a-z_]+\z/], NotUndef]                     $expectation     = {},
  Boolean                                                    $manage_packages = true,
  Boolean                                                    $check           = 'verify' in getvar('ct0::features', []),
) {
  unless defined(Class['ct0']) {
    fail("ct0::firewall: include ct0, with 'firewall' among ct0::features, instead of this class")
  }

  contain ct0::expectations

  $present = $ensure == 'present'
  $loader = '/usr/lib/ct0/ct0-firewall'
  $folder = '/etc/ct0/firewall'
  $wanted = $present ? {
    true    => $framework ? {
      'nft'      => ['nft'],
      'iptables' => [$family].flatten.unique,
      default    => [],
    },
    default => [],
  }

  if $wanted =~ Array[String, 1] {
    $named = $rules + $policy.keys + $chains + $sets.keys + $hooks.keys
    # A rule or chain of nft's begins with its family; the longest of iptables' chains has two words.
    $others = $named.filter |$each| {
      ($each =~ /\A(ip|ip6|inet|arp|bridge|netdev) \w+ \w+/) != ($framework == 'nft')
    }
    unless empty($others) {
      fail("ct0::firewall: framework is ${framework}, and these are the other's: ${others.join('; ')}")
    }
    if empty($named) {
      fail('ct0::firewall: there is neither a policy nor a rule: give some, or framework none')
    }
    include ct0::firewall::ruleset
    $content = $ct0::firewall::ruleset::content
  }

  file { $loader:
    ensure => if $ct0::ensure == 'present' { 'file' } else { 'absent' },
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/ct0/ct0-firewall',
  }

  if $present and $framework != 'none' {
    if $manage_packages {
      $packages[$framework].each |$package| {
        unless defined(Package[$package]) {
          package { $package:
            ensure => installed,
          }
        }
        Package[$package] -> File[$loader]
      }
    }
    file { $folder:
      ensure  => directory,
      owner   => 'root',
      group   => 'root',
      mode    => '0700',
      recurse => true,
      purge   => true,
      force   => true,
    }
    file { "${folder}/foreign":
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0600',
      content => ($foreign + ['']).join("\n"),
    }
    if $probe {
      file { "${folder}/probe":
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0600',
        content => "${probe}\n",
      }
    }
  } else {
    file { $folder:
      ensure => absent,
      force  => true,
      backup => false,
    }
  }

  # What another framework or family had is given back first.
  ['nft', 'ipv4', 'ipv6'].each |$kind| {
    $service = $services[$kind]
    unless $kind in $wanted {
      exec { "ct0 firewall remove ${kind}":
        command  => "${loader} remove ${kind} ${boot[$kind]} ${service}",
        onlyif   => "test -x ${loader} && test -d /var/lib/ct0/firewall/${kind}",
        provider => 'shell',
      }
      if $present {
        File[$loader] -> Exec["ct0 firewall remove ${kind}"]
        $wanted.each |$other| { Exec["ct0 firewall remove ${kind}"] -> Exec["ct0 firewall apply ${other}"] }
      } else {
        Exec["ct0 firewall remove ${kind}"] -> File[$loader, $folder]
      }
    }
  }

  $wanted.each |$kind| {
    file { "${folder}/${kind}":
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0600',
      content      => $content,
      validate_cmd => "${loader} test ${kind} %",
      require      => File[$loader, "${folder}/foreign"],
    }
    -> exec { "ct0 firewall apply ${kind}":
      command  => "${loader} apply ${kind} ${boot[$kind]} ${services[$kind]}",
      unless   => "test -x ${loader} && ${loader} check ${kind} ${boot[$kind]}",
      provider => 'shell',
      timeout  => 120,
    }
    if $probe {
      File["${folder}/probe"] -> Exec["ct0 firewall apply ${kind}"]
    }
  }

  # Only for the next boot: starting such a service loads its file over everything, and stopping it may flush all.
  $booted = $services.filter |$kind, $service| { $kind in $wanted }.values.unique
  if 'ct0-firewall' in $services.values {
    $commands = $wanted.map |$kind| {
      $kind ? {
        'nft'   => "/usr/sbin/nft -f ${boot[$kind]}",
        'ipv4'  => "/usr/sbin/iptables-restore ${boot[$kind]}",
        default => "/usr/sbin/ip6tables-restore ${boot[$kind]}",
      }
    }
    ct0::unit { 'ct0-firewall.service':
      ensure  => if empty($wanted) { 'absent' } else { 'present' },
      content => epp('ct0/ct0-firewall.service.epp', { 'commands' => $commands }),
    }
    $booted.each |$service| { Ct0::Unit['ct0-firewall.service'] -> Service[$service] }
    if empty($wanted) {
      ['nft', 'ipv4', 'ipv6'].each |$kind| { Exec["ct0 firewall remove ${kind}"] -> Ct0::Unit['ct0-firewall.service'] }
    }
  }
  $booted.each |$service| {
    service { $service:
      enable => true,
    }
    $wanted.each |$kind| { Exec["ct0 firewall apply ${kind}"] -> Service[$service] }
  }

  # Whatever is called so: the short name and the whole.
  $node = [$facts.dig('networking', 'hostname'), $facts.dig('networking', 'fqdn')].filter |$each| { $each =~ String[1] }.unique
  $common = {
    'id'        => 'puppet-firewall',
    'for'       => { 'kind' => ['ct0', 'host'], 'node' => $node },
    'why'       => 'ct0::firewall of Puppet loads these',
    'framework' => $framework,
    'mode'      => 'exact',
    'policy'    => $policy,
    'rules'     => $rules,
    'chains'    => $chains,
    'foreign'   => $foreign,
    'saved'     => true,
  }
  $own = $framework ? {
    'nft'   => { 'sets' => $sets, 'chains' => getvar('ct0::firewall::ruleset::tables', {}).keys.map |$table| { "${table} *" } },
    default => { 'family' => $family },
  }
  $asked = $conntrack ? {
    undef   => {},
    default => { 'conntrack' => $conntrack },
  }
  $whole = ($common + $own + $asked + $expectation).filter |$key, $value| { $value !~ Collection[0, 0] }
  ct0::expected { 'puppet-firewall':
    ensure       => if empty($wanted) { 'absent' } else { 'present' },
    expectations => if empty($wanted) { {} } else { { 'firewall' => [$whole] } },
    check        => $check,
  }
  $wanted.each |$kind| { Exec["ct0 firewall apply ${kind}"] -> Ct0::Expected['puppet-firewall'] }
}
