# @summary A release in a virtual environment of its own, made whole before it is switched to.
# @api private
class ct0::install::pip {
  assert_private()

  unless $ct0::version =~ Ct0::Release {
    fail("ct0: install_method pip needs an exact version such as 0.1.0, not '${ct0::version}'")
  }
  if $ct0::wheelhouse and $ct0::index_url {
    fail('ct0: wheelhouse and index_url exclude each other: a wheelhouse is used without an index')
  }

  # The extras of the distribution "ct0" that the features need.
  $extras = { 'exporter' => 'exporter', 'checks' => 'checks', 'audit' => 'audit', 'verify' => 'suites' }
  $wanted = $ct0::features.map |$feature| { $extras[$feature] }.filter |$extra| { $extra =~ NotUndef }.unique.sort
  $extra_list = $wanted.empty ? {
    true    => '',
    default => "[${wanted.join(',')}]",
  }

  $home = "${ct0::prefix}/${ct0::version}"
  $stamp = "${home}/.complete"
  # The stamp names what the environment was made with and what is in it.
  $made_with = "venv ${ct0::python}"
  $holds = "ct0${extra_list}==${ct0::version}"

  $source = $ct0::wheelhouse ? {
    undef   => '',
    default => " --no-index --find-links ${ct0::wheelhouse}",
  }
  $settings = {
    # No pip.conf may bring an index back.
    'PIP_CONFIG_FILE' => $ct0::wheelhouse ? { undef => undef, default => '/dev/null' },
    'PIP_NO_INDEX'    => $ct0::wheelhouse ? { undef => undef, default => '1' },
    # Not an option: it may hold a password, and a failed command is reported.
    'PIP_INDEX_URL'   => $ct0::index_url,
  }
  $environment = $settings.filter |$name, $value| { $value =~ NotUndef }.map |$name, $value| { "${name}=${value}" }

  file { $ct0::prefix:
    ensure => directory,
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
  }
  # An environment that no longer starts (its Python was upgraded away) is made anew, as is one that was not finished.
  -> exec { "ct0 ${ct0::version} environment":
    command  => "${ct0::python} -m venv --clear ${home}",
    unless   => "grep -qxF '${made_with}' ${stamp} && ${home}/bin/ct0 --version",
    provider => 'shell',
    umask    => '022',
    timeout  => 600,
  }
  -> exec { "ct0 ${ct0::version} programs":
    command     => "${home}/bin/python -m pip --no-cache-dir --no-input --disable-pip-version-check install --compile${source} '${holds}'",
    unless      => "grep -qxF '${holds}' ${stamp}",
    provider    => 'shell',
    environment => $environment,
    umask       => '022',
    timeout     => 1800,
  }
  -> file { $stamp:
    ensure  => file,
    owner   => 'root',
    group   => 'root',
    mode    => '0644',
    content => "${made_with}\n${holds}\n",
  }
  -> class { 'ct0::install::current': }
  contain ct0::install::current
}
