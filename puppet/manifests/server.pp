# @summary What a monitoring server has of the hosts with ct0: targets for Prometheus, hosts for Nagios and Icinga 2.
#
# It collects what those hosts export, which takes PuppetDB, and needs neither the class `ct0` nor its programs. In the
# folders it manages a file that no host exports any longer is removed.
#
# @example Prometheus, which asks over TLS and with a password
#   class { 'ct0::server':
#     prometheus    => true,
#     scrape_config => '/etc/prometheus/ct0-scrape.yml',
#     ca_file       => '/etc/prometheus/ca.crt',
#     username      => 'prometheus',
#     password_file => '/etc/prometheus/ct0.password',
#   }
#
# @param prometheus
#   Whether targets are collected for Prometheus.
#
# @param nagios
#   Whether hosts are collected for Nagios.
#
# @param icinga2
#   Whether hosts are collected for Icinga 2.
#
# @param collect_tag
#   What is collected: what was exported with this tag.
#
# @param prometheus_dir
#   The folder of the targets' files.
#
# @param scrape_config
#   A file with the jobs' scrape configuration: Prometheus 2.43 and later reads it by `scrape_config_files`, for earlier
#   ones it is to be copied. Default: none is written.
#
# @param jobs
#   The jobs there, as `ct0::exporter::export_job` names them.
#
# @param ca_file
#   Who signed the exporters' certificates; with it they are asked over TLS.
#
# @param username
#   The user to ask as.
#
# @param password_file
#   The file on this server with the password; required with `username`.
#
# @param nagios_dir
#   The folder of the hosts' files, below one that Nagios reads.
#
# @param nagios_reload
#   The command by which Nagios checks its configuration and reads it again.
#
# @param icinga2_dir
#   The folder of the hosts' files, in the zone of the master.
#
# @param icinga2_templates
#   The file with CheckCommands and templates, in a global zone.
#
# @param icinga2_reload
#   The command by which Icinga 2 checks its configuration and reads it again.
#
class ct0::server (
  Boolean                            $prometheus        = false,
  Boolean                            $nagios            = false,
  Boolean                            $icinga2           = false,
  Ct0::Host_name                     $collect_tag       = 'ct0',
  Ct0::Path                          $prometheus_dir    = '/etc/prometheus/ct0',
  Optional[Ct0::Path]                $scrape_config     = undef,
  Array[Ct0::Host_name, 1]           $jobs              = ['ct0'],
  Optional[Ct0::Path]                $ca_file           = undef,
  Optional[Pattern[/\A[\w.@+-]+\z/]] $username          = undef,
  Optional[Ct0::Path]                $password_file     = undef,
  Ct0::Path                          $nagios_dir        = '/etc/nagios4/conf.d/ct0',
  Optional[String[1]]                $nagios_reload     = undef,
  Ct0::Path                          $icinga2_dir       = '/etc/icinga2/zones.d/master/ct0',
  Ct0::Path                          $icinga2_templates = '/etc/icinga2/zones.d/global-templates/ct0.conf',
  Optional[String[1]]                $icinga2_reload    = undef,
) {
  if $username and !$password_file {
    fail('ct0::server: username without password_file')
  }

  $folder = {
    'ensure'  => 'directory',
    'owner'   => 'root',
    'group'   => 'root',
    'mode'    => '0755',
    'recurse' => true,
    'purge'   => true,
    'force'   => true,
  }
  $file = { 'ensure' => 'file', 'owner' => 'root', 'group' => 'root', 'mode' => '0644' }

  if $prometheus {
    file { $prometheus_dir:
      * => $folder,
    }
    if $scrape_config {
      file { $scrape_config:
        *       => $file,
        content => epp('ct0/scrape-config.yml.epp', {
            'directory'     => $prometheus_dir,
            'jobs'          => $jobs,
            'ca_file'       => $ca_file,
            'username'      => $username,
            'password_file' => $password_file,
        }),
      }
    }
    Ct0::Scrape_job <<| tag == $collect_tag |>>
  }

  if $nagios {
    file { $nagios_dir:
      * => $folder,
    }
    file { "${nagios_dir}/ct0.cfg":
      *       => $file,
      content => file('ct0/nagios/ct0.cfg'),
    }
    Ct0::Nagios_host <<| tag == $collect_tag |>>
    Ct0::Nagios_service <<| tag == $collect_tag |>>
    if $nagios_reload {
      exec { 'ct0 reload of Nagios':
        command     => $nagios_reload,
        provider    => 'shell',
        refreshonly => true,
        subscribe   => File[$nagios_dir, "${nagios_dir}/ct0.cfg"],
      }
      Ct0::Nagios_host <<| tag == $collect_tag |>> ~> Exec['ct0 reload of Nagios']
      Ct0::Nagios_service <<| tag == $collect_tag |>> ~> Exec['ct0 reload of Nagios']
    }
  }

  if $icinga2 {
    file { $icinga2_dir:
      * => $folder,
    }
    file { $icinga2_templates:
      *       => $file,
      content => file('ct0/icinga2/ct0.conf'),
    }
    Ct0::Icinga2_host <<| tag == $collect_tag |>>
    if $icinga2_reload {
      exec { 'ct0 reload of Icinga 2':
        command     => $icinga2_reload,
        provider    => 'shell',
        refreshonly => true,
        subscribe   => File[$icinga2_dir, $icinga2_templates],
      }
      Ct0::Icinga2_host <<| tag == $collect_tag |>> ~> Exec['ct0 reload of Icinga 2']
    }
  }
}
