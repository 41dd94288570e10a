# @summary A failure of `ct0 verify` that somebody answers for until a day.
type Ct0::Verify_waiver = Struct[{
  'id'            => Ct0::Line,
  'owner'         => Ct0::Line,
  'reason'        => Ct0::Line,
  'expires'       => Ct0::Day,
  Optional['for'] => Hash[Enum['kind', 'engine', 'node', 'ct'], Variant[Ct0::Line, Array[Ct0::Line, 1]]],
}]
