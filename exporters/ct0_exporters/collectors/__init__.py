"""The collectors, one module each, in one literal table.

A module offers
    METRICS            what it can yield, for docs/metrics.md and for its own families;
    collect(scrape)    the families of one look at the host, samples included.

A collector reads files of CT0. It runs no command, asks no daemon, and opens nothing below a CT's
root.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Callable, NamedTuple

from ct0_exporters.collectors import (
    beancounters,
    block_io,
    cpu,
    files,
    filesystem,
    host,
    hugetlb,
    identity,
    load,
    memory,
    network,
    pressure,
    processes,
    sched_latency,
    tasks,
    top,
    venet,
)
from ct0_exporters.families import Family, Metric
from ct0_exporters.scrape import Scrape


class Collector(NamedTuple):
    collect: Callable[[Scrape], Iterator[Family]]
    metrics: tuple[Metric, ...]
    default: bool
    help: str


# In the order of the exposition. What is on by default costs no more with more processes.
COLLECTORS = {
    "identity": Collector(
        identity.collect, identity.METRICS, True, "which CTs there are, their state and start time"
    ),
    "cpu": Collector(
        cpu.collect, cpu.METRICS, True, "CPU time, throttling and limits, of CTs and of CT0 itself"
    ),
    "load": Collector(load.collect, load.METRICS, True, "load averages (OpenVZ)"),
    "sched_latency": Collector(
        sched_latency.collect, sched_latency.METRICS, True, "waiting for a CPU (OpenVZ)"
    ),
    "pressure": Collector(
        pressure.collect, pressure.METRICS, True, "time lost for want of CPU, memory or I/O"
    ),
    "memory": Collector(
        memory.collect, memory.METRICS, True, "memory by kind, swap, limits, OOM kills"
    ),
    "tasks": Collector(
        tasks.collect, tasks.METRICS, True, "processes and threads, and their limit"
    ),
    "block_io": Collector(
        block_io.collect, block_io.METRICS, True, "bytes and operations per block device, limits"
    ),
    "filesystem": Collector(
        filesystem.collect, filesystem.METRICS, True, "size and use of root file systems"
    ),
    "network": Collector(
        network.collect, network.METRICS, True, "bytes, packets, errors and drops per interface"
    ),
    "venet": Collector(venet.collect, venet.METRICS, True, "traffic by class (OpenVZ)"),
    "beancounters": Collector(
        beancounters.collect, beancounters.METRICS, True, "every beancounter (OpenVZ)"
    ),
    "hugetlb": Collector(hugetlb.collect, hugetlb.METRICS, True, "huge pages"),
    "host": Collector(host.collect, host.METRICS, True, "the machine, and CT0's own slices"),
    "files": Collector(files.collect, files.METRICS, False, "open files; looks at every process"),
    "processes": Collector(
        processes.collect, processes.METRICS, False, "processes by state; looks at every process"
    ),
    "top": Collector(top.collect, top.METRICS, False, "the busiest processes of each CT"),
}
