# @summary The name of a plugin's option, `-w` or `--warning`.
type Ct0::Plugin_option = Pattern[/\A(-[A-Za-z]|--[a-z][a-z0-9-]*)\z/]
