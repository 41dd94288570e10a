# @summary The name of a label of Prometheus'; those that begin with two underscores are its own.
type Ct0::Label = Pattern[/\A(?!__)[A-Za-z_][A-Za-z0-9_]*\z/]
