# @summary A label's value: one line, printable, without quotes and backslashes.
type Ct0::Label_value = Pattern[/\A[^\x00-\x1f\x7f'"\\]*\z/]
