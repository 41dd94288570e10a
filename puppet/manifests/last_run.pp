# @summary The program that tells NRPE what a scheduled run found.
# @api private
class ct0::last_run {
  assert_private()

  file { '/usr/lib/ct0/ct0-last-run':
    ensure => if $ct0::ensure == 'present' { 'file' } else { 'absent' },
    owner  => 'root',
    group  => 'root',
    mode   => '0755',
    source => 'puppet:///modules/ct0/ct0-last-run',
  }
}
