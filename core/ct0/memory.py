"""Memory of a container: what it uses, of which kind, its limits and what happened at them.

    version 2   memory.current, memory.stat, memory.max, .high, .min, .peak (5.19), memory.swap.*,
                memory.events (everything below counts) and memory.events.local (5.2: this cgroup)
    version 1   memory.usage_in_bytes, memory.stat (total_* are with everything below),
                memory.limit_in_bytes, memory.max_usage_in_bytes, memory.memsw.*,
                memory.kmem.usage_in_bytes, memory.[memsw.]failcnt, memory.oom_control
    OpenVZ 6, 7 beancounters physpages, kmemsize, oomguarpages; /proc/bc/CTID/resources (swappages)
                and /proc/bc/CTID/meminfo

Kernel: admin-guide/cgroup-v2.rst "Memory Interface Files", cgroup-v1/memory.rst. All in bytes.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ct0.beancounters import Beancounter, bc_file, read_beancounters, read_resources
from ct0.cgroup_files import (
    Cgroups,
    optional,
    read_cgroup,
    read_flat,
    read_limit,
    read_long_flat,
    read_number,
)
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host


class Memory(NamedTuple):
    """Bytes, but for the counters at the end. None: not offered here; math.inf: no limit."""

    usage: int | None = None  # with page cache and the kernel's part
    working_set: int | None = None  # usage less the file pages not used of late: inactive_file
    anon: int | None = None
    file: int | None = None  # page cache, with shmem
    shmem: int | None = None
    kernel: int | None = None
    slab_reclaimable: int | None = None
    dirty: int | None = None
    peak: int | None = None  # of usage, since the CT started or somebody reset it
    limit: float | None = None
    high: float | None = None  # version 2: above it the CT is slowed down
    guarantee: float | None = None  # version 2 memory.min; OpenVZ: barrier of oomguarpages
    swap_usage: int | None = None
    swap_limit: float | None = None
    oom_kills: int | None = None  # version 1: without those in cgroups below the CT's own
    limit_hits: int | None = None  # how often the CT's own limit was reached
    page_faults: int | None = None
    major_page_faults: int | None = None


def read_memory(cgroups: Cgroups, ct: CT) -> Memory:
    """Everything known of the memory of a running CT.

    Raises Unavailable when nothing is offered: it does not run, nothing accounts for its memory, or
    no right to read. Raises Malformed for a file that does not read as documented.
    """
    found = cgroups.folder(ct, "memory")
    if found is not None:
        return read_memory1(found[1]) if found[0] == 1 else read_memory2(found[1])
    if ct.engine == "openvz":
        return read_memory_of_ve(cgroups, ct.ctid)
    raise Unavailable(f"no memory accounting of {ct.engine} {ct.ctid} here")


def read_memory2(folder: str) -> Memory:
    """The files of version 2. `memory.current` is there if the controller is."""
    usage = read_number(f"{folder}/memory.current")
    stat = optional(read_long_flat, f"{folder}/memory.stat") or {}
    events = optional(read_flat, f"{folder}/memory.events") or {}
    # The CT's own limit: a service's MemoryMax= inside it counts in memory.events as well.
    local = optional(read_flat, f"{folder}/memory.events.local") or events
    return Memory(
        usage=usage,
        working_set=working_set(usage, stat.get("inactive_file")),
        anon=stat.get("anon"),
        file=stat.get("file"),
        shmem=stat.get("shmem"),
        kernel=stat.get("kernel"),  # 5.18
        slab_reclaimable=stat.get("slab_reclaimable"),
        dirty=stat.get("file_dirty"),
        peak=optional(read_number, f"{folder}/memory.peak"),
        limit=optional(read_limit, f"{folder}/memory.max"),
        high=optional(read_limit, f"{folder}/memory.high"),
        guarantee=optional(read_limit, f"{folder}/memory.min"),
        swap_usage=optional(read_number, f"{folder}/memory.swap.current"),
        swap_limit=optional(read_limit, f"{folder}/memory.swap.max"),
        oom_kills=events.get("oom_kill"),  # 4.13
        limit_hits=local.get("max"),
        page_faults=stat.get("pgfault"),
        major_page_faults=stat.get("pgmajfault"),
    )


def read_memory1(folder: str) -> Memory:
    """The files of version 1.

    Swap is memsw less memory, both read a moment apart: below 0 it is 0. An OOM kill counts where
    the killed process was, so one in a service of a CT with systemd is not in oom_kills.
    """
    usage = read_number(f"{folder}/memory.usage_in_bytes")
    stat = optional(read_long_flat, f"{folder}/memory.stat") or {}
    limit = optional(read_limit, f"{folder}/memory.limit_in_bytes")
    both = optional(read_number, f"{folder}/memory.memsw.usage_in_bytes")
    both_limit = optional(read_limit, f"{folder}/memory.memsw.limit_in_bytes")
    oom = optional(read_flat, f"{folder}/memory.oom_control") or {}
    swap_limit = None
    if both_limit is not None and limit is not None:
        # inf - inf is nan: without a limit on both there is none on swap.
        swap_limit = both_limit if both_limit == float("inf") else max(both_limit - limit, 0)
    # Where both limits are the same (docker run --memory-swap), memsw's is hit, and only it counts
    # (Linux 6.18 does not even count there).
    limit_hits = optional(read_number, f"{folder}/memory.failcnt")
    if both is not None and limit_hits is not None:
        limit_hits += optional(read_number, f"{folder}/memory.memsw.failcnt") or 0
    return Memory(
        usage=usage,
        working_set=working_set(usage, stat.get("total_inactive_file")),
        anon=stat.get("total_rss"),
        file=stat.get("total_cache"),
        shmem=stat.get("total_shmem"),
        kernel=optional(read_number, f"{folder}/memory.kmem.usage_in_bytes"),
        dirty=stat.get("total_dirty"),
        peak=optional(read_number, f"{folder}/memory.max_usage_in_bytes"),
        limit=limit,
        swap_usage=None if both is None else max(both - usage, 0),
        swap_limit=swap_limit,
        oom_kills=oom.get("oom_kill"),  # 4.13
        limit_hits=limit_hits,
        page_faults=stat.get("total_pgfault"),
        major_page_faults=stat.get("total_pgmajfault"),
    )


def read_memory_of_ve(cgroups: Cgroups, ctid: str) -> Memory:
    """OpenVZ's beancounters of a CT, or of CT0 itself (CTID "0").

    physpages counts the pages a CT has in RAM, page cache and slab among them; meminfo has its
    parts. failcnt of oomguarpages counts the processes that were killed for want of memory.
    """
    counters = cgroups.shared(read_beancounters).get(ctid)
    if counters is None or "physpages" not in counters:
        raise Unavailable(f"no beancounter of openvz {ctid} here")
    page = page_size(cgroups.host)
    physical, guarantee = counters["physpages"], counters.get("oomguarpages")
    kernel, swap = counters.get("kmemsize"), read_swap(cgroups.host, ctid, counters)
    path = bc_file(cgroups.host, ctid, "meminfo")
    text = optional(read_cgroup, path)
    info = {} if text is None else parse_meminfo(text, path)
    usage = physical.held * page
    return Memory(
        usage=usage,
        working_set=working_set(usage, info.get("Inactive(file)")),
        anon=info.get("AnonPages"),
        file=info.get("Cached"),
        shmem=info.get("Shmem"),
        kernel=None if kernel is None else kernel.held,
        slab_reclaimable=info.get("SReclaimable"),
        dirty=info.get("Dirty"),
        peak=physical.maxheld * page,
        limit=physical.limit * page,
        guarantee=None if guarantee is None else guarantee.barrier * page,
        swap_usage=None if swap is None else swap.held * page,
        swap_limit=None if swap is None else swap.limit * page,
        oom_kills=None if guarantee is None else guarantee.failcnt,
        limit_hits=physical.failcnt,
    )


def read_swap(host: Host, ctid: str, counters: dict[str, Beancounter]) -> Beancounter | None:
    """swappages: OpenVZ 6 and 7 leave it out of the common file."""
    if "swappages" in counters:
        return counters["swappages"]
    try:
        return read_resources(host, ctid).get("swappages")
    except Unavailable:
        return None


def parse_meminfo(text: str, path: str = "") -> dict[str, int]:
    """`AnonPages:  3792 kB` lines in bytes."""
    found = {}
    for line in text.split("\n"):
        if not line:
            continue
        key, colon, value = line.partition(":")
        words = value.split()
        if not colon or not words or not words[0].isdecimal():
            raise Malformed(path, line)
        found[key] = int(words[0]) * (1024 if words[1:] == ["kB"] else 1)
    return found


def working_set(usage: int, inactive_file: int | None) -> int | None:
    return None if inactive_file is None else max(usage - inactive_file, 0)


def page_size(host: Host) -> int:
    """Bytes of a page; a recorded host's is 4096, x86's."""
    return os.sysconf("SC_PAGE_SIZE") if host.live else 4096
