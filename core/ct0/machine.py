"""The whole machine, CT0 and its containers together: CPU, memory, load, pressure, network.

    /proc/stat      cpu  1201 3 840 99120 77 0 12 0 0 0     user nice system idle iowait irq ...
    /proc/meminfo   MemAvailable:    971264 kB              none before Linux 3.14
    /proc/loadavg   0.23 0.05 0.02 1/70 375
    /proc/pressure/{cpu,memory,io}                          Linux 4.20
    /proc/net/dev   of the interfaces that lead outside

Times of /proc/stat are in ticks of USER_HZ; guest time is in user already. proc(5).
"""

from __future__ import annotations

import math
import os
import time
from typing import NamedTuple

from ct0.cgroup_files import optional, read_cgroup
from ct0.containers import boot_time, ticks_per_second
from ct0.cpu import read_host_cpus
from ct0.errors import Malformed, Unavailable
from ct0.fairsched import Load, parse_load
from ct0.host import Host
from ct0.memory import parse_meminfo
from ct0.network import parse_net_dev
from ct0.pressure import Pressure, Stall, parse_stalls, pressure
from ct0.text import entries, plain

BUSY = (0, 1, 2, 5, 6)  # user nice system irq softirq; the others wait, or are another machine's


class Machine(NamedTuple):
    """None: not offered here. Bytes and seconds; busy, received and transmitted are counters."""

    name: str
    cpus: int
    busy_seconds: float
    boot_time: float
    memory: int | None = None
    memory_available: int | None = None  # can be had without swapping
    memory_free: int | None = None  # used for nothing, not even as a cache
    swap: int | None = None
    swap_free: int | None = None
    load: Load | None = None
    pressure: Pressure = Pressure()
    received: int | None = None
    transmitted: int | None = None


def read_machine(host: Host) -> Machine:
    """Raises Unavailable when /proc/stat cannot be read; Malformed."""
    memory = optional(read_cgroup, f"{host.proc}/meminfo")
    info = {} if memory is None else parse_meminfo(memory, f"{host.proc}/meminfo")
    load = optional(read_cgroup, f"{host.proc}/loadavg")
    received, transmitted = read_uplinks(host)
    return Machine(
        name=read_name(host),
        cpus=read_host_cpus(host),
        busy_seconds=read_busy_seconds(host),
        boot_time=boot_time(host),
        memory=info.get("MemTotal"),
        memory_available=available(info),
        memory_free=info.get("MemFree"),
        swap=info.get("SwapTotal"),
        swap_free=info.get("SwapFree"),
        load=None if load is None else parse_load(load, f"{host.proc}/loadavg"),
        pressure=read_pressure_of_all(host),
        received=received,
        transmitted=transmitted,
    )


def read_busy_seconds(host: Host) -> float:
    """CPU time used since boot, all CPUs together."""
    path = f"{host.proc}/stat"
    words = read_cgroup(path).partition("\n")[0].split()
    ticks = words[1:]
    if words[:1] != ["cpu"] or len(ticks) < 4 or not all(map(str.isdecimal, ticks)):
        raise Malformed(path, " ".join(words))
    return sum(int(ticks[column]) for column in BUSY if column < len(ticks)) / ticks_per_second(
        host
    )


def read_name(host: Host) -> str:
    name = optional(read_cgroup, f"{host.proc}/sys/kernel/hostname")
    return plain((name or "").strip()) or "host"


def read_time(host: Host) -> float:
    """Now, in seconds since the epoch; on a recorded host when it was recorded."""
    if host.live:
        return time.time()
    words = (optional(read_cgroup, f"{host.proc}/uptime") or "").split()
    try:
        return boot_time(host) + float(words[0])
    except (IndexError, ValueError):
        return boot_time(host)


def available(info: dict[str, int]) -> int | None:
    """MemAvailable, and on kernels without it what free(1) took for it."""
    if "MemAvailable" in info or "MemFree" not in info:
        return info.get("MemAvailable")
    return sum(info.get(key, 0) for key in ("MemFree", "Buffers", "Cached", "SReclaimable"))


def read_pressure_of_all(host: Host) -> Pressure:
    found: list[Stall | None] = []
    for resource in ("cpu", "memory", "io"):
        path = f"{host.proc}/pressure/{resource}"
        text = optional(read_cgroup, path)
        found += (None, None) if text is None else parse_stalls(text, path)
    return pressure(found)


def read_uplinks(host: Host) -> tuple[int | None, int | None]:
    """Bytes received and sent by the interfaces that lead out of the machine: real devices, else
    (CT0 is a container itself) those of the default route. Bridges and the CTs' ends carry the
    same bytes again."""
    try:
        path = f"{host.proc}/net/dev"
        interfaces = parse_net_dev(read_cgroup(path), path)
    except Unavailable:
        return None, None
    folder = host.path("/sys/class/net")
    names = {name for name in entries(folder) if os.path.exists(f"{folder}/{name}/device")}
    names = names & interfaces.keys() or default_routes(host) & interfaces.keys()
    if not names:
        return None, None
    chosen = [interfaces[name] for name in names]
    return sum(i.receive_bytes for i in chosen), sum(i.transmit_bytes for i in chosen)


def default_routes(host: Host) -> set[str]:
    """Interfaces of /proc/net/route's lines to 00000000."""
    lines = (optional(read_cgroup, f"{host.proc}/net/route") or "").split("\n")[1:]
    return {words[0] for words in map(str.split, lines) if words[1:2] == ["00000000"]}


def used(machine: Machine) -> int | None:
    """Memory that cannot be had back without swapping."""
    if machine.memory is None or machine.memory_available is None:
        return None
    return max(machine.memory - machine.memory_available, 0)


def finite(value: float | None) -> float | None:
    """None for what is unknown or without limit."""
    return None if value is None or value == math.inf else value
