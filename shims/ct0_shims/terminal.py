"""Terminals by the names that ps and pgrep give them: pts/3, tty1, ttyS0, "?" for none.

stat's tty_nr has the minor number in bits 31-20 and 7-0, the major one in bits 15-8, proc(5).
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.host import Host


def terminal_number(host: Host, name: str) -> int | None:
    """The tty_nr of processes on the terminal `name`; 0 for "?", None when there is no such."""
    if name == "?":
        return 0
    if name.startswith("/") or ".." in name.split("/"):
        return None  # ps never shows such a name
    for start, major, first in (("pts/", 136, 0), ("ttyS", 4, 64), ("tty", 4, 0)):
        digits = name[len(start) :]
        if name.startswith(start) and digits.isascii() and digits.isdigit():
            minor = first + int(digits)
            if major == 136:  # 256 a major number, from 136 to 143
                return encoded(major + (minor >> 8), minor & 255)
            return encoded(major, minor)
    try:
        facts = posix.stat(host.path("/dev/" + name))
    except OSError:
        return None
    if not stat.S_ISCHR(facts.st_mode):
        return None
    return encoded(posix.major(facts.st_rdev), posix.minor(facts.st_rdev))


def encoded(major: int, minor: int) -> int:
    return (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12)
