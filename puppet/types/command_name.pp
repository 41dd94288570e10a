# @summary The name of a command of NRPE's.
type Ct0::Command_name = Pattern[/\A[A-Za-z0-9_.-]{1,100}\z/]
