"""/var/run/NAME.pid: the PID of a daemon as it wrote it, or as somebody left it behind.

    1234\\n

A PID file goes stale, and its number is shared with all containers' processes: what is read here
is a claim, to be checked on the pinned process. LSB: the numbers of the first line; RHEL: of all
lines up to an empty one; SUSE and Debian: the first number.
"""

from __future__ import annotations

import os

LARGEST = 1 << 22  # PID_MAX_LIMIT of 64-bit kernels: what is above names no process


def read_pidfile(path: str) -> str:
    """The text of a PID file; raises OSError. Does not wait for a writer if it is a FIFO."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(file, 65536).decode("utf-8", "surrogateescape")
    finally:
        os.close(file)


def pid_of(word: str) -> int | None:
    """The PID a word names, None for anything that is no PID (0, -1, 12a, 99999999)."""
    if not (word.isascii() and word.isdigit()) or len(word) > 10:
        return None
    number = int(word)
    return number if 0 < number <= LARGEST else None


def first_pid(text: str) -> int | None:
    """The number the text begins with, blanks before it skipped: `1234 extra`, ` 1234\\n`."""
    words = text.split(None, 1)
    return pid_of(words[0]) if words else None


def line_pids(text: str) -> list[int]:
    """LSB: all PIDs of the first line; a word that is no PID is passed over."""
    return [pid for word in text.partition("\n")[0].split() if (pid := pid_of(word))]


def all_pids(text: str) -> list[int]:
    """RHEL 6 and later: all PIDs of all lines up to the first empty line."""
    found = []
    for line in text.split("\n"):
        if not line:
            break
        found += [pid for word in line.split() if (pid := pid_of(word))]
    return found
