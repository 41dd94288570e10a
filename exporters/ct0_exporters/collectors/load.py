"""Collector `load`: load averages of OpenVZ's CTs; no other kernel keeps them per CT.

Elsewhere they would have to be read in the CT, where its root may have mounted anything at all.
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.fairsched import read_load
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

METRICS = tuple(
    Metric(
        f"ct_load{minutes}",
        GAUGE,
        f"Load average of {minutes} min: tasks that ran, waited for a CPU or for a disk. Source: "
        "cpu.proc.loadavg of OpenVZ's cpu cgroup.",
        f"load{minutes}",
    )
    for minutes in (1, 5, 15)
)


def collect(scrape: Scrape) -> Iterator[Family]:
    yield from scrape.per_ct(METRICS, read_load)
