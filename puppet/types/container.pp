# @summary A container as the fact `ct0_host` tells of it, and as an exported host takes it.
type Ct0::Container = Struct[{
  'engine' => Pattern[/\A[a-z]+\z/],
  'id'     => Pattern[/\A[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z/],
  'name'   => Pattern[/\A[A-Za-z0-9_.-]{1,40}\z/],
}]
