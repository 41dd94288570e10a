# @summary A certificate or a key as its text.
type Ct0::Pem = Pattern[/-----BEGIN [A-Z0-9 ]+-----/]
