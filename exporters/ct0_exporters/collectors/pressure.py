"""Collector `pressure`: time lost for want of CPU, memory or I/O (PSI)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ct0.pressure import read_pressure
from ct0_exporters.families import COUNTER, Family, Metric
from ct0_exporters.scrape import Scrape

WAITING = "Time in which at least one task waited for {}. Source: total of `some` in {}.pressure."
STALLED = "Time in which all tasks waited for {} at once. Source: total of `full` in {}.pressure."

METRICS = tuple(
    Metric(
        f"ct_pressure_{resource}_{kind}_seconds_total",
        COUNTER,
        text.format(words, resource),
        f"{resource}_{kind}_seconds",
    )
    for resource, words in (("cpu", "a CPU"), ("memory", "memory"), ("io", "I/O"))
    for kind, text in (("waiting", WAITING), ("stalled", STALLED))
)


def collect(scrape: Scrape) -> Iterator[Family]:
    yield from scrape.per_ct(METRICS, partial(read_pressure, averages=False))
