"""Collector `files` (off by default): open files of a CT. Looks into every process's fd folder."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator

from ct0.beancounters import Beancounter, read_beancounters
from ct0.container import CT
from ct0.errors import Unavailable
from ct0_exporters.collectors.members import pids
from ct0_exporters.families import GAUGE, Family, Metric
from ct0_exporters.scrape import Scrape

METRICS = (
    Metric(
        "ct_open_files",
        GAUGE,
        "Open files, sockets and pipes. Source: entries of /proc/PID/fd of all the CT's processes; "
        "OpenVZ held of numfile.",
    ),
    Metric(
        "ct_open_files_limit",
        GAUGE,
        "How many there may be in the CT; no series: unlimited. Source: OpenVZ limit of numfile.",
    ),
)


def collect(scrape: Scrape) -> Iterator[Family]:
    """Raises PermissionError when no folder at all may be read: it takes CAP_DAC_READ_SEARCH."""
    used, limits = map(scrape.family, METRICS)
    denied: PermissionError | None = None
    for ct, identity in scrape.running():
        counter = beancounter(scrape, ct)
        if counter is not None:
            used.add(identity, counter.held)
            if counter.limit != math.inf:
                limits.add(identity, counter.limit)
            continue
        try:
            used.add(identity, open_files(scrape, ct))
        except PermissionError as error:
            denied = error  # a sum of some would be wrong
    yield used
    yield limits
    if denied is not None:
        raise denied


def beancounter(scrape: Scrape, ct: CT) -> Beancounter | None:
    if ct.engine != "openvz":
        return None
    try:
        return scrape.cgroups.shared(read_beancounters).get(ct.ctid, {}).get("numfile")
    except Unavailable:
        return None


def open_files(scrape: Scrape, ct: CT) -> int:
    count = 0
    for pid in pids(scrape, ct):
        try:
            count += len(os.listdir(f"{scrape.host.proc}/{pid}/fd"))
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
    return count
