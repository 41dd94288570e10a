# @summary A rule as the suite firewall of `ct0 verify` takes it.
#
# Of iptables `-A CHAIN ...`, with `-t TABLE` before it where the table is not filter; of nft the rule behind family,
# table and chain.
type Ct0::Firewall_rule = Pattern[
  /\A(-t (filter|nat|mangle|raw|security) )?-A [A-Za-z0-9_-]{1,28}( [^\n\r]+)?\z/,
  /\A(ip|ip6|inet|arp|bridge|netdev) \w+ \w+ [^\n\r]+\z/,
]
