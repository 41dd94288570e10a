# @summary The audit as a report that is always there, for people, programs and NRPE; waivers from Hiera.
#
# `ct0` includes this class when `audit` is among its features. `/var/lib/ct0/audit` has `report.json`, `report.text`
# and `last-run`, the line of `check_ct0_audit`; a report is replaced whole, and one that could not be made leaves the
# old one. The unit `ct0-audit.service` ends with 0 when nothing as bad as `fail_on` was found, 1 when there was, 3 when
# something could not be read; all three are a success to systemd. With `checks` and NRPE, the command `ct0_audit`
# tells what the last run found, without any rights; it is UNKNOWN when two runs have failed.
#
# @example Hiera: a finding that may stay until the end of March
#   ct0::audit::waivers:
#     - rule: CT005
#       path: /etc/logrotate.d/apache2
#       until: '2027-03-31'
#       reason: a needless reload, which takes out nobody
#
# @param ensure
#   `absent` takes the timer, the reports, the waivers and what was remembered of files off.
#
# @param interval
#   How often the audit runs: `30min`, `6h`, `1d`.
#
# @param waivers
#   Findings that stay, until a day: `/etc/ct0/audit-waivers`. The day after, they are back.
#
# @param only
#   The kinds of files to look at, all of them unless given; docs/audit.md has their names.
#
# @param fail_on
#   What the unit's exit status 1 means: `kill`, `block` or `miscount`, and worse.
#
# @param critical_on
#   What is CRITICAL to Nagios, and worse.
#
# @param warning_on
#   What is a WARNING to Nagios, and worse.
#
# @param all
#   Whether the reports also have what is of low confidence, covered by a shim, or waived.
#
class ct0::audit (
  Enum['present', 'absent']                    $ensure      = getvar('ct0::ensure', 'present'),
  Ct0::Interval                                $interval    = '6h',
  Array[Ct0::Audit_waiver]                     $waivers     = [],
  Array[Pattern[/\A[a-z ]+\z/]]                $only        = [],
  Enum['kill', 'block', 'miscount']            $fail_on     = 'kill',
  Enum['kill', 'block', 'miscount', 'never']   $critical_on = 'kill',
  Enum['kill', 'block', 'miscount', 'never']   $warning_on  = 'miscount',
  Boolean                                      $all         = false,
) {
  unless defined(Class['ct0']) {
    fail("ct0::audit: include ct0, with 'audit' among ct0::features, instead of this class")
  }

  contain ct0::last_run

  $folder = '/var/lib/ct0/audit'
  $cache = '/var/cache/ct0/audit'
  $present = $ensure == 'present'
  $more = $all ? { true => ['--all'], default => [] }
  $options = $only.map |$kind| { "--only=${kind}" } + ["--fail-on=${fail_on}"] + $more

  file { '/etc/ct0/audit-waivers':
    ensure  => if $present and !empty($waivers) { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/audit-waivers.epp', { 'waivers' => $waivers }),
  }

  # It reads all of the host and writes two folders. READ_SEARCH and PTRACE: everybody's files and whose a process is;
  # OVERRIDE: OpenVZ's /proc/user_beancounters asks for it at open(), and nothing else may be written.
  ct0::scheduled { 'ct0-audit':
    ensure       => $ensure,
    description  => "Audit what on this host would reach containers' processes",
    folder       => $folder,
    interval     => $interval,
    command_name => 'ct0_audit',
    content      => epp('ct0/audit-run.epp', {
        'bin'            => $ct0::bin,
        'plugins'        => $ct0::plugins,
        'folder'         => $folder,
        'options'        => $options,
        'plugin_options' => ["--critical-on=${critical_on}", "--warning-on=${warning_on}", '--timeout=300'],
    }),
    settings     => [
      'SuccessExitStatus=1 3',
      'CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SYS_PTRACE CAP_DAC_OVERRIDE',
      'NoNewPrivileges=yes',
      'CacheDirectory=ct0/audit',
      'CacheDirectoryMode=0700',
      'ProtectSystem=strict',
      "ReadWritePaths=${folder}",
      'ProtectHome=read-only',
      'PrivateDevices=yes',
      'PrivateMounts=yes',
      'ProtectControlGroups=yes',
      'ProtectKernelModules=yes',
      'ProtectKernelTunables=yes',
      'RestrictAddressFamilies=AF_UNIX',
      'RestrictNamespaces=yes',
      'RestrictRealtime=yes',
      'LockPersonality=yes',
      'SystemCallArchitectures=native',
      'MemoryMax=1G',
    ],
  }

  if $present {
    File['/etc/ct0/audit-waivers'] -> Ct0::Scheduled['ct0-audit']
  } else {
    # What was judged before; the folder above it is another's, unless it is empty.
    exec { 'ct0 audit forget':
      command  => "rm -rf ${cache}; rmdir /var/cache/ct0 2>/dev/null || true",
      onlyif   => "test -d ${cache}",
      provider => 'shell',
      require  => Ct0::Scheduled['ct0-audit'],
    }
  }
}
