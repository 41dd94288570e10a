# @summary A command that has a shim.
type Ct0::Command = Enum['pidof', 'pgrep', 'pkill', 'killall', 'killall5', 'killproc', 'checkproc', 'pidofproc', 'startproc']
