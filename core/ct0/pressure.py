"""Pressure stall information of a container: time lost for want of CPU, memory or I/O.

cpu.pressure, memory.pressure and io.pressure of its version 2 cgroup, in microseconds; Linux 4.20
(cgroups), accounting/psi.rst. A hybrid host has them too, beside version 1's controllers.

    some avg10=0.00 avg60=0.00 avg300=0.00 total=59816
    full avg10=0.00 avg60=0.00 avg300=0.00 total=59139

Absent: no version 2 here, an older kernel, or one without CONFIG_PSI. EOPNOTSUPP on reading: built
in and switched off (boot option psi=0, or 0 in cgroup.pressure).
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import Cgroups, read_cgroup
from ct0.container import CT
from ct0.errors import Malformed, Unavailable


class Pressure(NamedTuple):
    """Counters. Waiting ("some"): at least one task was held up; stalled ("full"): all were.

    None: not offered here; cpu_stalled_seconds before Linux 5.13.
    """

    cpu_waiting_seconds: float | None = None
    cpu_stalled_seconds: float | None = None
    memory_waiting_seconds: float | None = None
    memory_stalled_seconds: float | None = None
    io_waiting_seconds: float | None = None
    io_stalled_seconds: float | None = None


def read_pressure(cgroups: Cgroups, ct: CT) -> Pressure:
    """Raises Unavailable when none of the three files is offered, Malformed."""
    folder = cgroups.version2(ct)
    if folder is None:
        raise Unavailable(f"no version 2 cgroup of {ct.engine} {ct.ctid} here")
    found: list[float | None] = []
    reason = None
    for resource in ("cpu", "memory", "io"):
        path = f"{folder}/{resource}.pressure"
        try:
            found += parse_stalls(read_cgroup(path), path)
        except Unavailable as error:
            found += [None, None]
            reason = error
    if reason is not None and found == [None] * 6:
        raise reason
    return Pressure(*found)


def parse_stalls(text: str, path: str = "") -> tuple[float | None, float | None]:
    """Seconds (waiting, stalled); None for a line that is not there."""
    totals: dict[str, float] = {}
    for line in text.split("\n"):
        if not line:
            continue
        kind, _, rest = line.partition(" ")
        _, sign, total = rest.rpartition("total=")
        if not sign or not total.isdecimal():
            raise Malformed(path, line)
        totals[kind] = int(total) / 1e6
    return totals.get("some"), totals.get("full")
