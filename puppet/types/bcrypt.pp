# @summary The bcrypt hash of a password.
type Ct0::Bcrypt = Pattern[/\A\$2[aby]?\$(0[4-9]|[12][0-9]|3[01])\$[.\/A-Za-z0-9]{53}\z/]
