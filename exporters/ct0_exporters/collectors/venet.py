"""Collector `venet`: bytes of OpenVZ's CTs over venet, by traffic class."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.venetstat import read_venetstat
from ct0_exporters.families import COUNTER, Family, Metric
from ct0_exporters.scrape import Scrape

LABELS = ("class", "family")
SOURCE = "Source: /proc/vz/venetstat, venetstat_v6; classes without any traffic are left out."
METRICS = (
    Metric(
        "ct_venet_receive_bytes_total",
        COUNTER,
        f"Bytes over venet that came in to the CT. {SOURCE}",
        labels=LABELS,
    ),
    Metric(
        "ct_venet_transmit_bytes_total",
        COUNTER,
        f"Bytes over venet that the CT sent. {SOURCE}",
        labels=LABELS,
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    received, transmitted = map(scrape.family, METRICS)
    traffic = scrape.cgroups.shared(read_venetstat)
    for ctid, identity in scrape.openvz().items():
        for (family, number), counters in traffic.get(ctid, {}).items():
            if number == 0 or any(counters):
                values = (*identity, str(number), family)
                received.add(values, counters.received_bytes)
                transmitted.add(values, counters.transmitted_bytes)
    yield received
    yield transmitted
