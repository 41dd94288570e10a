"""Collector `tasks`: processes and threads of a CT, and how many it may have."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ct0.tasks import read_tasks
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

METRICS = (
    Metric(
        "ct_tasks",
        GAUGE,
        "Processes and threads. Source: pids.current; OpenVZ held of numproc.",
        "current",
    ),
    Metric(
        "ct_tasks_limit",
        GAUGE,
        "How many processes and threads there may be; no series: unlimited. Source: pids.max; "
        "OpenVZ limit of numproc.",
        "limit",
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    yield from scrape.per_ct(METRICS, partial(read_tasks, refused=False))
