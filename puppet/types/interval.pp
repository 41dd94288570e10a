# @summary How often something runs: minutes (up to 59), hours (up to 23) or days (1), such as `30min`, `6h`, `1d`.
type Ct0::Interval = Pattern[/\A([1-9]|[1-5]\d)min\z/, /\A([1-9]|1\d|2[0-3])h\z/, /\A1d\z/]
