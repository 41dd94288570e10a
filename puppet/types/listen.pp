# @summary Where the exporter listens: `10.0.0.1:9955`, `[fd00::1]:9955`, `:9955` for every address, or `unix:/PATH`.
type Ct0::Listen = Variant[
  Pattern[/\A([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])?:[1-9][0-9]{0,4}\z/],
  Pattern[/\Aunix:(\/(?!\.\.?(\/|\z))[\w.,:+@%=~-]+)+\z/],
]
