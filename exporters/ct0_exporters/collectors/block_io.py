"""Collector `block_io`: bytes and operations on block devices, and their limits."""

from __future__ import annotations

from collections.abc import Iterator

from ct0.block_io import read_block_io
from ct0.errors import Malformed, Unavailable
from ct0.ioacct import read_ioacct, read_ioprio
from ct0_exporters.families import COUNTER, GAUGE, Family, Metric
from ct0_exporters.scrape import Filler, Scrape, distinct

DEVICE = ("device",)
V1 = "v1 blkio.throttle.io_{}_recursive"
OPENVZ = "OpenVZ without cgroup files {} of /proc/bc/CTID/ioacct, device all"
METRICS = (
    Metric(
        "ct_block_read_bytes_total",
        COUNTER,
        f"Bytes read from block devices. Source: rbytes of io.stat; {V1.format('service_bytes')}; "
        f"{OPENVZ.format('read')}.",
        "read_bytes",
        DEVICE,
    ),
    Metric(
        "ct_block_written_bytes_total",
        COUNTER,
        "Bytes written to block devices; v1 does not know whose page cache is written back. "
        f"Source: wbytes of io.stat; {V1.format('service_bytes')}; {OPENVZ.format('write')}.",
        "written_bytes",
        DEVICE,
    ),
    Metric(
        "ct_block_reads_total",
        COUNTER,
        f"Read operations. Source: rios of io.stat; {V1.format('serviced')}.",
        "reads",
        DEVICE,
    ),
    Metric(
        "ct_block_writes_total",
        COUNTER,
        f"Write operations. Source: wios of io.stat; {V1.format('serviced')}.",
        "writes",
        DEVICE,
    ),
    *(
        Metric(
            f"ct_block_{way}_limit_{unit}_per_second",
            GAUGE,
            f"How much the CT may {way} in a second; no series: unlimited. Source: {key} of "
            f"io.max; v1 blkio.throttle.{way}_{v1}_device.",
            f"{way}_limit_{unit}",
            DEVICE,
        )
        for unit, v1, suffix in (("bytes", "bps", "bps"), ("ops", "iops", "iops"))
        for way, key in (("read", f"r{suffix}"), ("write", f"w{suffix}"))
    ),
)
PRIORITY = Metric(
    "ct_block_priority",
    GAUGE,
    "I/O priority, 0 (last) to 7 (first). Source: /proc/bc/CTID/ioprio (OpenVZ).",
)
METRICS = (*METRICS, PRIORITY)


def collect(scrape: Scrape) -> Iterator[Family]:
    families = scrape.families(METRICS)
    priority = families.pop(PRIORITY.name)
    fill = Filler(families)
    trouble: Malformed | None = None
    for ct, identity in scrape.running():
        try:
            devices = read_block_io(scrape.cgroups, ct)
            names = distinct(devices)
            for device, record in devices.items():
                fill((*identity, names[device]), record)
        except Unavailable:
            if ct.engine == "openvz":
                try:
                    account = read_ioacct(scrape.host, ct.ctid)
                except Unavailable:
                    continue
                for field in ("read_bytes", "written_bytes"):
                    value = getattr(account, field)
                    if value is not None:
                        families[field].add((*identity, "all"), value)
        except Malformed as error:
            trouble = trouble or error
    for ctid, identity in scrape.openvz().items():
        try:
            priority.add(identity, read_ioprio(scrape.host, ctid))
        except Unavailable:
            continue
        except Malformed as error:
            trouble = trouble or error
    yield from families.values()
    yield priority
    if trouble is not None:
        raise trouble
