# @summary Expectations of this host and its containers, or of many hosts, judged again and again.
#
# `ct0` includes this class when `verify` is among its features. What is expected goes to
# `/etc/ct0/expectations.d/puppet.yaml`; all files there are judged together, the firewall's of `ct0::firewall` and
# those that people put there too. `/var/lib/ct0/verify` has `results.jsonl`, and `last-run` with Nagios' line, which
# NRPE's command `ct0_verify` tells where `checks` and NRPE are on. `ct0-verify.service` ends as `ct0 verify` does: 0 well,
# 1 warnings, 2 critical, 3 not everything could be judged, which alone is a failure to systemd.
#
# @example Hiera: this host and its containers, every quarter of an hour, for node_exporter too
#   ct0::verify::interval: 15min
#   ct0::verify::prometheus: /var/lib/prometheus/node-exporter/ct0-verify.prom
#   ct0::verify::expectations:
#     services:
#       - id: cron
#         name: cron
#         enabled: true
#     state:
#       - id: shop-runs
#         for: {ct: shop}
#         is: running
#
# @param ensure
#   `absent` takes the timer, the results, the expectations and the waivers off.
#
# @param expectations
#   What is expected: a list for each suite, as an expectations file has it (docs/suites.md). `ct0 verify check` must
#   find it right before it takes the old file's place.
#
# @param waivers
#   Failures that somebody answers for until a day: `/etc/ct0/waivers.yaml`.
#
# @param inventory
#   Nodes to judge, as an inventory file has them: `/etc/ct0/inventory.yaml`.
#
# @param targets
#   What to judge, as URLs. Unless it or `inventory` is given: this machine, and on a container host its containers.
#
# @param timer
#   Whether it runs by itself.
#
# @param interval
#   How often: `15min`, `6h`, `1d`.
#
# @param timeout
#   How many seconds a run may take.
#
# @param jobs
#   How many nodes are judged at a time.
#
# @param prometheus
#   A file for node_exporter's textfile collector; it ends in `.prom`.
#
# @param html
#   A page for people.
#
# @param junit
#   JUnit's XML.
#
# @param check
#   Whether files are checked before use. That takes `ct0 verify` on this host.
#
class ct0::verify (
  Enum['present', 'absent']               $ensure       = getvar('ct0::ensure', 'present'),
  Ct0::Expectations                       $expectations = {},
  Array[Ct0::Verify_waiver]               $waivers      = [],
  Array[Variant[Ct0::Line, Hash]]         $inventory    = [],
  Array[Ct0::Verify_target]               $targets      = [],
  Boolean                                 $timer        = true,
  Ct0::Interval                           $interval     = '30min',
  Integer[10, 86400]                      $timeout      = 900,
  Integer[1, 500]                         $jobs         = 8,
  Optional[Pattern[/\A\/[\w.\/+-]+\.prom\z/]] $prometheus = undef,
  Optional[Ct0::Path]                     $html         = undef,
  Optional[Ct0::Path]                     $junit        = undef,
  Boolean                                 $check        = true,
) {
  unless defined(Class['ct0']) {
    fail("ct0::verify: include ct0, with 'verify' among ct0::features, instead of this class")
  }

  # Not of what uses them: a rule that the firewall refuses shall not keep the suites from their files.
  contain ct0::expectations
  contain ct0::last_run

  $folder = '/var/lib/ct0/verify'
  $present = $ensure == 'present'
  $scheduled = $present and $timer
  $own = $ct0::host_role ? {
    'ct0'   => 'ct://',
    default => 'local://',
  }
  $judged = if empty($targets) and empty($inventory) { [$own] } else { $targets }
  $reports = { '--prometheus' => $prometheus, '--html' => $html, '--junit' => $junit }
  $documents = {
    'waivers'   => $waivers,
    'inventory' => $inventory,
  }
  $keys = { 'waivers' => 'waivers', 'inventory' => 'nodes' }

  ct0::expected { 'puppet':
    ensure       => $ensure,
    expectations => $expectations,
    check        => $check,
  }

  $documents.each |$name, $entries| {
    $there = $present and !empty($entries)
    file { "/etc/ct0/${name}.yaml":
      ensure       => if $there { 'file' } else { 'absent' },
      owner        => 'root',
      group        => 'root',
      mode         => '0600',
      content      => if $there {
        "# Managed by Puppet, class ct0::verify.\n${ct0::to_yaml({ 'version' => 1, $keys[$name] => $entries })}"
      } else {
        undef
      },
      validate_cmd => if $there and $check { "${ct0::bin}/ct0 verify check --${name} %" } else { undef },
    }
  }

  $given = $documents.filter |$name, $entries| { !empty($entries) }.map |$name, $entries| {
    "--${name}=/etc/ct0/${name}.yaml"
  }
  $written = $reports.filter |$option, $path| { $path =~ NotUndef }.map |$option, $path| { "${option}=${path}" }

  # It enters containers and reads what there is of firewalls: nearly all of root's powers are needed for that.
  ct0::scheduled { 'ct0-verify':
    ensure       => if $scheduled { 'present' } else { 'absent' },
    description  => 'Judge this host and its containers by what is expected of them',
    folder       => $folder,
    interval     => $interval,
    timeout      => $timeout,
    command_name => 'ct0_verify',
    content      => epp('ct0/verify-run.epp', {
        'bin'          => $ct0::bin,
        'folder'       => $folder,
        'expectations' => '/etc/ct0/expectations.d',
        'options'      => $given + $written + ["--jobs=${jobs}"],
        'targets'      => $judged,
    }),
    settings     => [
      'SuccessExitStatus=1 2',
      'ProtectClock=yes',
      'ProtectHostname=yes',
      'RestrictRealtime=yes',
      'LockPersonality=yes',
      'MemoryMax=1G',
    ],
  }

  if $present {
    Ct0::Expected['puppet'] -> Ct0::Scheduled['ct0-verify']
    File['/etc/ct0/waivers.yaml', '/etc/ct0/inventory.yaml'] -> Ct0::Scheduled['ct0-verify']
  } else {
    Ct0::Scheduled['ct0-verify'] -> Ct0::Expected['puppet']
    # Reports that were written elsewhere are nobody's now.
    $reports.filter |$option, $path| { $path =~ NotUndef }.each |$option, $path| {
      file { $path:
        ensure  => absent,
        require => Ct0::Scheduled['ct0-verify'],
      }
    }
  }
}
