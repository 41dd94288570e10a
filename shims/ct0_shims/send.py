"""Send a signal to a pinned process, to it or to nobody.

pidfd_send_signal(2) takes the descriptor of /proc/PID through which the process was read (Linux
5.1, Python 3.9). Before that kernel the descriptor is asked once more whether its process lives,
just before kill(2). Never a process group, never -1: a container's process may be in either.
"""

from __future__ import annotations

import _signal
import errno
import posix  # os costs a shim 1 ms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process
    from ct0_shims.view import View


def send(view: View, process: Process, number: int, value: int | None = None) -> None:
    """Send signal `number` (0: only ask). In a dry run say so on standard output instead.
    `value`: the number that goes with it, as sigqueue(3) sends one.

    Raises ProcessLookupError (gone), PermissionError, or another OSError as the kernel gives it.
    """
    if view.settings.dry_run:
        process.read("stat")
        if number:
            comm = process.comm().encode("unicode_escape", "replace").decode("ascii")
            posix.write(1, f"would send signal {number} to {process.pid} ({comm})\n".encode())
        return
    if not view.host.live:
        raise PermissionError(errno.EPERM, "a recorded host has no processes to signal")
    if value is not None:
        from ct0_shims.queued import send_queued

        send_queued(process, number, value)
        return
    pidfd_send_signal = getattr(_signal, "pidfd_send_signal", None)
    if pidfd_send_signal is not None:
        try:
            pidfd_send_signal(process.fd, number)
            return
        except OSError as error:
            # ENOSYS: a kernel before 5.1, or Python's own when it was built for one.
            if error.errno != errno.ENOSYS:
                raise
    process.read("stat")  # raises ProcessLookupError when it died, whoever has its PID now
    posix.kill(process.pid, number)
