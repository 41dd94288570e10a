# @summary A host's name or address in a monitoring program: no character that a configuration reads as its own.
type Ct0::Host_name = Pattern[/\A[A-Za-z0-9_.:-]{1,253}\z/]
