# @summary A check: one of ct0's plugins with its options, as a command of NRPE's and, if asked, a service at Nagios' server.
#
# `ct0::checks::checks` declares these for a hash; it needs `ct0` with `checks` among its features.
#
# @example A database's container with thresholds of its own
#   ct0::check { 'ct_resources_db1':
#     plugin  => 'check_ct_resources',
#     options => { '--ct' => 'db1', '-w' => '70', '-c' => '80' },
#   }
#
# @param plugin
#   The plugin, one of those in /usr/lib/ct0/plugins.
#
# @param options
#   Its options: a hash, in which `true` stands for one without a value and a list for one that is given again and again;
#   or a list of words. Quotes, `$`, `;`, `&`, `<`, `>`, `!` and whatever is not ASCII cannot be in a value.
#
# @param ensure
#   Whether there is such a check.
#
# @param nrpe
#   Whether it is a command of NRPE's.
#
# @param export
#   Whether Nagios' server has it as a service of this host, where `ct0::checks::export` names nagios.
#
define ct0::check (
  Ct0::Plugin               $plugin,
  Ct0::Plugin_options       $options = {},
  Enum['present', 'absent'] $ensure  = 'present',
  Boolean                   $nrpe    = getvar('ct0::checks::nrpe', false),
  Boolean                   $export  = false,
) {
  unless defined(Class['ct0::checks']) {
    fail("ct0::check ${title}: needs ct0 with 'checks' among ct0::features")
  }
  assert_type(Ct0::Command_name, $title)

  $words = $options ? {
    Array   => $options,
    default => $options.map |$option, $value| {
      $value ? {
        true    => $option,
        false   => [],
        default => [$value].flatten.map |$each| {
          if $option =~ /\A--/ { "${option}=${each}" } else { [$option, $each] }
        },
      }
    }.flatten,
  }
  # Single quotes keep all that a value may hold from the shell.
  $quoted = $words.map |$word| {
    if String($word) =~ /\A[A-Za-z0-9_.,:@%+=\/-]+\z/ { $word } else { "'${word}'" }
  }

  # Without NRPE an absent file in a folder that may not exist is nothing to do.
  ct0::nrpe_command { $title:
    ensure  => if $nrpe { $ensure } else { 'absent' },
    command => (["/usr/lib/ct0/plugins/${plugin}"] + $quoted).join(' '),
  }

  if $export and $ensure == 'present' and $nrpe and 'nagios' in $ct0::checks::export {
    @@ct0::nagios_service { "${title} on ${ct0::checks::own_name}":
      host    => $ct0::checks::own_name,
      command => $title,
      tag     => $ct0::checks::export_tag,
    }
  }
}
