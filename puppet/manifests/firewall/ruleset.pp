# @summary The text of the rules, as nft or iptables-restore load it.
# @api private
class ct0::firewall::ruleset {
  assert_private()

  $policy = $ct0::firewall::policy
  $rules = $ct0::firewall::rules

  if $ct0::firewall::framework == 'nft' {
    $split = $rules.map |$rule| {
      $words = $rule.split(' ')
      $found = { 'chain' => $words[0, 3].join(' '), 'rule' => $words[3, -1].join(' ') }
      $found
    }
    $chains = ($policy.keys + $ct0::firewall::chains + $ct0::firewall::hooks.keys + $split.map |$each| { $each['chain'] }).unique
    $names = ($chains + $ct0::firewall::sets.keys).map |$each| { $each.split(' ')[0, 2].join(' ') }.unique

    $tables = Hash($names.map |$table| {
        $sets = $ct0::firewall::sets.filter |$name, $elements| { $name.split(' ')[0, 2].join(' ') == $table }
        $mine = $chains.filter |$chain| { $chain.split(' ')[0, 2].join(' ') == $table }
        [$table, {
            'sets'   => Hash($sets.map |$name, $elements| {
                $type = $elements[0] ? {
                  /\A\d+(-\d+)?\z/ => 'inet_service',
                  /:/              => 'ipv6_addr',
                  default          => 'ipv4_addr',
                }
                [$name.split(' ')[2], {
                    'type'     => $type,
                    'interval' => $elements.any |$each| { $each =~ /[\/-]/ },
                    'elements' => $elements,
                }]
            }),
            'chains' => Hash($mine.map |$chain| {
                $name = $chain.split(' ')[2]
                $nat = $table.split(' ')[1] == 'nat'
                $type = if $nat { 'nat' } else { 'filter' }
                $usual = $name ? {
                  'prerouting'  => { 'hook' => $name, 'priority' => if $nat { -100 } else { 0 } },
                  'output'      => { 'hook' => $name, 'priority' => if $nat { -100 } else { 0 } },
                  'input'       => { 'hook' => $name, 'priority' => if $nat { 100 } else { 0 } },
                  'postrouting' => { 'hook' => $name, 'priority' => if $nat { 100 } else { 0 } },
                  'forward'     => { 'hook' => $name, 'priority' => 0 },
                  default       => undef,
                }
                $hook = pick_default($ct0::firewall::hooks[$chain], $usual, undef)
                if $hook !~ Hash and $chain in $policy {
                  fail("ct0::firewall: ${chain} has a policy and no hook: say where it is hooked in (ct0::firewall::hooks)")
                }
                [$name, {
                    'hook'   => $hook ? {
                      Hash    => { 'type' => $type } + $hook,
                      default => undef,
                    },
                    'policy' => pick($policy[$chain], 'accept').downcase,
                    'rules'  => $split.filter |$each| { $each['chain'] == $chain }.map |$each| { $each['rule'] },
                }]
            }),
        }]
    })
    $content = epp('ct0/firewall-nft.epp', { 'tables' => $tables })
  } else {
    $built_in = ['INPUT', 'FORWARD', 'OUTPUT', 'PREROUTING', 'POSTROUTING']
    $split = $rules.map |$rule| {
      $words = $rule.split(' ')
      $found = $words[0] ? {
        '-t'    => { 'table' => $words[1], 'chain' => $words[3], 'rule' => $words[2, -1].join(' ') },
        default => { 'table' => 'filter', 'chain' => $words[1], 'rule' => $rule },
      }
      $found
    }
    $named = ($policy.keys + $ct0::firewall::chains).map |$chain| {
      $words = $chain.split(' ')
      $words.length ? {
        1       => { 'table' => 'filter', 'chain' => $chain, 'policy' => $policy[$chain] },
        default => { 'table' => $words[0], 'chain' => $words[1], 'policy' => $policy[$chain] },
      }
    }
    $all = $named + $split
    $tables = Hash($all.map |$each| { $each['table'] }.unique.map |$table| {
        $mine = $all.filter |$each| { $each['table'] == $table }
        $policies = $mine.map |$each| { $each['chain'] }.unique.map |$chain| {
          $said = $mine.filter |$each| { $each['chain'] == $chain and $each['policy'] }.map |$each| { $each['policy'].upcase }
          if !($chain in $built_in) {
            [$chain, '-']
          } elsif !empty($said) {
            [$chain, $said[0]]
          } else {
            []
          }
        }.filter |$each| { !empty($each) }
        [$table, {
            'policy' => Hash($policies),
            'rules'  => $split.filter |$each| { $each['table'] == $table }.map |$each| { $each['rule'] },
        }]
    })
    $content = epp('ct0/firewall-iptables.epp', { 'tables' => $tables })
  }
}
