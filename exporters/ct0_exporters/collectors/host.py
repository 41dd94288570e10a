"""Collector `host`: the whole machine, and CT0's own top cgroups."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any, Callable

from ct0.cgroup_files import Cgroups, read_cgroup
from ct0.container import CT
from ct0.containers import boot_time
from ct0.cpu import read_cpu, read_host_cpus
from ct0.errors import Unavailable
from ct0.fairsched import parse_load
from ct0.memory import parse_meminfo, read_memory
from ct0.tasks import read_tasks
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.host_cpu import mode_seconds
from ct0_exporters.scrape import Scrape, clean

MEMINFO = {
    "ct_host_memory_size_bytes": ("MemTotal", "Memory of the machine"),
    "ct_host_memory_available_bytes": ("MemAvailable", "Memory that can be had without swapping"),
    "ct_host_memory_free_bytes": ("MemFree", "Memory not used for anything, not even as a cache"),
    "ct_host_swap_size_bytes": ("SwapTotal", "Swap of the machine"),
    "ct_host_swap_free_bytes": ("SwapFree", "Swap not used"),
}


def about_host(
    name: str, type: str, help: str, labels: tuple[str, ...] = (), field: str = ""
) -> Metric:
    return Metric(name, type, help, field, labels, of_ct=False)


SLICE = ("slice",)
WITH = "of a top cgroup of the host; that of CTs below it (ct_host_slice_containers) is included."
SLICES = (
    about_host(
        "ct_host_slice_containers",
        GAUGE,
        "CTs below a top cgroup of the host; where it is 0, the slice is CT0's own alone.",
        SLICE,
        "containers",
    ),
    about_host(
        "ct_host_slice_cpu_usage_seconds_total",
        COUNTER,
        f"CPU time {WITH} Source: cpu.stat, v1 cpuacct.usage.",
        SLICE,
        "usage_seconds",
    ),
    about_host(
        "ct_host_slice_memory_usage_bytes",
        GAUGE,
        f"Memory {WITH} Source: memory.current, v1 memory.usage_in_bytes.",
        SLICE,
        "usage",
    ),
    about_host(
        "ct_host_slice_tasks", GAUGE, f"Tasks {WITH} Source: pids.current.", SLICE, "current"
    ),
)
CPU = about_host(
    "ct_host_cpu_seconds_total",
    COUNTER,
    "CPU time of the whole machine by mode, all CPUs together. Source: /proc/stat.",
    ("mode",),
)
CPUS = about_host("ct_host_cpus", GAUGE, "CPUs that are online. Source: /proc/stat.")
BOOT = about_host(
    "ct_host_boot_time_seconds",
    GAUGE,
    "When the machine started, in seconds since the epoch. Source: btime of /proc/stat.",
)
LOADS = tuple(
    about_host(
        f"ct_host_load{minutes}",
        GAUGE,
        f"Load average of {minutes} min, of the whole machine. Source: /proc/loadavg.",
    )
    for minutes in (1, 5, 15)
)
MEMORY = tuple(
    about_host(name, GAUGE, f"{text}. Source: {key} of /proc/meminfo.")
    for name, (key, text) in MEMINFO.items()
)
CONTAINERS = about_host(
    "ct_host_containers", GAUGE, "How many CTs of an engine are in a state.", ("engine", "state")
)
METRICS = (CPU, CPUS, BOOT, *LOADS, *MEMORY, CONTAINERS, *SLICES)

READERS: tuple[Callable[[Cgroups, CT], Any], ...] = (read_cpu, read_memory, read_tasks)

# Of each running CT there is one of these at the top: CT0's processes, but nothing one looks at.
PER_CT = ("lxc.monitor", "lxc.payload", "lxc.pivot")


def collect(scrape: Scrape) -> Iterator[Family]:
    yield from machine(scrape)
    containers = scrape.family(CONTAINERS)
    cts = scrape.all_cts if scrape.listed else []
    for (engine, state), number in Counter((ct.engine, ct.state) for ct in cts).items():
        containers.add((clean(engine), state), number)
    yield containers
    yield from slices(scrape)


def machine(scrape: Scrape) -> Iterator[Family]:
    host = scrape.host
    cpu, cpus, boot = map(scrape.family, (CPU, CPUS, BOOT))
    for mode, value in mode_seconds(host).items():
        cpu.add((mode,), value)
    yield cpu
    cpus.add((), scrape.cgroups.shared(read_host_cpus))
    yield cpus
    boot.add((), boot_time(host))
    yield boot
    try:
        load = parse_load(read_cgroup(f"{host.proc}/loadavg"), f"{host.proc}/loadavg")
        for metric, value in zip(LOADS, load):
            family = scrape.family(metric)
            family.add((), value)
            yield family
        path = f"{host.proc}/meminfo"
        info = parse_meminfo(read_cgroup(path), path)
    except Unavailable:
        return
    for metric in MEMORY:
        key = MEMINFO[metric.name][0]
        if key in info:  # no MemAvailable before Linux 3.14
            family = scrape.family(metric)
            family.add((), info[key])
            yield family


def slices(scrape: Scrape) -> Iterator[Family]:
    """The top cgroups, read as if each were a CT. Their counters never go back: a cgroup keeps what
    the cgroups below it used, those too that are gone."""
    mounts = scrape.cgroups.mounts
    families = scrape.families(SLICES)
    top = next((mounts[key] for key in ("", "memory", "cpuacct") if key in mounts), None)
    tops = Counter(ct.cgroup.split("/")[1] for ct in scrape.all_cts if ct.cgroup.count("/"))
    for name in folders(top) if top else ():
        if name.startswith(PER_CT):
            continue
        group = CT("", name, cgroups=dict.fromkeys(mounts, f"/{name}"))
        values = (clean(name),)
        for read in READERS:
            try:
                record = read(scrape.cgroups, group)._asdict()
            except Unavailable:
                continue
            for field, family in families.items():
                if record.get(field) is not None:
                    family.add(values, record[field])
        families["containers"].add(values, tops[name])
    yield from families.values()


def folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []  # unmounted since /proc/mounts was read, or closed to us: no slices are shown
