# @summary A chain: of iptables `INPUT` or `nat OUTPUT`, of nft family, table and chain, such as `inet filter input`.
type Ct0::Firewall_chain = Pattern[
  /\A((filter|nat|mangle|raw|security) )?[A-Za-z0-9_-]{1,28}\z/,
  /\A(ip|ip6|inet|arp|bridge|netdev) \w+ \w+\z/,
]
