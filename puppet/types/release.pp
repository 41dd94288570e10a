# @summary A release's version as Python writes it, such as `0.1.0` or `1.2.0rc1`; it is a folder's name as well.
type Ct0::Release = Pattern[/\A[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?(\+[a-z0-9]+(\.[a-z0-9]+)*)?\z/]
