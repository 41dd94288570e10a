"""Block I/O of a CT by device, and its limits."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import cgroup_host, write
from ct0.block_io import BlockIO, parse_blkio, parse_io_stat, read_block_io
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

PARTITIONS = "major minor  #blocks  name\n\n   8        0     811008 sda\n 253        1  74 dm-1\n"
IO_STAT = """\
8:0 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=4096 dios=1
253:1 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6 cost.usage=7
"""
IO_MAX = "8:0 rbps=2097152 wbps=max riops=max wiops=120\n8:16 rbps=max wbps=max riops=5 wiops=max\n"
NONE = (math.inf, math.inf, math.inf, math.inf)  # no limits
NEVER = (None, None, None, None, None, None)  # no statistics


def test_version_2(tmp_path: Path) -> None:
    write(tmp_path, "proc/partitions", PARTITIONS)
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    os.symlink("../../devices/pci0/block/sdb", tmp_path / "sys/dev/block/8:16")
    files = {"io.stat": IO_STAT, "io.max": IO_MAX}
    assert read_block_io(*cgroup_host(tmp_path, "version 2", files)) == {
        "sda": BlockIO(1459200, 314773504, 192, 353, 4096, 1, 2097152, math.inf, math.inf, 120),
        "dm-1": BlockIO(1, 2, 3, 4, 5, 6, *NONE),
        "sdb": BlockIO(*NEVER, math.inf, math.inf, 5, math.inf),
    }


def test_device_that_ct0_no_longer_knows(tmp_path: Path) -> None:
    found = read_block_io(*cgroup_host(tmp_path, "version 2", {"io.stat": "9:9 rbytes=1\n"}))
    assert found == {"9:9": BlockIO(1, *NEVER[1:], *NONE)}


def test_devices_without_statistics_before_the_next() -> None:
    """Linux 4.x and 5.x print their numbers and forget the newline."""
    text = "7:1 7:0 8:0 rbytes=5 wbytes=6 rios=7 wios=8\n"
    assert parse_io_stat(text) == {"8:0": BlockIO(5, 6, 7, 8)}
    assert parse_io_stat("7:1 7:0 ") == {}
    assert parse_io_stat("") == {}


BYTES1 = "8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Async 0\n8:0 Total 30\nTotal 30\n"
COUNTS1 = "8:0 Read 1\n8:0 Write 2\n8:0 Sync 3\n8:0 Async 0\n8:0 Total 3\nTotal 3\n"
V1 = {
    "blkio/blkio.throttle.io_service_bytes_recursive": BYTES1,
    "blkio/blkio.throttle.io_serviced_recursive": COUNTS1,
    "blkio/blkio.throttle.io_service_bytes": BYTES1.replace("10", "3"),
    "blkio/blkio.throttle.io_serviced": COUNTS1,
    "blkio/blkio.throttle.read_bps_device": "8:0 2097152\n",
    "blkio/blkio.throttle.write_bps_device": "",
    "blkio/blkio.throttle.read_iops_device": "8:16 5\n",
    "blkio/blkio.throttle.write_iops_device": "",
}


@pytest.mark.parametrize("kind", ["version 1", "hybrid"])
def test_version_1_counts_everything_below(kind: str, tmp_path: Path) -> None:
    write(tmp_path, "proc/partitions", PARTITIONS)
    assert read_block_io(*cgroup_host(tmp_path, kind, V1)) == {
        "sda": BlockIO(10, 20, 1, 2, None, None, 2097152, math.inf, math.inf, math.inf),
        "8:16": BlockIO(*NEVER, math.inf, math.inf, 5, math.inf),
    }


def test_nothing_done_yet(tmp_path: Path) -> None:
    files = {"blkio/blkio.throttle.io_service_bytes_recursive": "Total 0\n"}
    assert read_block_io(*cgroup_host(tmp_path, "version 1", files)) == {}
    assert read_block_io(*cgroup_host(tmp_path / "2", "version 2", {"io.stat": ""})) == {}


def test_openvz6(host: Callable[[str], Path]) -> None:
    """vz/beancounter/101/blkio.io_service_bytes; 254:0 is vda in /proc/partitions."""
    cgroups = Cgroups(Host(str(host("openvz6"))))
    found = {ct.ctid: read_block_io(cgroups, ct) for ct in containers(cgroups.host)[:3]}
    assert found["101"] == {"vda": BlockIO(18042880, 0, 248, 0)}
    assert found["103"] == {"vda": BlockIO(3870720, 0, 49, 0)}


@pytest.mark.parametrize("kind", ["version 1", "version 2", "hybrid"])
def test_nothing_offered(kind: str, tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, kind, {})
    for one in (ct, CT("lxc", "old1")):
        with pytest.raises(Unavailable):
            read_block_io(cgroups, one)


@pytest.mark.parametrize("text", ["8:0 rbytes=", "8:0 rbytes=x\n", "rbytes=1\n", "sda rbytes=1\n"])
def test_io_stat_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_io_stat(text)


@pytest.mark.parametrize("text", ["8:0 Read", "8:0 Read x\n", "sda Read 1\n", "8:0 Read 1 2\n"])
def test_blkio_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_blkio(text)


@pytest.mark.parametrize(
    ("kind", "file", "text"),
    [
        ("version 2", "io.max", "8:0 rbps=fast\n"),
        ("version 1", "blkio/blkio.throttle.read_bps_device", "8:0\n"),
        ("version 1", "blkio/blkio.throttle.read_bps_device", "8:0 fast\n"),
    ],
)
def test_limits_that_do_not_read(kind: str, file: str, text: str, tmp_path: Path) -> None:
    files = {**(V1 if kind == "version 1" else {"io.stat": IO_STAT}), file: text}
    with pytest.raises(Malformed, match=file.rpartition("/")[2]):
        read_block_io(*cgroup_host(tmp_path, kind, files))


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    for parse in (parse_io_stat, parse_blkio):
        try:
            parse(text)
        except Malformed:
            pass
