# @summary Expectations as an expectations file of `ct0 verify` has them: a list for each suite.
#
# Each has an `id` and the keys of its suite; `ct0 verify` itself checks them before the file is used.
type Ct0::Expectations = Hash[
  Ct0::Suite,
  Array[Hash[Pattern[/\A[a-z_]+\z/], NotUndef, 1]]
]
