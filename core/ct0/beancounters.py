"""User beancounters: what OpenVZ 6 and 7 count of each container and of CT0 itself ("0").

/proc/user_beancounters, readable by root alone (CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH):

    Version: 2.5
           uid  resource          held      maxheld        barrier          limit      failcnt
          103:  kmemsize        518348       839680  9223372036854775807  922337203...       0
                lockedpages          0            0          65536          65536            0
                dummy                0            0  ...

/proc/bc/<CTID>/resources has the same lines of one CT without the first column and without the
`dummy` rows, and has `swappages`, which the common file leaves out. kernel/bc/proc.c,
wiki.openvz.org/UBC_parameters_table.

Units are the kernel's: `*pages` are pages (os.sysconf("SC_PAGE_SIZE")), `*size` and `*buf` bytes,
`num*` counts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

# LONG_MAX of 64-bit kernels, in pages where Virtuozzo 7 takes it from the memory controller; and of
# 32-bit ones, which old configurations still have for "unlimited".
UNLIMITED = (1 << 63) - 1 >> 12
UNLIMITED_32 = 2147483647


class Beancounter(NamedTuple):
    """One resource of one CT, in the kernel's units; math.inf is no limit."""

    held: int
    maxheld: int  # the most since the CT started
    barrier: float
    limit: float
    failcnt: int  # requests refused since the CT started: a counter


def read_beancounters(host: Host) -> dict[str, dict[str, Beancounter]]:
    """CTID -> resource (`kmemsize`) -> its counter; "0" is CT0 and its own processes.

    Raises Unavailable: no OpenVZ kernel, or no right to read; Malformed.
    """
    path = f"{host.proc}/user_beancounters"
    return parse_beancounters(read_cgroup(path), path)


def read_resources(host: Host, ctid: str) -> dict[str, Beancounter]:
    """/proc/bc/CTID/resources: resource -> its counter, `swappages` among them."""
    path = bc_file(host, ctid, "resources")
    return dict(parse_row(line.split(), path) for line in read_cgroup(path).split("\n") if line)


def bc_file(host: Host, ctid: str, name: str) -> str:
    """A file of /proc/bc/CTID; no CTID leads out of there."""
    if not ctid or "/" in ctid or ctid.startswith("."):
        raise Unavailable(f"{ctid!r} is no CTID of OpenVZ")
    return f"{host.proc}/bc/{ctid}/{name}"


def parse_beancounters(text: str, path: str = "") -> dict[str, dict[str, Beancounter]]:
    """The common file; the rows named `dummy` are left out."""
    lines = text.split("\n")
    if len(lines) < 2 or not lines[0].startswith("Version:") or "failcnt" not in lines[1]:
        raise Malformed(path, text)
    found: dict[str, dict[str, Beancounter]] = {}
    counters: dict[str, Beancounter] | None = None
    for line in lines[2:]:
        words = line.split()
        if not words:
            continue
        if words[0][-1] == ":":
            # A UUID of Virtuozzo 7 is wider than the column; only blanks separate.
            counters = found.setdefault(words.pop(0)[:-1], {})
        if counters is None:
            raise Malformed(path, line)
        if words and words[0] == "dummy":
            continue
        resource, counter = parse_row(words, path)
        counters[resource] = counter
    return found


def parse_row(words: list[str], path: str = "") -> tuple[str, Beancounter]:
    """`numproc 4 12 16 16 0`: resource held maxheld barrier limit failcnt."""
    try:
        resource, held, maxheld, barrier, limit, failcnt = words
        return resource, Beancounter(
            int(held),
            int(maxheld),
            parse_most(barrier),
            parse_most(limit),
            int(failcnt),
        )
    except ValueError:
        raise Malformed(path, " ".join(words)) from None


def parse_most(text: str) -> float:
    value = int(text)
    return math.inf if value >= UNLIMITED or value == UNLIMITED_32 else value
