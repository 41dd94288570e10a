"""Collector `memory`: memory by kind, swap, limits, and what happened at the limits."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.memory import read_memory
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

METRICS = (
    Metric(
        "ct_memory_usage_bytes",
        GAUGE,
        "Memory used, page cache and kernel memory included. Source: memory.current; v1 "
        "memory.usage_in_bytes; OpenVZ held of physpages * page size.",
        "usage",
    ),
    Metric(
        "ct_memory_working_set_bytes",
        GAUGE,
        "Memory used less page cache not used of late. Source: memory.current - inactive_file of "
        "memory.stat; v1 usage_in_bytes - total_inactive_file; OpenVZ physpages - Inactive(file) "
        "of /proc/bc/CTID/meminfo.",
        "working_set",
    ),
    Metric(
        "ct_memory_anon_bytes",
        GAUGE,
        "Memory of processes, not backed by files. Source: anon of memory.stat; v1 total_rss; "
        "OpenVZ AnonPages of /proc/bc/CTID/meminfo.",
        "anon",
    ),
    Metric(
        "ct_memory_file_bytes",
        GAUGE,
        "Page cache, shared memory and tmpfs included. Source: file of memory.stat; v1 "
        "total_cache; OpenVZ Cached of /proc/bc/CTID/meminfo.",
        "file",
    ),
    Metric(
        "ct_memory_shmem_bytes",
        GAUGE,
        "Shared memory and tmpfs. Source: shmem of memory.stat; v1 total_shmem; OpenVZ Shmem of "
        "/proc/bc/CTID/meminfo.",
        "shmem",
    ),
    Metric(
        "ct_memory_kernel_bytes",
        GAUGE,
        "The kernel's memory for the CT. Source: kernel of memory.stat; v1 "
        "memory.kmem.usage_in_bytes; OpenVZ held of kmemsize.",
        "kernel",
    ),
    Metric(
        "ct_memory_slab_reclaimable_bytes",
        GAUGE,
        "The kernel's caches that it can give back. Source: slab_reclaimable of memory.stat; "
        "OpenVZ SReclaimable of /proc/bc/CTID/meminfo.",
        "slab_reclaimable",
    ),
    Metric(
        "ct_memory_dirty_bytes",
        GAUGE,
        "Page cache to be written to disk. Source: file_dirty of memory.stat; v1 total_dirty; "
        "OpenVZ Dirty of /proc/bc/CTID/meminfo.",
        "dirty",
    ),
    Metric(
        "ct_memory_peak_bytes",
        GAUGE,
        "Most memory ever used. Source: memory.peak; v1 memory.max_usage_in_bytes; OpenVZ maxheld "
        "of physpages * page size.",
        "peak",
    ),
    Metric(
        "ct_memory_limit_bytes",
        GAUGE,
        "Memory limit; no series: unlimited. Source: memory.max; v1 memory.limit_in_bytes; OpenVZ "
        "limit of physpages * page size.",
        "limit",
    ),
    Metric(
        "ct_memory_high_bytes",
        GAUGE,
        "Usage above which the CT is slowed down; no series: none. Source: memory.high (v2).",
        "high",
    ),
    Metric(
        "ct_memory_guarantee_bytes",
        GAUGE,
        "Memory that is not taken from the CT. Source: memory.min; OpenVZ barrier of oomguarpages "
        "* page size.",
        "guarantee",
    ),
    Metric(
        "ct_memory_swap_usage_bytes",
        GAUGE,
        "Swap used. Source: memory.swap.current; v1 memsw.usage_in_bytes - usage_in_bytes; OpenVZ "
        "held of swappages * page size.",
        "swap_usage",
    ),
    Metric(
        "ct_memory_swap_limit_bytes",
        GAUGE,
        "Swap limit; no series: unlimited. Source: memory.swap.max; v1 memsw.limit_in_bytes - "
        "limit_in_bytes; OpenVZ limit of swappages * page size.",
        "swap_limit",
    ),
    Metric(
        "ct_memory_oom_kills_total",
        COUNTER,
        "Processes killed for want of memory. Source: oom_kill of memory.events; v1 oom_kill of "
        "memory.oom_control, without cgroups below the CT's own; OpenVZ failcnt of oomguarpages.",
        "oom_kills",
    ),
    Metric(
        "ct_memory_limit_hits_total",
        COUNTER,
        "How often usage reached the limit. Source: max of memory.events.local; v1 "
        "memory.failcnt; OpenVZ failcnt of physpages.",
        "limit_hits",
    ),
    Metric(
        "ct_memory_page_faults_total",
        COUNTER,
        "Page faults. Source: pgfault of memory.stat; v1 total_pgfault.",
        "page_faults",
    ),
    Metric(
        "ct_memory_major_page_faults_total",
        COUNTER,
        "Page faults that had to wait for a disk. Source: pgmajfault of memory.stat; v1 "
        "total_pgmajfault.",
        "major_page_faults",
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    yield from scrape.per_ct(METRICS, read_memory)
