"""CPU time of a container, its throttling and its limits.

    version 2   cpu.stat (usage_usec 62471, user_usec, system_usec, nr_periods, nr_throttled,
                throttled_usec), cpu.max (max 100000), cpu.weight, cpuset.cpus.effective
    version 1   cpuacct.usage (ns), cpuacct.stat (USER_HZ), cpu.stat (throttled_time in ns),
                cpu.cfs_quota_us, cpu.cfs_period_us, cpu.shares, cpuset.effective_cpus
    OpenVZ 6, 7 /proc/vz/vestat; cpu.rate, cpu.nr_cpus, cpu.shares beside the files of version 1

On a hybrid host where nothing manages the controller for this CT, cpu.stat of version 2 still has
the times. Kernel: admin-guide/cgroup-v2.rst "CPU Interface Files", cgroup-v1/cpuacct.rst,
scheduler/sched-bwc.rst; OpenVZ: libvzctl lib/cpu.c.
"""

from __future__ import annotations

import math
import os
from typing import NamedTuple

from ct0.cgroup_files import (
    Cgroups,
    optional,
    parse_cpus,
    read_cgroup,
    read_flat,
    read_limit,
    read_number,
)
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.vestat import read_vestat


class CPU(NamedTuple):
    """None: not offered here. Times are seconds since the CT started, counts are counters."""

    usage_seconds: float | None = None
    user_seconds: float | None = None  # with niced processes' time, but see nice_seconds
    system_seconds: float | None = None
    nice_seconds: float | None = None  # only where user_seconds is without it: OpenVZ
    periods: int | None = None  # enforcement periods of the limit that passed
    throttled_periods: int | None = None  # those in which the CT was held back
    throttled_seconds: float | None = None
    limit_cpus: float | None = None  # 1.5 is one and a half CPUs; math.inf is no limit
    weight: int | None = None  # version 2, 1 to 10000, 100 is usual
    shares: int | None = None  # version 1, 2 to 262144, 1024 is usual
    units: int | None = None  # OpenVZ's CPUUNITS, 1000 is usual
    online_cpus: int | None = None  # how many CPUs it may run on


NOTHING = CPU()


def read_cpu(cgroups: Cgroups, ct: CT) -> CPU:
    """Everything known of the CPU of a running CT.

    Raises Unavailable when nothing is offered: it does not run, or shares CT0's cgroups.
    Raises Malformed for a file that does not read as documented.
    """
    cpu = read_vestat_times(cgroups, ct) if ct.engine == "openvz" else None
    cpu = cpu or read_times1(cgroups, ct) or read_times2(cgroups, ct) or NOTHING
    controller = cgroups.folder(ct, "cpu")
    if controller is not None:
        version, folder = controller
        cpu = add_limit1(cpu, folder, ct) if version == 1 else add_limit2(cpu, folder)
    if cpu == NOTHING:
        raise Unavailable(f"no CPU accounting of {ct.engine} {ct.ctid} here")
    return cpu._replace(online_cpus=read_online(cgroups, ct, cpu.online_cpus))


def read_times2(cgroups: Cgroups, ct: CT) -> CPU | None:
    """cpu.stat of version 2, microseconds. It is there without the controller too, then without
    the throttling."""
    folder = cgroups.version2(ct)
    if folder is None:
        return None
    stat = optional(read_flat, f"{folder}/cpu.stat")
    if stat is None or "usage_usec" not in stat:
        return None  # before Linux 4.15 only where the controller is on
    throttled = stat.get("throttled_usec")
    return CPU(
        usage_seconds=stat["usage_usec"] / 1e6,
        user_seconds=stat["user_usec"] / 1e6 if "user_usec" in stat else None,
        system_seconds=stat["system_usec"] / 1e6 if "system_usec" in stat else None,
        periods=stat.get("nr_periods"),
        throttled_periods=stat.get("nr_throttled"),
        throttled_seconds=None if throttled is None else throttled / 1e6,
    )


def read_times1(cgroups: Cgroups, ct: CT) -> CPU | None:
    """cpuacct.usage, nanoseconds, and cpuacct.stat, USER_HZ."""
    folder = cgroups.version1(ct, "cpuacct")
    if folder is None:
        return None
    usage = optional(read_number, f"{folder}/cpuacct.usage")
    stat = optional(read_flat, f"{folder}/cpuacct.stat") or {}
    if usage is None:
        return None
    hertz = user_hertz(cgroups.host)
    return CPU(
        usage_seconds=usage / 1e9,
        user_seconds=stat["user"] / hertz if "user" in stat else None,
        system_seconds=stat["system"] / hertz if "system" in stat else None,
    )


