# @summary This host and its containers, exported for Nagios' and Icinga's servers.
# @api private
#
# The containers are those of the fact ct0_host. One whose name is not plain, or not its own, is no host there: services
# of CT0 itself judge all containers then, such ones too.
class ct0::checks::exported {
  assert_private()

  $own = $ct0::checks::own_name
  $found = pick($facts.dig('ct0_host', 'containers'), []).map |$each| {
    $each.filter |$key, $value| { $key in ['engine', 'id'] } + {
      'name' => if $each['name'] =~ String[1] { $each['name'] } else { $each['id'] },
    }
  }

  # As `ct0 monitoring generate` names hosts, whose commands of NRPE's are asked for: by a plain name that is nobody
  # else's, in whatever case. What it names otherwise is left out.
  $longer = $found.filter |$each| { "${each['engine']}.${each['id']}" != $each['name'] }.map |$each| {
    "${each['engine']}.${each['id']}"
  }
  $names = [$own] + $found.map |$each| { $each['name'] } + $longer
  $counts = $names.reduce({}) |$made, $name| {
    $lower = downcase($name)
    $made + { $lower => pick($made[$lower], 0) + 1 }
  }
  $plain = $found.filter |$each| {
    $each =~ Ct0::Container and $counts[downcase($each['name'])] == 1 and $each['name'] !~ /(?i:\.[0-9a-f]{16})\z/
  }
  $complete = $plain.length == pick($facts.dig('ct0_host', 'containers_count'), $found.length)

  $of_ct0 = { 'ct0 health' => 'ct0_health', 'processes' => 'ct0_procs' }
  $of_all = {
    'containers'          => 'ct_state',
    'container resources' => 'ct_resources',
    'container disks'     => 'ct_disk',
    'container network'   => 'ct_network',
  }
  $address = pick($ct0::checks::export_address, $facts.dig('networking', 'fqdn'), $own)

  if 'nagios' in $ct0::checks::export {
    # Nagios asks for each container by a command that the timer makes.
    $hosts = if $ct0::checks::monitoring and 'nrpe' in $ct0::checks::monitoring_formats { $plain } else { [] }
    $services = if $complete and $hosts == $plain { $of_ct0 } else { $of_ct0 + $of_all }
    @@ct0::nagios_host { $own:
      address    => $address,
      containers => $hosts,
      services   => $services.filter |$description, $command| { $command in $ct0::checks::wanted },
      tag        => $ct0::checks::export_tag,
    }
  }

  if 'icinga2' in $ct0::checks::export {
    @@ct0::icinga2_host { $own:
      address    => $address,
      endpoint   => pick($ct0::checks::export_endpoint, $own),
      containers => $plain,
      services   => if $complete { $of_ct0 } else { $of_ct0 + $of_all },
      tag        => $ct0::checks::export_tag,
    }
  }
}
