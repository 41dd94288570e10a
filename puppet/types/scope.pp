# @summary Whom the shims see: CT0's own processes, sandboxes' as well, or everybody's.
type Ct0::Scope = Enum['host', 'sandbox', 'all']
