# @summary The exporter's service and socket of systemd's.
# @api private
#
# @param ensure
#   Whether they are there, and run.
#
class ct0::exporter::service (
  Enum['present', 'absent'] $ensure,
) {
  assert_private()

  $socket = $ct0::exporter::socket_activation
  $listen = $ct0::exporter::listen
  # Every release of Debian's that is supported has a systemd that finds the command by itself.
  $as_shipped = $ct0::bin == '/usr/bin' and $facts['os']['family'] == 'Debian'

  $addresses = $listen.map |$each| {
    if $socket and $each !~ /\A(unix:|\[|[0-9.]*:)/ {
      fail("ct0::exporter::listen: ${each}: systemd's sockets listen on addresses, not on names")
    }
    $each.regsubst(/\A(unix)?:/, '')
  }

  ct0::unit { 'ct0-exporter.service':
    ensure  => $ensure,
    content => file('ct0/exporter/ct0-exporter.service'),
    dropins => {
      'openvz.conf'  => if 'openvz' in $ct0::exporter::engines { file('ct0/exporter/openvz.conf') },
      'proxmox.conf' => if 'proxmox' in $ct0::exporter::engines { file('ct0/exporter/proxmox.conf') },
      'puppet.conf'  => unless $as_shipped {
        epp('ct0/ct0-exporter.conf.epp', { 'bin' => $ct0::bin, 'old_systemd' => $ct0::exporter::old_systemd })
      },
    },
  }
  ct0::unit { 'ct0-exporter.socket':
    ensure  => $ensure,
    content => file('ct0/exporter/ct0-exporter.socket'),
    dropins => {
      'listen.conf' => unless $addresses.empty { epp('ct0/listen.conf.epp', { 'addresses' => $addresses }) },
    },
  }

  if $ensure == 'present' {
    $where = unless $socket { $listen.map |$each| { "--web.listen-address=${each}" } }
    $web = if $ct0::exporter::web::used { "--web.config.file=${ct0::exporter::web::config}" }
    file { $ct0::exporter::options_file:
      ensure  => file,
      owner   => 'root',
      group   => 'root',
      mode    => '0644',
      content => epp('ct0/exporter.options.epp', {
          'scheme'   => $ct0::exporter::web::scheme,
          'listener' => if $socket { 'systemd' } else { 'the exporter' },
          'options'  => [$where, $web, $ct0::exporter::scrape_options].flatten.filter |$each| { $each =~ NotUndef },
      }),
      require => Ct0::Unit['ct0-exporter.service', 'ct0-exporter.socket'],
      notify  => Service['ct0-exporter'],
    }
  } else {
    # What is left of it would be somebody else's options.
    file { $ct0::exporter::options_file:
      ensure => absent,
    }
  }

  if $ensure == 'absent' {
    # The socket first: a scrape would start the service again.
    service { 'ct0-exporter.socket':
      ensure => stopped,
      enable => false,
    }
    -> service { 'ct0-exporter':
      ensure => stopped,
      enable => false,
    }
    -> Ct0::Unit['ct0-exporter.service', 'ct0-exporter.socket']
    -> File[$ct0::exporter::options_file]
  } elsif $socket {
    # Its addresses are the service's own until that ends.
    exec { 'stop ct0-exporter before its socket starts':
      command  => 'systemctl stop ct0-exporter.service',
      onlyif   => 'systemctl -q is-active ct0-exporter.service && ! systemctl -q is-active ct0-exporter.socket',
      provider => 'shell',
      require  => File[$ct0::exporter::options_file],
    }
    -> service { 'ct0-exporter.socket':
      ensure    => running,
      enable    => true,
      restart   => 'systemctl stop ct0-exporter.service; systemctl restart ct0-exporter.socket',
      subscribe => Ct0::Unit['ct0-exporter.socket'],
    }
    # Runs or not, as it was asked; only one that runs is started again.
    -> service { 'ct0-exporter':
      enable    => false,
      subscribe => [Ct0::Unit['ct0-exporter.service'], Class['ct0::install']],
    }
  } else {
    service { 'ct0-exporter.socket':
      ensure  => stopped,
      enable  => false,
      require => Ct0::Unit['ct0-exporter.socket'],
    }
    -> service { 'ct0-exporter':
      ensure    => running,
      enable    => true,
      subscribe => [Ct0::Unit['ct0-exporter.service'], Class['ct0::install']],
    }
  }
}
