# @summary The exporter's web configuration, with the certificates that are given as texts.
# @api private
#
# The exporter, whose user is made when it starts, reads these by its capability CAP_DAC_READ_SEARCH: root's and nobody
# else's is enough. No copy goes to a filebucket, and no difference into a log.
#
# @param ensure
#   Whether they are there.
#
class ct0::exporter::web (
  Enum['present', 'absent'] $ensure,
) {
  assert_private()

  $config = '/etc/ct0/web.yml'
  $given = $ct0::exporter::tls ? {
    Sensitive => $ct0::exporter::tls.unwrap,
    undef     => {},
    default   => $ct0::exporter::tls,
  }
  $users = $ct0::exporter::users ? {
    Sensitive => $ct0::exporter::users.unwrap,
    default   => $ct0::exporter::users,
  }
  # The exporter is told of TLS when it starts, of all else at any time.
  $scheme = if $given.empty { 'http' } else { 'https' }
  $used = $ensure == 'present' and !($given.empty and $users.empty)

  ['cert', 'key'].each |$each| {
    if $scheme == 'https' and ($each in $given) == ("${each}_file" in $given) {
      fail("ct0::exporter::tls: give ${each}_file or ${each}, one of them")
    }
  }
  if 'client_ca' in $given and 'client_ca_file' in $given {
    fail('ct0::exporter::tls: give client_ca_file or client_ca, one of them')
  }

  $texts = {
    'cert'      => ['exporter.crt', '0644'],
    'key'       => ['exporter.key', '0600'],
    'client_ca' => ['exporter-clients.crt', '0644'],
  }
  $texts.each |$each, $about| {
    [$name, $mode] = $about
    if $used and $each in $given {
      $text = $given[$each] ? {
        Sensitive => $given[$each].unwrap,
        default   => $given[$each],
      }
      file { "/etc/ct0/${name}":
        ensure    => file,
        owner     => 'root',
        group     => 'root',
        mode      => $mode,
        content   => Sensitive($text),
        show_diff => false,
        backup    => false,
        before    => File[$config],
      }
    } else {
      file { "/etc/ct0/${name}":
        ensure  => absent,
        backup  => false,
        require => File[$config],
      }
    }
  }

  if $used {
    # As the exporter's file has them: a text is the path of the file that holds it.
    $settings = $given.reduce({}) |$made, $pair| {
      [$key, $value] = $pair
      $made + if $key in $texts { { "${key}_file" => "/etc/ct0/${texts[$key][0]}" } } else { { $key => $value } }
    }
    $hashes = $users.reduce({}) |$made, $pair| {
      [$name, $hash] = $pair
      $made + { $name => if $hash =~ Sensitive { $hash.unwrap } else { $hash } }
    }
    file { $config:
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0600',
      content      => Sensitive(epp('ct0/web.yml.epp', { 'tls' => $settings, 'users' => $hashes })),
      show_diff    => false,
      backup       => false,
      validate_cmd => "${ct0::bin}/ct0-exporter check-web-config %",
    }
  } else {
    file { $config:
      ensure => absent,
      backup => false,
    }
  }
}
