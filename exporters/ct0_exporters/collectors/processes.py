"""Collector `processes` (off by default): processes of a CT by state."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ct0.errors import Malformed
from ct0.process import Process
from ct0_exporters.collectors.members import pids
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

# proc_pid_stat(5). Each has a series at all times, so that a rule on one finds it.
STATES = {
    "R": "running",
    "S": "sleeping",
    "D": "disk_sleep",
    "Z": "zombie",
    "T": "stopped",
    "t": "traced",
    "I": "idle",
}
METRICS = (
    Metric(
        "ct_processes",
        GAUGE,
        "Processes by state; threads do not count. Source: field 3 of /proc/PID/stat.",
        labels=("state",),
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    family = scrape.family(METRICS[0])
    for ct, identity in scrape.running():
        counts = Counter(dict.fromkeys(STATES.values(), 0))
        for pid in pids(scrape, ct):
            try:
                with Process(scrape.host, pid) as process:
                    counts[STATES.get(process.stat().state, "other")] += 1
            except (ProcessLookupError, PermissionError, Malformed):
                continue  # ended meanwhile
        for state, count in counts.items():
            family.add((*identity, state), count)
    yield family
