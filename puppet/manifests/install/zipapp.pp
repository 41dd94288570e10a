# @summary A release in a single file, with a link or a wrapper for each command.
# @api private
class ct0::install::zipapp {
  assert_private()

  unless $ct0::version =~ Ct0::Release {
    fail("ct0: install_method zipapp needs an exact version such as 0.1.0, not '${ct0::version}'")
  }
  unless $ct0::zipapp_source {
    fail('ct0: install_method zipapp needs zipapp_source, where ct0.pyz comes from')
  }
  $impossible = $ct0::features.filter |$feature| { $feature in ['exporter', 'audit', 'verify'] }
  unless $impossible.empty {
    fail("ct0: a zipapp does not hold ${impossible.join(', ')}: use install_method package or pip, or take them off ct0::features")
  }

  $home = "${ct0::prefix}/${ct0::version}"
  $file = "${home}/ct0.pyz"
  $checksum = $ct0::zipapp_checksum ? {
    undef   => {},
    default => { 'checksum' => 'sha256', 'checksum_value' => $ct0::zipapp_checksum },
  }

  # A virtual environment of this release, made by pip before.
  exec { "ct0 ${ct0::version} is no environment":
    command  => "rm -rf ${home}",
    onlyif   => "test -e ${home}/pyvenv.cfg",
    provider => 'shell',
  }
  -> file { [$ct0::prefix, $home, "${home}/bin"]:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }
  -> file { $file:
    ensure => file,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => $ct0::zipapp_source,
    backup => false,
    before => Class['ct0::install::current'],
    *      => $checksum,
  }
  -> file { "${home}/.complete":
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "zipapp ${ct0::python}\n",
    before  => Class['ct0::install::current'],
  }

  $checks = 'checks' in $ct0::features ? {
    true    => $ct0::install::programs['checks'] + ['ct0-read'],
    default => [],
  }
  (['ct0'] + $checks).each |$command| {
    # The file itself names /usr/bin/python3, and its checksum holds it to that.
    if $ct0::python == '/usr/bin/python3' {
      file { "${home}/bin/${command}":
        ensure  => link,
        target  => '../ct0.pyz',
        require => File[$file],
        before  => Class['ct0::install::current'],
      }
    } else {
      file { "${home}/bin/${command}":
        ensure  => file,
        owner   => 'root',
        group   => 'root',
        mode    => '0755',
        content => epp('ct0/zipapp-command.epp', { 'python' => $ct0::python, 'file' => $file, 'command' => $command }),
        require => File[$file],
        before  => Class['ct0::install::current'],
      }
    }
  }

  contain ct0::install::current
}
