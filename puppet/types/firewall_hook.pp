# @summary Where one of nft's chains is hooked in, if not as its name says.
type Ct0::Firewall_hook = Struct[{
  Optional['type']     => Enum['filter', 'nat', 'route'],
  'hook'               => Enum['prerouting', 'input', 'forward', 'output', 'postrouting', 'ingress', 'egress'],
  'priority'           => Variant[Integer, Pattern[/\A\w+( [+-] \d+)?\z/]],
  Optional['device']   => Pattern[/\A[\w.:-]{1,15}\z/],
}]
