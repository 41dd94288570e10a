"""Pressure stall information of a container: time lost for want of CPU, memory or I/O.

cpu.pressure, memory.pressure and io.pressure of its version 2 cgroup, in microseconds; Linux 4.20
(cgroups), accounting/psi.rst. A hybrid host has them too, beside version 1's controllers.

    some avg10=0.00 avg60=0.00 avg300=0.00 total=59816
    full avg10=0.00 avg60=0.00 avg300=0.00 total=59139

Absent: no version 2 here, an older kernel, or one without CONFIG_PSI. EOPNOTSUPP on reading: built
in and switched off (boot option psi=0, or 0 in cgroup.pressure).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ct0.cgroup_files import Cgroups, read_cgroup
from ct0.container import CT
from ct0.errors import Malformed, Unavailable

SHARE = r"(\d{1,3}\.\d\d)"
REST = rf" avg10={SHARE} avg60={SHARE} avg300={SHARE} total=(\d{{1,20}})"
LINE = re.compile(rf"(some|full){REST}", re.ASCII)
# The whole file as Linux writes it since 5.13.
USUAL = re.compile(rf"some{REST}\nfull{REST}\n", re.ASCII)


class Averages(NamedTuple):
    """Percent of the last 10, 60 and 300 seconds, as the kernel works them out every 2 s."""

    avg10: float
    avg60: float
    avg300: float


class Pressure(NamedTuple):
    """Counters, then averages. Waiting ("some"): at least one task was held up; stalled ("full"):
    all were.

    None: not offered here; `cpu_stalled*` before Linux 5.13.
    """

    cpu_waiting_seconds: float | None = None
    cpu_stalled_seconds: float | None = None
    memory_waiting_seconds: float | None = None
    memory_stalled_seconds: float | None = None
    io_waiting_seconds: float | None = None
    io_stalled_seconds: float | None = None
    cpu_waiting: Averages | None = None
    cpu_stalled: Averages | None = None
    memory_waiting: Averages | None = None
    memory_stalled: Averages | None = None
    io_waiting: Averages | None = None
    io_stalled: Averages | None = None


class Stall(NamedTuple):
    """One line of a pressure file. `averages` is None where they were not asked for."""

    seconds: float
    averages: Averages | None


def read_pressure(cgroups: Cgroups, ct: CT, averages: bool = True) -> Pressure:
    """Raises Unavailable when none of the three files is offered, Malformed.

    Without `averages` it has the counters alone: six times three numbers less to make of each CT.
    """
    folder = cgroups.version2(ct)
    if folder is None:
        raise Unavailable(f"no version 2 cgroup of {ct.engine} {ct.ctid} here")
    found: list[Stall | None] = []
    reason = None
    for resource in ("cpu", "memory", "io"):
        path = f"{folder}/{resource}.pressure"
        try:
            found += parse_stalls(read_cgroup(path), path, averages)
        except Unavailable as error:
            found += [None, None]
            reason = error
    if reason is not None and found == [None] * 6:
        raise reason
    return pressure(found)


def pressure(stalls: list[Stall | None]) -> Pressure:
    """The record of six lines: waiting and stalled of cpu, memory and io."""
    seconds = [None if stall is None else stall.seconds for stall in stalls]
    averages = [None if stall is None else stall.averages for stall in stalls]
    return Pressure._make([*seconds, *averages])


def parse_stalls(
    text: str, path: str = "", averages: bool = True
) -> tuple[Stall | None, Stall | None]:
    """The lines (waiting, stalled); None for one that is not there."""
    usual = None if averages else USUAL.fullmatch(text)
    if usual is not None:
        return Stall(int(usual[4]) / 1e6, None), Stall(int(usual[8]) / 1e6, None)
    found: dict[str, Stall] = {}
    for line in text.split("\n"):
        if not line:
            continue
        match = LINE.fullmatch(line)
        if match is None:
            raise Malformed(path, line)
        kind, one, two, three, total = match.groups()
        shares = Averages(float(one), float(two), float(three)) if averages else None
        found[kind] = Stall(int(total) / 1e6, shares)
    return found.get("some"), found.get("full")
