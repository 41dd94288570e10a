# @summary NRPE, as far as the checks need it.
# @api private
class ct0::checks::nrpe {
  assert_private()

  $directory = $ct0::checks::nrpe_dir
  $service = $ct0::checks::nrpe_service
  $used = $ct0::checks::ensure == 'present' and $ct0::checks::nrpe

  if $used {
    if $ct0::checks::manage_nrpe_package {
      package { $ct0::checks::nrpe_package:
        ensure => installed,
        before => [Exec["${directory} is there for NRPE's commands"], Class['ct0::checks::rights']],
      }
    }
    exec { "${directory} is there for NRPE's commands":
      command  => "echo '${directory}: no such folder: install NRPE, or set ct0::checks::manage_nrpe_package: true' >&2; exit 1",
      unless   => "test -d ${directory}",
      provider => 'shell',
    }
  }

  if $used and $ct0::checks::manage_nrpe_service {
    service { $service:
      ensure  => running,
      enable  => true,
      require => Exec["${directory} is there for NRPE's commands"],
    }
    $told = Service[$service]
  } else {
    # Somebody else's service: one that runs reads its commands anew, one that does not is not started.
    $reload = if $ct0::checks::systemd {
      ["systemctl reload-or-restart ${service}", "systemctl -q is-active ${service}"]
    } else {
      ["service ${service} reload", "test -e /etc/init.d/${service}"]
    }
    exec { "ct0 reload of ${service}":
      command     => $reload[0],
      onlyif      => $reload[1],
      provider    => 'shell',
      refreshonly => true,
    }
    $told = Exec["ct0 reload of ${service}"]
  }
}
