# @summary The name of a plugin in `/usr/lib/ct0/plugins`.
type Ct0::Plugin = Pattern[/\Acheck_[a-z0-9_]+\z/]
