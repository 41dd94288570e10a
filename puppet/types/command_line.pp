# @summary A command line of NRPE's: one line of printable ASCII; NRPE cuts what is longer.
type Ct0::Command_line = Pattern[/\A\/[\x20-\x7e]{1,1900}\z/]
