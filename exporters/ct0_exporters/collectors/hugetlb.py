"""Collector `hugetlb`: huge pages by their size."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.errors import Malformed, Unavailable
from ct0.hugetlb import read_hugetlb
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Filler, Scrape

METRICS = (
    Metric(
        "ct_hugetlb_usage_bytes",
        GAUGE,
        "Huge pages in use, in bytes. Source: hugetlb.SIZE.current; v1 "
        "hugetlb.SIZE.usage_in_bytes.",
        "usage",
        ("pagesize",),
    ),
    Metric(
        "ct_hugetlb_limit_bytes",
        GAUGE,
        "Huge pages the CT may use, in bytes; no series: unlimited. Source: hugetlb.SIZE.max; v1 "
        "hugetlb.SIZE.limit_in_bytes.",
        "limit",
        ("pagesize",),
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    fill = Filler(families)
    trouble: Malformed | None = None
    for ct, identity in scrape.running():
        try:
            for pagesize, record in read_hugetlb(scrape.cgroups, ct).items():
                fill((*identity, pagesize), record)
        except Unavailable:
            continue
        except Malformed as error:
            trouble = trouble or error
    yield from families.values()
    if trouble is not None:
        raise trouble
