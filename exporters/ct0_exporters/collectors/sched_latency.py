"""Collector `sched_latency`: how long tasks of OpenVZ's CTs waited for a CPU."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.vestat import read_vestat
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Filler, Scrape

METRICS = (
    Metric(
        "ct_sched_latency_max_seconds",
        GAUGE,
        "Longest wait for a CPU in the kernel's last interval of about 5 s. Source: column maxlat "
        "of /proc/vz/vestat.",
        "latency_max_seconds",
    ),
    Metric(
        "ct_sched_latency_seconds_total",
        COUNTER,
        "All waits for a CPU. Source: column totlat of /proc/vz/vestat.",
        "latency_seconds",
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    fill = Filler(families)
    lines = scrape.cgroups.shared(read_vestat)
    for ctid, identity in scrape.openvz().items():
        if ctid in lines:
            fill(identity, lines[ctid])
    yield from families.values()
