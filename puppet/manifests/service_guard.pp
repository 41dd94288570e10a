# @summary A guard for Puppet's own services on a container host.
#
# A service with `hasstatus => false` and no `status` command, or one that nothing but its process can be stopped by,
# Puppet looks for in `ps -ef`. On a container host the containers' daemons are in there: one of them makes the host's
# service "running", and is killed when that is to be stopped. The guard says which services these are, before anything
# is applied and with `--noop` too; or has them looked for among the host's own processes.
#
# Nothing is laid out on the host. In a container, or where there is none, it does nothing.
#
# @example Hiera: look safely
#   ct0::features: ['shims', 'service_guard']
#   ct0::service_guard::mode: enforce
#
# @param ensure
#   `absent`: no guard.
#
# @param mode
#   `warn` says which services these are; `enforce` has them looked for safely, whichever provider they have.
#
class ct0::service_guard (
  Enum['present', 'absent'] $ensure = getvar('ct0::ensure', 'present'),
  Enum['warn', 'enforce']   $mode   = 'warn',
) {
  unless defined(Class['ct0']) {
    fail("ct0::service_guard: include ct0, with 'service_guard' among ct0::features, instead of this class")
  }

  # Where the fact is not known yet, a warning too many is the lesser evil.
  if $ensure == 'present' and $ct0::host_role in ['ct0', 'unknown'] {
    ct0_service_guard { 'services':
      mode => $mode,
    }
  }
}
