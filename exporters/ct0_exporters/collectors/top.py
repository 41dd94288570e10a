"""Collector `top` (off by default): the processes of a CT that used most CPU time.

A PID is a label here: every process that makes it to the top leaves series behind in the
monitoring system. `--collector.top.processes` holds their number down.
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0_exporters.collectors.members import pids
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape, clean

LABELS = ("pid", "comm")
METRICS = (
    Metric(
        "ct_top_process_cpu_seconds_total",
        COUNTER,
        "CPU time of the processes that used most. pid is CT0's number. Source: utime and stime of "
        "/proc/PID/stat.",
        labels=LABELS,
    ),
    Metric(
        "ct_top_process_resident_memory_bytes",
        GAUGE,
        "Memory of these processes that is in RAM, shared pages included. Source: /proc/PID/statm.",
        labels=LABELS,
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    import psutil  # 4 MB that only this collector needs

    psutil.PROCFS_PATH = scrape.host.proc
    cpu, memory = map(scrape.family, METRICS)
    for ct, identity in scrape.running():
        found = []
        for pid in pids(scrape, ct):
            try:
                process = psutil.Process(pid)
                with process.oneshot():
                    times = process.cpu_times()
                    resident, comm = process.memory_info().rss, process.name()
            except psutil.Error:
                continue  # ended meanwhile, or hidden from this caller
            found.append((times.user + times.system, pid, comm, resident))
        for seconds, pid, comm, resident in sorted(found, reverse=True)[: scrape.options.top]:
            values = (*identity, str(pid), clean(comm))
            cpu.add(values, seconds)
            memory.add(values, resident)
    yield cpu
    yield memory
