# @summary An incumbent to divert: a command's name (everywhere it lies on the host), or its absolute path.
type Ct0::Divertible = Variant[
  Ct0::Command,
  Pattern[/\A\/(usr\/)?s?bin\/(pidof|pgrep|pkill|killall|killall5|killproc|checkproc|pidofproc|startproc)\z/],
]
