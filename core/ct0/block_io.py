"""What a container reads from and writes to block devices, and its limits there.

version 2, io.stat and io.max of the io controller:

    8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0
    8:0 rbps=2097152 wbps=max riops=max wiops=120

version 1, blkio: bytes and operations of each device, then a sum; and one limit a line:

    254:0 Read 18042880
    254:0 Write 0
    Total 18042880

    8:0 2097152

The files called *_recursive have what is below the CT's own cgroup; older kernels (before 4.3) are
without, and OpenVZ 6 (/proc/vz/beancounter/CTID) has CFQ's blkio.io_service_bytes alone. Buffered
writes are the CT's on version 2 only: version 1 books them on nobody. OpenVZ's own count, of all
devices together, is ct0.ioacct. Kernel: admin-guide/cgroup-v2.rst "IO Interface Files",
cgroup-v1/blkio-controller.rst.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from ct0.cgroup_files import Cgroups, optional, read_cgroup, read_nested
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

# Version 1's files by policy, the best first: the throttle layer sees every device, CFQ and BFQ
# only those they schedule.
BYTES = (
    "blkio.throttle.io_service_bytes_recursive",
    "blkio.throttle.io_service_bytes",
    "blkio.io_service_bytes_recursive",
    "blkio.io_service_bytes",
)
# io.max's keys, and version 1's file for each.
LIMITS = {
    "rbps": "blkio.throttle.read_bps_device",
    "wbps": "blkio.throttle.write_bps_device",
    "riops": "blkio.throttle.read_iops_device",
    "wiops": "blkio.throttle.write_iops_device",
}
STATS = ("rbytes", "wbytes", "rios", "wios", "dbytes", "dios")  # in the order of BlockIO
# A line of io.stat as Linux writes nearly all of them since 4.20.
USUAL = re.compile(r"(\d+:\d+) " + " ".join(rf"{key}=(\d+)" for key in STATS), re.ASCII)


class BlockIO(NamedTuple):
    """Of one CT on one device. None: not offered here; limits are math.inf where none is set."""

    read_bytes: int | None = None
    written_bytes: int | None = None
    reads: int | None = None
    writes: int | None = None
    discarded_bytes: int | None = None
    discards: int | None = None
    read_limit_bytes: float | None = None  # a second
    write_limit_bytes: float | None = None
    read_limit_ops: float | None = None  # a second
    write_limit_ops: float | None = None


def read_block_io(cgroups: Cgroups, ct: CT) -> dict[str, BlockIO]:
    """Device name (sda, dm-0; 8:0 when CT0 no longer knows it) -> what the CT did there.

    Devices that the CT never touched and that have no limit are not in. Raises Unavailable when
    nothing accounts for it here, Malformed.
    """
    if "blkio" in cgroups.mounts:
        folder = cgroups.version1(ct, "blkio")
        found = None if folder is None else read_blkio(folder)
    else:
        folder = cgroups.version2(ct)
        found = None if folder is None else read_io(folder)
    if found is None:
        raise Unavailable(f"no block I/O accounting of {ct.engine} {ct.ctid} here")
    if not found:
        return {}
    names = cgroups.shared(read_device_names)
    return {device_name(cgroups.host, device, names): io for device, io in found.items()}


def read_io(folder: str) -> dict[str, BlockIO] | None:
    """Version 2; None without the io controller."""
    path = f"{folder}/io.stat"
    text = optional(read_cgroup, path)
    if text is None:
        return None
    found = parse_io_stat(text, path)
    path = f"{folder}/io.max"
    limits = optional(read_nested, path) or {}
    # A device without a line in io.max has no limit.
    for device in {**found, **limits}:
        pairs = limits.get(device, {})
        rates = [parse_rate(pairs.get(key, "max"), path) for key in LIMITS]
        found[device] = with_limits(found.get(device, BlockIO()), rates)
    return found


def parse_io_stat(text: str, path: str = "") -> dict[str, BlockIO]:
    """Device (8:0) -> its statistics. Old kernels leave out dbytes and dios, and put devices
    without any before the next one's: `7:1 7:0 8:0 rbytes=...`."""
    found = {}
    for line in text.split("\n"):
        usual = USUAL.fullmatch(line)
        if usual is not None:
            device, *counts = usual.groups()
            found[device] = BlockIO(*map(int, counts))
            continue
        words = line.split()
        first = next((at for at, word in enumerate(words) if "=" in word), len(words))
        if not all(map(is_device, words[:first])) or (words and not first):
            raise Malformed(path, line)
        pairs = dict(word.split("=", 1) for word in words[first:] if "=" in word)
        values = [pairs.get(key) for key in STATS]
        if any(value is not None and not value.isdecimal() for value in values):
            raise Malformed(path, line)
        if any(values):
            numbers = [None if value is None else int(value) for value in values]
            found[words[first - 1]] = BlockIO(*numbers)
    return found


