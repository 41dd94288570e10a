"""Huge pages of a CT."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from cgroup_hosts import cgroup_host
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.hugetlb import HugePages, read_hugetlb

V2 = {
    "hugetlb.2MB.current": "4194304\n",
    "hugetlb.2MB.max": "max\n",
    "hugetlb.2MB.rsvd.current": "8388608\n",
    "hugetlb.2MB.events": "max 0\n",
    "hugetlb.1GB.current": "0\n",
    "hugetlb.1GB.max": "1073741824\n",
}
V1 = {
    "hugetlb/hugetlb.2MB.usage_in_bytes": "4194304\n",
    "hugetlb/hugetlb.2MB.limit_in_bytes": "9223372036852678656\n",
    "hugetlb/hugetlb.2MB.rsvd.usage_in_bytes": "8388608\n",
    "hugetlb/hugetlb.2MB.max_usage_in_bytes": "8388608\n",
    "hugetlb/hugetlb.1GB.usage_in_bytes": "0\n",
    "hugetlb/hugetlb.1GB.limit_in_bytes": "1073741824\n",
}


@pytest.mark.parametrize(("kind", "files"), [("version 2", V2), ("version 1", V1), ("hybrid", V1)])
def test_each_size_without_reservations(kind: str, files: dict[str, str], tmp_path: Path) -> None:
    assert read_hugetlb(*cgroup_host(tmp_path, kind, files)) == {
        "2MB": HugePages(4194304, math.inf),
        "1GB": HugePages(0, 1073741824),
    }


def test_nothing_offered(tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, "version 2", {"cpu.stat": ""})
    for one in (ct, CT("lxc", "old1")):
        with pytest.raises(Unavailable):
            read_hugetlb(cgroups, one)
    cgroups, ct = cgroup_host(tmp_path / "gone", "version 2", {})
    with pytest.raises(Unavailable, match="web1"):
        read_hugetlb(cgroups, ct)


def test_garbage(tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=r"hugetlb\.2MB\.current"):
        read_hugetlb(*cgroup_host(tmp_path, "version 2", {**V2, "hugetlb.2MB.current": "x"}))