def read_vestat_times(cgroups: Cgroups, ct: CT) -> CPU | None:
    """/proc/vz/vestat's line of the CT; see ct0.vestat for its units."""
    try:
        line = cgroups.shared(read_vestat).get(ct.ctid)
    except Unavailable:
        return None  # OpenVZ 9 has none
    if line is None:
        return None
    return CPU(
        usage_seconds=line.used_seconds,
        user_seconds=line.user_seconds,
        system_seconds=line.system_seconds,
        nice_seconds=line.nice_seconds,
    )


def add_limit2(cpu: CPU, folder: str) -> CPU:
    """cpu.max is "QUOTA PERIOD" in microseconds, QUOTA "max" for no limit."""
    text = optional(read_cgroup, f"{folder}/cpu.max")
    return cpu._replace(
        limit_cpus=None if text is None else parse_cpu_max(text, f"{folder}/cpu.max"),
        weight=optional(read_number, f"{folder}/cpu.weight"),
    )


def add_limit1(cpu: CPU, folder: str, ct: CT) -> CPU:
    """The quota in microseconds per period, -1 for no limit; throttled_time in nanoseconds.

    OpenVZ's own limit, cpu.rate, is in 1/1024 CPU, 0 for no limit; and CPUUNITS 1000 are 1024
    shares.
    """
    stat = optional(read_flat, f"{folder}/cpu.stat") or {}
    quota = optional(read_limit, f"{folder}/cpu.cfs_quota_us")
    limit = None
    if quota is not None:
        limit = math.inf
        if quota != math.inf:
            limit = quota / (optional(read_number, f"{folder}/cpu.cfs_period_us") or 100000)
    shares = optional(read_number, f"{folder}/cpu.shares")
    units = online = None
    if ct.engine == "openvz":
        rate = optional(read_number, f"{folder}/cpu.rate")
        if rate:
            limit = min(rate / 1024, math.inf if limit is None else limit)
        units = None if shares is None else round(shares * 1000 / 1024)
        online = optional(read_number, f"{folder}/cpu.nr_cpus") or None  # 0 is all of them
    throttled = stat.get("throttled_time")
    return cpu._replace(
        periods=stat.get("nr_periods"),
        throttled_periods=stat.get("nr_throttled"),
        throttled_seconds=None if throttled is None else throttled / 1e9,
        limit_cpus=limit,
        shares=shares,
        units=units,
        online_cpus=online,
    )


def read_online(cgroups: Cgroups, ct: CT, known: int | None) -> int | None:
    """CPUs of the CT's cpuset. An empty list is version 1's for "not set", version 2's file
    `effective` is never empty; OpenVZ 6 has no `effective`, and gives a CT all CPUs then."""
    if known is not None:
        return known
    found = cgroups.folder(ct, "cpuset")
    if found is not None:
        version, folder = found
        names = ("cpuset.effective_cpus", "cpuset.cpus")
        for name in names if version == 1 else ("cpuset.cpus.effective",):
            text = optional(read_cgroup, f"{folder}/{name}")
            if text and (count := parse_cpus(text, f"{folder}/{name}")):
                return count
    try:
        return cgroups.shared(read_host_cpus)
    except Unavailable:
        return None


def read_host_cpus(host: Host) -> int:
    """CPUs that are online on CT0: the cpuN lines of /proc/stat."""
    lines = read_cgroup(f"{host.proc}/stat").split("\n")
    return sum(line.startswith("cpu") and not line.startswith("cpu ") for line in lines)


def parse_cpu_max(text: str, path: str = "") -> float:
    """`150000 100000` is 1.5 CPUs."""
    quota, _, period = text.strip().partition(" ")
    if quota == "max":
        return math.inf
    try:
        return int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        raise Malformed(path, text) from None


def user_hertz(host: Host) -> int:
    """USER_HZ, the unit of cpuacct.stat; a recorded host's is 100, as nearly everywhere."""
    return os.sysconf("SC_CLK_TCK") if host.live else 100
