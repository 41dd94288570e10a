"""A signal with a number, as sigqueue(3) sends it, through the descriptor of /proc/PID.

Python's own pidfd_send_signal takes no such number, hence ctypes. The record is siginfo_t as the
kernel defines it for SI_QUEUE (include/uapi/asm-generic/siginfo.h); 128 bytes everywhere.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

SYSCALL = 424  # pidfd_send_signal, on all architectures that Debian or RHEL run on
SI_QUEUE = -1
SIZE = 128


def send_queued(process: Process, number: int, value: int) -> None:
    """Raises ProcessLookupError, PermissionError or another OSError, as send does."""
    import ctypes
    import struct

    pointer = ctypes.sizeof(ctypes.c_void_p)
    head = struct.pack("iii", number, 0, SI_QUEUE)
    body = struct.pack("iI", os.getpid(), os.getuid()) + struct.pack("I", value & 0xFFFFFFFF)
    record = (head + b"\0" * (-len(head) % pointer) + body).ljust(SIZE, b"\0")
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(SYSCALL, process.fd, number, ctypes.c_char_p(record), 0) == 0:
        return
    code = ctypes.get_errno()
    if code == errno.ENOSYS:
        process.read("stat")  # raises ProcessLookupError when it died
        if library.sigqueue(process.pid, number, ctypes.c_void_p(value)) == 0:
            return
        code = ctypes.get_errno()
    raise OSError(code, os.strerror(code))
