"""/proc/PID/stat: one line of blank-separated fields.

https://docs.kernel.org/filesystems/proc.html#process-specific-subdirectories (table 1-4), proc(5)

    176 (syslogd) S 92 176 176 0 -1 4202496 218 0 4 0 2 1 0 0 20 0 1 0 678 3289088 209 ...

The second field is the name the process gave itself: it may hold blanks, newlines, ")" and bytes
that are no UTF-8. Only the last ")" of the line ends it. OpenVZ appends fields of its own at the
end, differently in each release; they are not read (`envID:` in status says the same reliably).
"""

from __future__ import annotations

from ct0.errors import Malformed


class Stat:
    """The fields by their names in proc(5); times in clock ticks since boot."""

    __slots__ = ("comm", "flags", "pgrp", "pid", "ppid", "session", "starttime", "state", "tty_nr")

    def __init__(self, pid: int, comm: str, fields: list[bytes]) -> None:
        self.pid = pid
        self.comm = comm
        self.state = fields[0].decode("ascii")
        self.ppid = int(fields[1])
        self.pgrp = int(fields[2])
        self.session = int(fields[3])
        self.tty_nr = int(fields[4])
        self.flags = int(fields[6])
        self.starttime = int(fields[19])


def parse_stat(line: bytes, path: str = "stat") -> Stat:
    """Parse one stat line; raises Malformed."""
    left, right = line.find(b"("), line.rfind(b")")
    try:
        if not 0 < left < right:
            raise ValueError
        comm = line[left + 1 : right].decode("utf-8", "surrogateescape")
        return Stat(int(line[:left]), comm, line[right + 1 :].split())
    except (ValueError, IndexError) as error:
        raise Malformed(path, line.decode("ascii", "replace")) from error
