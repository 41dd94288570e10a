# @summary What becomes of packets that no rule of a chain takes.
type Ct0::Firewall_policy = Hash[Ct0::Firewall_chain, Enum['ACCEPT', 'DROP', 'accept', 'drop']]
