"""OpenVZ's load averages and scheduler weights."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.fairsched import (
    COLUMNS,
    Load,
    Node,
    parse_fairsched,
    parse_load,
    read_fairsched,
    read_load,
)
from ct0.host import Host

HEAD = f"Version: 2.6 debug\n{COLUMNS}\n"


def test_openvz6(host: Callable[[str], Path]) -> None:
    assert read_fairsched(Host(str(host("openvz6")))) == {
        "0": Node(500, 0, 9, 1, 2),
        "101": Node(500, 0, 6, 0, 2),
        "102": Node(500, 0, 6, 0, 2),
        "103": Node(500, 0, 4, 0, 2),
    }


def test_042stab141_has_no_load_average(host: Callable[[str], Path]) -> None:
    cgroups = Cgroups(Host(str(host("openvz6"))))
    web1 = next(ct for ct in containers(cgroups.host) if ct.ctid == "101")
    with pytest.raises(Unavailable, match=r"fairsched/101/cpu\.proc\.loadavg"):
        read_load(cgroups, web1)


def test_load_average(tmp_path: Path) -> None:
    write(
        tmp_path, "proc/mounts", "fairsched /proc/vz/fairsched cgroup rw,cpuacct,cpu,cpuset 0 0\n"
    )
    write(tmp_path, "proc/vz/fairsched/101/cpu.proc.loadavg", "0.23 0.05 0.02 1/70 375\n")
    ct = CT("openvz", "101", cgroups={"cpuacct,cpu,cpuset": "/101"})
    cgroups = Cgroups(Host(str(tmp_path)))
    assert read_load(cgroups, ct) == Load(0.23, 0.05, 0.02, 1, 70)
    with pytest.raises(Unavailable):
        read_load(cgroups, ct._replace(engine="lxc"))


@pytest.mark.parametrize("text", ["", "0.23 0.05", "0.23 0.05 0.02 170 375\n", "a b c d/e f\n"])
def test_load_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_load(text)


@pytest.mark.parametrize(
    "text",
    ["", "Version: 2.6 debug\n", "Version: 2.9\nid weight\n", HEAD + "0 101 0\n", HEAD + "a " * 13],
    ids=["empty", "truncated", "other columns", "truncated line", "garbage"],
)
def test_fairsched_does_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse_fairsched(text)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    for parse in (parse_load, parse_fairsched):
        try:
            parse(HEAD + text)
        except Malformed:
            pass
