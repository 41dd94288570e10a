# @summary A kind of expectation of `ct0 verify`.
type Ct0::Suite = Enum[
  'state', 'processes', 'services', 'puppet', 'firewall', 'initscripts', 'shims', 'exporter', 'checks', 'ssh', 'mounts', 'sysctls',
]
