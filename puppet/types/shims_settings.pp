# @summary The settings of the shims: what `/etc/ct0/shims.conf` holds.
type Ct0::Shims_settings = Struct[{
  Optional['scope']   => Ct0::Scope,
  Optional['hostpid'] => Boolean,
  Optional['pidof']   => Enum['auto', 'sysv', 'procps'],
  Optional['callers'] => Hash[Ct0::Path, Ct0::Scope],
}]
