"""Collector `network`: bytes, packets, errors and drops per interface, as the CT sees them."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.errors import Malformed, Unavailable
from ct0.network import read_network
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape, distinct

LOOPBACK = "lo"  # what a CT says to itself; as in cAdvisor, not counted
# In the order of core's record.
KINDS = {
    "receive_bytes": "Bytes that came in to the CT",
    "receive_packets": "Packets that came in to the CT",
    "receive_errors": "Packets that came in to the CT broken",
    "receive_drop": "Packets to the CT that were dropped",
    "transmit_bytes": "Bytes that the CT sent",
    "transmit_packets": "Packets that the CT sent",
    "transmit_errors": "Packets that the CT failed to send",
    "transmit_drop": "Packets from the CT that were dropped",
}
METRICS = tuple(
    Metric(
        f"ct_network_{kind}_total",
        COUNTER,
        f"{what}, by interface but for lo. Source: /proc/PID/net/dev of the CT's init.",
        kind,
        ("device",),
    )
    for kind, what in KINDS.items()
)
SHARED = Metric(
    "ct_network_shares_host",
    GAUGE,
    "1 if the CT is in CT0's network namespace: its traffic is not known, and CT0's is not "
    "repeated here. Source: links /proc/PID/ns/net.",
)
METRICS = (*METRICS, SHARED)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    shared = families.pop(SHARED.name)
    appends = [family.samples.append for family in families.values()]
    trouble: Malformed | None = None
    for ct, identity in scrape.running():
        try:
            network = read_network(scrape.cgroups, ct)
        except Unavailable:
            continue
        except Malformed as error:
            trouble = trouble or error
            continue
        if network.shares_host is not None:
            shared.add(identity, int(network.shares_host))
        if network.shares_host:
            continue
        names = distinct(network.interfaces)
        for device, counters in network.interfaces.items():
            if device == LOOPBACK:
                continue
            values = (*identity, names[device])
            for append, value in zip(appends, counters):
                append((values, value))
    yield from families.values()
    yield shared
    if trouble is not None:
        raise trouble
