# @summary A file of expectations, checked by ct0 itself before it takes the old one's place.
#
# The title is the file's name in `/etc/ct0/expectations.d`.
#
# @api private
#
# @param ensure
#   Whether there is such a file.
#
# @param expectations
#   What it says.
#
# @param check
#   Whether `ct0 verify check` must find it right.
#
define ct0::expected (
  Enum['present', 'absent'] $ensure       = 'present',
  Ct0::Expectations         $expectations = {},
  Boolean                   $check        = true,
) {
  include ct0::expectations

  $path = "${ct0::expectations::folder}/${title}.yaml"
  $ids = $expectations.values.flatten.map |$each| { $each['id'] }
  $ids.each |$id| {
    unless String($id) =~ /\A[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\z/ {
      fail("expectations of ct0: id ${id}: letters, digits and _.- only, and every expectation has one")
    }
  }
  unless $ids == $ids.unique {
    fail("expectations of ct0: two have the same id; there are ${ids.join(', ')}")
  }

  if $ensure == 'present' {
    file { $path:
      ensure       => file,
      owner        => 'root',
      group        => 'root',
      mode         => '0600',
      show_diff    => false,
      content      => "# Managed by Puppet.\n${ct0::to_yaml({ 'version' => 1 } + $expectations)}",
      validate_cmd => if $check { "${ct0::bin}/ct0 verify check %" } else { undef },
      require      => File[$ct0::expectations::folder],
    }
  } else {
    file { $path:
      ensure => absent,
    }
    if $ct0::ensure == 'absent' {
      File[$path] -> Exec["ct0 rmdir ${ct0::expectations::folder}"]
    }
  }
}
