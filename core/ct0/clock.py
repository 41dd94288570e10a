"""Whether somebody keeps CT0's clock right, as the kernel has it: adjtimex(2), asked and not set.

Containers have no clock of their own: CT0's is everybody's. A daemon that disciplines it (chronyd,
ntpd, systemd-timesyncd) clears STA_UNSYNC; the kernel sets it again by itself when the error it
adds up since then, 0.5 ms a second, has come to 16 s.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.host import Host

UNSYNCHRONIZED, NANOSECONDS = 0x40, 0x2000
SIZE = 512  # struct timex has 208 bytes at the most
FIELDS = "@illlli"  # modes, offset, freq, maxerror, esterror, status


class Clock(NamedTuple):
    synchronized: bool
    offset_seconds: float  # still to be worked off
    maximum_error_seconds: float


def read_clock(host: Host) -> Clock:
    """Raises Unavailable for a recorded host, and where a filter forbids the call."""
    if not host.live:
        raise Unavailable("a recorded host's clock cannot be asked")
    try:
        import ctypes

        timex = ctypes.create_string_buffer(SIZE)
    except (ImportError, MemoryError) as error:
        # MemoryError: older Pythons make memory executable there, which a service may forbid.
        raise Unavailable(f"ctypes: {error or 'no memory that may be executed'}") from None
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.adjtimex(timex) < 0:
        raise Unavailable(f"adjtimex: {os.strerror(ctypes.get_errno())}")
    return parse_timex(timex.raw)


def parse_timex(raw: bytes) -> Clock:
    """The kernel's record, as this machine lays it out."""
    _, offset, _, maxerror, _, status = struct.unpack_from(FIELDS, raw)
    unit = 1e9 if status & NANOSECONDS else 1e6
    return Clock(not status & UNSYNCHRONIZED, offset / unit, maxerror / 1e6)
