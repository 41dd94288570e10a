"""Collector `beancounters`: all that OpenVZ 6 and 7 count, of CTs and of CT0, in their units."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ct0.beancounters import read_beancounters
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

UNITS = (
    "*pages are pages, *size and *buf bytes, num* counts. Source: {} of /proc/user_beancounters."
)
METRICS = (
    Metric(
        "ct_beancounter_held",
        GAUGE,
        "What the CT has now; " + UNITS.format("held"),
        "held",
        ("resource",),
    ),
    Metric(
        "ct_beancounter_maxheld",
        GAUGE,
        "The most it had since it started; " + UNITS.format("maxheld"),
        "maxheld",
        ("resource",),
    ),
    Metric(
        "ct_beancounter_barrier",
        GAUGE,
        "The soft limit; no series: unlimited; " + UNITS.format("barrier"),
        "barrier",
        ("resource",),
    ),
    Metric(
        "ct_beancounter_limit",
        GAUGE,
        "The hard limit; no series: unlimited; " + UNITS.format("limit"),
        "limit",
        ("resource",),
    ),
    Metric(
        "ct_beancounter_failures_total",
        COUNTER,
        "Requests refused since the CT started. Source: failcnt of /proc/user_beancounters.",
        "failcnt",
        ("resource",),
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    wanted = scrape.options.resources
    counters = scrape.cgroups.shared(read_beancounters)
    # "0" is CT0 itself: what its own processes have, without its CTs'.
    for ctid, identity in {**scrape.openvz(), "0": scrape.own_identity()}.items():
        for resource, counter in counters.get(ctid, {}).items():
            if wanted is not None and not wanted.fullmatch(resource):
                continue
            values = (*identity, resource)
            for family, value in zip(families.values(), counter):
                if value != math.inf:
                    family.samples.append((values, value))
    yield from families.values()
