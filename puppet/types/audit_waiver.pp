# @summary A finding of `ct0 audit` that is left until a day, and why.
#
# `rule` may be `*`, or `UNREAD` for a file that cannot be read and need not be; `path` may have `*` and `?`.
type Ct0::Audit_waiver = Struct[{
  'rule'   => Ct0::Audit_rule,
  'path'   => Pattern[/\A\/\S*\z/],
  'until'  => Ct0::Day,
  'reason' => Ct0::Line,
}]
