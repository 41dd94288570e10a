# @summary A part of ct0 that a host can have; its class is named after it.
type Ct0::Feature = Enum['shims', 'exporter', 'checks', 'audit', 'verify', 'firewall', 'service_guard']
