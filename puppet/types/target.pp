# @summary What Prometheus asks: `node1.example.com:9955`, `[fd00::1]:9955`.
type Ct0::Target = Pattern[/\A([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}\z/]
