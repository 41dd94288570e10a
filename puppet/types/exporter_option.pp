# @summary An option of `ct0-exporter`, `--NAME` or `--NAME=VALUE`: systemd and a shell read it as one word, as it is.
type Ct0::Exporter_option = Pattern[/\A--[a-z][a-z0-9.-]*(=[\w.,:;+@=~^*?()\[\]{}|\/-]+)?\z/]
