"""Collector `filesystem`: size and use of the CTs' file systems, as CT0 can see them.

Never by walking files, and never through a CT's root.
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.errors import Malformed, Unavailable
from ct0.filesystem import read_filesystem
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Filler, Scrape, distinct

LABELS = ("mountpoint", "fstype")
SOURCE = (
    "Source: statvfs of the mount on CT0; OpenVZ /proc/vz/vzquota, of stopped CTs ploop's .statfs."
)
METRICS = (
    Metric(
        "ct_filesystem_size_bytes",
        GAUGE,
        f"Size of the CT's file system, or its quota. {SOURCE}",
        "size",
        LABELS,
    ),
    Metric(
        "ct_filesystem_avail_bytes",
        GAUGE,
        f"What is left for users without privileges. {SOURCE}",
        "avail",
        LABELS,
    ),
    Metric("ct_filesystem_used_bytes", GAUGE, f"What is used. {SOURCE}", "used", LABELS),
    Metric(
        "ct_filesystem_files",
        GAUGE,
        f"How many inodes there may be; no series: not limited. {SOURCE}",
        "files",
        LABELS,
    ),
    Metric("ct_filesystem_files_free", GAUGE, f"Inodes left. {SOURCE}", "files_free", LABELS),
    Metric(
        "ct_filesystem_shared",
        GAUGE,
        "1 if the file system holds other files than the CT's: its size and use are everybody's. "
        "Source: /proc/mounts of CT0.",
        "shared",
        LABELS,
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    fill = Filler(families)
    trouble: Malformed | None = None
    for ct, identity in zip(scrape.cts, scrape.identities):
        try:
            found = read_filesystem(scrape.cgroups, ct)
        except Unavailable:
            continue
        except Malformed as error:
            trouble = trouble or error
            continue
        places = distinct(each.mountpoint for each in found)
        for mountpoint, each in {each.mountpoint: each for each in found}.items():
            fill((*identity, places[mountpoint], each.fstype), each)
    yield from families.values()
    if trouble is not None:
        raise trouble
