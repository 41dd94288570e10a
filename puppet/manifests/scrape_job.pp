# @summary One target of Prometheus', in a file that its server reads by file_sd.
#
# Exported by `ct0::exporter::export`, collected by `ct0::server`. Prometheus reads such a file by itself when it changes.
#
# @example A host that Puppet does not manage
#   ct0::scrape_job { 'node9':
#     targets => ['node9.example.com:9955'],
#   }
#
# @param targets
#   Hosts and ports.
#
# @param ensure
#   Whether it is there.
#
# @param job_name
#   The job these targets belong to.
#
# @param labels
#   Labels of all of them.
#
# @param directory
#   The folder of these files.
#
define ct0::scrape_job (
  Array[Ct0::Target, 1]              $targets,
  Enum['present', 'absent']          $ensure    = 'present',
  Ct0::Host_name                     $job_name  = 'ct0',
  Hash[Ct0::Label, Ct0::Label_value] $labels    = {},
  Ct0::Path                          $directory = getvar('ct0::server::prometheus_dir'),
) {
  $name_of_file = "${job_name}-${title}".regsubst(/[^A-Za-z0-9_.-]+/, '_', 'G')
  file { "${directory}/${name_of_file}.yml":
    ensure  => if $ensure == 'present' { 'file' } else { 'absent' },
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => epp('ct0/scrape_job.yml.epp', { 'targets' => $targets, 'labels' => $labels }),
  }
}
