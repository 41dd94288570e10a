"""One look at a host: the counters of the machine and of every container, and when they were read.

Rates, as of `ct0.live`, are between two of these.
"""

from __future__ import annotations

import time
from typing import Callable, NamedTuple, TypeVar

from ct0.beancounters import read_beancounters
from ct0.cgroup_files import Cgroups
from ct0.container import CT, FROZEN, RUNNING
from ct0.cpu import CPU, read_cpu
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.machine import Machine, read_machine
from ct0.memory import Memory, read_memory
from ct0.network import Network, read_network
from ct0.pressure import Pressure, read_pressure
from ct0.tasks import Tasks, read_tasks

T = TypeVar("T")


class Counters(NamedTuple):
    """What one look found of a CT, and when."""

    ct: CT
    clock: float
    cpu: CPU = CPU()
    memory: Memory = Memory()
    pressure: Pressure = Pressure()
    tasks: Tasks = Tasks()
    network: Network = Network({}, None)
    fails: int | None = None


class Look(NamedTuple):
    clock: float
    machine: Machine
    cts: dict[tuple[str, str], Counters]
    own_fails: int | None


def look(host: Host, cts: list[CT]) -> Look:
    """Raises Unavailable when /proc/stat cannot be read; Malformed."""
    cgroups = Cgroups(host)
    fails = sum_of_failcnt(cgroups)
    clock = time.monotonic()
    machine = read_machine(host)
    found = {(ct.engine, ct.ctid): read(cgroups, ct, fails) for ct in cts}
    return Look(clock, machine, found, fails.get("0"))


def read(cgroups: Cgroups, ct: CT, fails: dict[str, int]) -> Counters:
    """One CT's counters; what is not offered, or does not read, is left out."""
    if ct.state not in (RUNNING, FROZEN):
        return Counters(ct, time.monotonic())
    return Counters(
        ct,
        time.monotonic(),
        offered(read_cpu, cgroups, ct, CPU()),
        offered(read_memory, cgroups, ct, Memory()),
        offered(read_pressure, cgroups, ct, Pressure()),
        offered(read_tasks, cgroups, ct, Tasks()),
        offered(read_network, cgroups, ct, Network({}, None)),
        fails.get(ct.ctid) if ct.engine == "openvz" else None,
    )


def offered(reader: Callable[[Cgroups, CT], T], cgroups: Cgroups, ct: CT, nothing: T) -> T:
    try:
        return reader(cgroups, ct)
    except (Unavailable, Malformed):
        return nothing


def sum_of_failcnt(cgroups: Cgroups) -> dict[str, int]:
    """CTID -> all its beancounters' failcnt; {} without OpenVZ."""
    try:
        counters = cgroups.shared(read_beancounters)
    except (Unavailable, Malformed):
        return {}
    return {ctid: sum(c.failcnt for c in each.values()) for ctid, each in counters.items()}


def same(one: CT, other: CT) -> bool:
    """Whether two looks saw the same run of a CT. Kernels before 4.18 work out the time they
    booted from two clocks, so that start times move by a second."""
    return (
        one.engine == other.engine
        and one.ctid == other.ctid
        and one.init_pid == other.init_pid
        and abs(one.started - other.started) < 1.5
    )
