# @summary The options of a plugin, as a hash (`true`: without a value; a list: given again and again) or as words.
type Ct0::Plugin_options = Variant[
  Hash[Ct0::Plugin_option, Variant[Boolean, Ct0::Plugin_value, Array[Ct0::Plugin_value]]],
  Array[Ct0::Plugin_value],
]
