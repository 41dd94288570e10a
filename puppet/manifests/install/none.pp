# @summary Programs that somebody else brings: only whether they are there.
# @api private
class ct0::install::none {
  assert_private()

  $programs = {
    'exporter' => "${ct0::bin}/ct0-exporter",
    'checks'   => "${ct0::plugins}/check_ct0_health",
  }
  $needed = ["${ct0::bin}/ct0"] + $programs.filter |$feature, $program| { $feature in $ct0::features }.values
  $needed.each |$program| {
    exec { "${program} is there":
      command  => "echo '${program} is not there, and ct0::install_method is none: install it' >&2; exit 1",
      unless   => "test -x ${program}",
      provider => 'shell',
    }
  }
}
