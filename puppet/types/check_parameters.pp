# @summary What `ct0::checks::checks` says of one check: the parameters of `ct0::check`.
type Ct0::Check_parameters = Struct[{
  'plugin'            => Ct0::Plugin,
  Optional['ensure'] => Enum['present', 'absent'],
  Optional['options'] => Ct0::Plugin_options,
  Optional['nrpe'] => Boolean,
  Optional['export'] => Boolean,
}]