def read_blkio(folder: str) -> dict[str, BlockIO] | None:
    """Version 1; None where no policy counts."""
    found = None
    for name in BYTES:
        path = f"{folder}/{name}"
        text = optional(read_cgroup, path)
        if text is None:
            continue
        sizes = parse_blkio(text, path)
        path = f"{folder}/{name.replace('io_service_bytes', 'io_serviced')}"
        counts = parse_blkio(optional(read_cgroup, path) or "", path)
        found = {
            device: BlockIO(*size, *counts.get(device, (None, None)))
            for device, size in sizes.items()
        }
        if found:
            break  # an empty one may be that of a policy nobody uses
    return None if found is None else add_throttle_limits(found, folder)


def add_throttle_limits(found: dict[str, BlockIO], folder: str) -> dict[str, BlockIO]:
    """The four files blkio.throttle.*_device; without them there are no limits to know."""
    rates: dict[str, dict[str, float]] = {}
    for key, name in LIMITS.items():
        path = f"{folder}/{name}"
        text = optional(read_cgroup, path)
        if text is None:
            return found
        for line in text.split("\n"):
            words = line.split()
            if not words:
                continue
            if len(words) != 2 or not is_device(words[0]):
                raise Malformed(path, line)
            rates.setdefault(words[0], {})[key] = parse_rate(words[1], path)
    none = dict.fromkeys(LIMITS, math.inf)
    return {
        device: with_limits(
            found.get(device, BlockIO()), {**none, **rates.get(device, {})}.values()
        )
        for device in {**found, **rates}
    }


def with_limits(io: BlockIO, rates: Iterable[float]) -> BlockIO:
    """`rates` are in the order of LIMITS, which is that of BlockIO's last fields."""
    return BlockIO._make([*io[: len(STATS)], *rates])


def parse_blkio(text: str, path: str = "") -> dict[str, tuple[int, int]]:
    """Device -> (Read, Write); the other lines say the same in another division."""
    found: dict[str, tuple[int, int]] = {}
    for line in text.split("\n"):
        words = line.split()
        if not words or words[0] == "Total":
            continue
        if len(words) != 3 or not is_device(words[0]) or not words[2].isdecimal():
            raise Malformed(path, line)
        read, written = found.get(words[0], (0, 0))
        if words[1] == "Read":
            found[words[0]] = int(words[2]), written
        elif words[1] == "Write":
            found[words[0]] = read, int(words[2])
    return found


def parse_rate(text: str, path: str = "") -> float:
    """`max`, and version 1's 0, are no limit."""
    if text == "max":
        return math.inf
    if not text.isdecimal():
        raise Malformed(path, text)
    return int(text) or math.inf


def is_device(text: str) -> bool:
    major, colon, minor = text.partition(":")
    return bool(colon) and major.isdecimal() and minor.isdecimal()


def read_device_names(host: Host) -> dict[str, str]:
    """`254:0` -> vda, from /proc/partitions; none where it cannot be read."""
    text = optional(read_cgroup, f"{host.proc}/partitions") or ""
    rows = [line.split() for line in text.split("\n")[1:]]
    return {f"{row[0]}:{row[1]}": row[3] for row in rows if len(row) == 4}


def device_name(host: Host, device: str, names: dict[str, str]) -> str:
    """Devices without a size, as loop and ram, are only below /sys/dev/block."""
    if device in names:
        return names[device]
    try:
        return os.readlink(host.path(f"/sys/dev/block/{device}")).rpartition("/")[2] or device
    except OSError:
        return device
