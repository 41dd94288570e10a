# @summary nft's named sets: family, table and name, such as `inet filter trusted`, and their elements.
type Ct0::Firewall_sets = Hash[
  Pattern[/\A(ip|ip6|inet|arp|bridge|netdev) \w+ \w+\z/],
  Array[Pattern[/\A[\w.:\/ -]+\z/], 1]
]
