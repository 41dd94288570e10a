# @summary The Prometheus exporter: a hardened service or socket of systemd's, with TLS and passwords; or a file.
#
# `ct0` includes this class when `exporter` is among its features. Without systemd there is `textfile` alone.
#
# @example Hiera: on every address, over TLS, with a password
#   ct0::exporter::listen: [':9955']
#   ct0::exporter::tls:
#     cert_file: /etc/ssl/certs/node1.crt
#     key_file: /etc/ssl/private/node1.key
#   ct0::exporter::users:
#     prometheus: '$2y$10$X0h1gDsPszWURQaxFh.zoubFi6DXncSjhoQNJgRrnGs7EsimhC7zG'
#
# @example Hiera: no server; node_exporter has the metrics from a file
#   ct0::exporter::textfile: true
#
# @param ensure
#   `absent` stops and removes the units, and the files that this class laid out.
#
# @param listen
#   Where it listens. None: port 9955 of the loopback, of both families.
#
# @param socket_activation
#   Whether systemd listens: the first scrape starts the exporter, and none is refused while it restarts.
#
# @param collectors
#   Collectors to turn on (`true`) and off (`false`); the others are as the exporter has them.
#
# @param options
#   More options of the exporter's, such as `--ct.exclude=test-.*`. A backslash is not among what they may hold: `[.]`
#   is a dot.
#
# @param tls
#   Certificate and key, as paths on the node or as texts, and whom to ask for a certificate. `ct0::exporter` must come
#   after the resources that make the files. A file or text that changes counts at once, without a restart.
#
# @param users
#   Users and the bcrypt hashes of their passwords; none: everybody who may connect. A change counts at once.
#
# @param textfile
#   Whether a timer writes the metrics to a file of node_exporter's instead of a server that listens.
#
# @param textfile_directory
#   The folder that node_exporter reads; it must be there.
#
# @param textfile_interval
#   Minutes between two writes.
#
# @param export
#   Whether Prometheus' server is told, by an exported `ct0::scrape_job` that `ct0::server` collects.
#
# @param export_target
#   What the server asks; default: this host's full name, and the port of the first address.
#
# @param export_job
#   The job this target belongs to.
#
# @param export_labels
#   Labels of this target.
#
# @param export_tag
#   Which servers collect it: those with this tag.
#
# @param options_file
#   Where the service finds its options.
#
class ct0::exporter (
  Enum['present', 'absent']                                $ensure             = getvar('ct0::ensure', 'present'),
  Array[Ct0::Listen]                                       $listen             = [],
  Boolean                                                  $socket_activation  = false,
  Hash[Pattern[/\A[a-z][a-z0-9_]*\z/], Boolean]            $collectors         = {},
  Array[Ct0::Exporter_option]                              $options            = [],
  Optional[Variant[Ct0::Web_tls, Sensitive[Ct0::Web_tls]]] $tls                = undef,
  Variant[Ct0::Web_users, Sensitive[Ct0::Web_users]]       $users              = {},
  Boolean                                                  $textfile           = false,
  Ct0::Path                                                $textfile_directory = '/var/lib/prometheus/node-exporter',
  Integer[1, 59]                                           $textfile_interval  = 1,
  Boolean                                                  $export             = false,
  Optional[Ct0::Target]                                    $export_target      = undef,
  Ct0::Host_name                                           $export_job         = 'ct0',
  Hash[Ct0::Label, Ct0::Label_value]                       $export_labels      = {},
  Ct0::Host_name                                           $export_tag         = 'ct0',
  Ct0::Path                                                $options_file       = '/etc/default/ct0-exporter',
) {
  unless defined(Class['ct0']) {
    fail("ct0::exporter: include ct0, with 'exporter' among ct0::features, instead of this class")
  }

  $systemd = pick($facts.dig('ct0_host', 'init'), 'systemd') == 'systemd'
  $engines = pick($facts.dig('ct0_host', 'engines'), [])
  if $ensure == 'present' and !$systemd and !$textfile {
    fail('ct0::exporter: no systemd runs this host, and the server is a unit of it: set ct0::exporter::textfile: true')
  }

  $wanted_collectors = $collectors.map |$name, $on| {
    if $on { "--collector.${name}" } else { "--no-collector.${name}" }
  }
  $scrape_options = $wanted_collectors + $options

  # systemd before 239, which lacks what the units build on: RHEL 7's and kin, SLES 12's.
  $release = Integer($facts['os']['release']['major'].regsubst(/\..*/, ''), 10)
  $old_systemd = $facts['os']['family'] ? {
    'RedHat' => $release < 8,
    'Suse'   => $release < 15,
    default  => false,
  }

  $server = $ensure ? {
    'present' => if $textfile { 'absent' } else { 'present' },
    default   => 'absent',
  }
  $file = $ensure ? {
    'present' => if $textfile { 'present' } else { 'absent' },
    default   => 'absent',
  }

  class { 'ct0::exporter::web':
    ensure => $server,
  }
  contain ct0::exporter::web

  class { 'ct0::exporter::textfile':
    ensure => $file,
  }
  contain ct0::exporter::textfile

  if $systemd {
    class { 'ct0::exporter::service':
      ensure => $server,
    }
    contain ct0::exporter::service

    if $server == 'present' {
      Class['ct0::exporter::web'] -> Class['ct0::exporter::service']
      # Not the service that still runs and the new file: node_exporter would show everything twice.
      Class['ct0::exporter::textfile'] -> Class['ct0::exporter::service']
    } else {
      Class['ct0::exporter::service'] -> Class['ct0::exporter::web']
      Class['ct0::exporter::service'] -> Class['ct0::exporter::textfile']
    }
  }

  if $export and $server == 'present' {
    $port = $listen.reduce('9955') |$found, $each| {
      if $found == '9955' and $each =~ /:([0-9]+)\z/ { $1 } else { $found }
    }
    $own = pick($facts.dig('networking', 'fqdn'), $facts.dig('networking', 'hostname'))
    @@ct0::scrape_job { "ct0 exporter of ${own}":
      targets  => [pick($export_target, "${own}:${port}")],
      job_name => $export_job,
      labels   => $export_labels,
      tag      => $export_tag,
    }
  }
}
