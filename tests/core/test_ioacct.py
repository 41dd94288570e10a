"""/proc/bc/CTID/ioacct and ioprio."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from cgroup_hosts import write
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.ioacct import IOAccount, read_ioacct, read_ioprio


def test_openvz6(host: Callable[[str], Path]) -> None:
    here = Host(str(host("openvz6")))
    assert read_ioacct(here, "101") == IOAccount(18046976, 16384, 53248, 12288, 0, 0, 0, 0, 0)
    assert read_ioacct(here, "0").fsyncs == 9
    assert read_ioprio(here, "101") == 4


def test_lines_of_another_kernel(tmp_path: Path) -> None:
    write(tmp_path, "proc/bc/101/ioacct", "\tread 5\n\tvfs_reads 3717331387\n")
    assert read_ioacct(Host(str(tmp_path)), "101") == IOAccount(read_bytes=5)


@pytest.mark.parametrize("ctid", ["104", "", "..", "../..", "1/2"])
def test_no_such_ct(ctid: str, host: Callable[[str], Path]) -> None:
    for read in (read_ioacct, read_ioprio):
        with pytest.raises(Unavailable):
            read(Host(str(host("openvz6"))), ctid)


@pytest.mark.parametrize("text", ["\tread 18046976\n\twri", "\tread lots\n"])
def test_truncated_or_garbage(text: str, tmp_path: Path) -> None:
    write(tmp_path, "proc/bc/101/ioacct", text)
    with pytest.raises(Malformed, match="101/ioacct"):
        read_ioacct(Host(str(tmp_path)), "101")


@pytest.mark.parametrize("text", ["", "prio:", "4\n", "prio: high\n"])
def test_ioprio_does_not_read(text: str, tmp_path: Path) -> None:
    write(tmp_path, "proc/bc/101/ioprio", text)
    with pytest.raises(Malformed, match="101/ioprio"):
        read_ioprio(Host(str(tmp_path)), "101")
