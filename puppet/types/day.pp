# @summary A day, such as 2027-03-31.
type Ct0::Day = Pattern[/\A20\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])\z/]
