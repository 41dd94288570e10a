# @summary A text of one line that says something.
type Ct0::Line = Pattern[/\A[^\n\r]*[^\s][^\n\r]*\z/]
