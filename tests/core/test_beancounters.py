"""User beancounters, recorded on an OpenVZ 6 node, and Virtuozzo's wider tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.beancounters import (
    Beancounter,
    parse_beancounters,
    parse_row,
    read_beancounters,
    read_resources,
)
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from planted import HOSTS

UUID = "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"
HEAD = "Version: 2.5\n  uid  resource  held  maxheld  barrier  limit  failcnt\n"


def test_openvz6(host: Callable[[str], Path]) -> None:
    found = read_beancounters(Host(str(host("openvz6"))))
    assert list(found) == ["103", "102", "101", "0"]
    assert {len(counters) for counters in found.values()} == {20}  # 24 rows less 4 dummies
    assert found["103"]["numproc"] == Beancounter(4, 12, 16, 16, 0)
    assert found["102"]["physpages"] == Beancounter(2236, 2505, 0, 65536, 0)
    assert found["101"]["physpages"] == Beancounter(4609, 6121, 0, math.inf, 0)
    assert found["101"]["tcpsndbuf"] == Beancounter(0, 0, 1720320, 2703360, 0)
    assert found["0"]["numproc"].held == 56


def test_resources_of_one_ct_have_swappages(host: Callable[[str], Path]) -> None:
    here = Host(str(host("openvz6")))
    found = read_resources(here, "102")
    common = read_beancounters(here)["102"]
    assert found["swappages"] == Beancounter(0, 0, 0, 131072, 0)
    assert {name: found[name] for name in common} == common


def test_a_refused_fork_counts() -> None:
    """numproc 16: /bin/sh: can't fork: Cannot allocate memory."""
    text = (HOSTS / "openvz6-numproc-hit/user_beancounters").read_text()
    found = parse_beancounters(text)
    assert found["103"]["numproc"] == Beancounter(12, 16, 16, 16, 1)
    failed = {
        (ctid, name): counter.failcnt
        for ctid, counters in found.items()
        for name, counter in counters.items()
        if counter.failcnt
    }
    assert failed == {("103", "numproc"): 1}


def test_virtuozzo7_ctid_is_wider_than_its_column() -> None:
    text = (HOSTS / "openvz7-derived/vz7.proc.user_beancounters").read_text()
    found = parse_beancounters(text)
    assert UUID in found
    assert found[UUID]["physpages"] == Beancounter(8012, 9120, 131072, 131072, 0)
    assert found[UUID]["kmemsize"].limit == math.inf


@pytest.mark.parametrize(
    ("text", "most"),
    [
        ("9223372036854775807", math.inf),
        ("2251799813685247", math.inf),
        ("2147483647", math.inf),
        ("131072", 131072),
        ("0", 0),
    ],
    ids=["64-bit", "of a memory controller, in pages", "32-bit", "a limit", "zero"],
)
def test_unlimited(text: str, most: float) -> None:
    assert parse_row(["numproc", "1", "2", text, text, "0"])[1] == Beancounter(1, 2, most, most, 0)


def test_host_without_containers() -> None:
    assert parse_beancounters(HEAD) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Version: 2.5\n",
        "uid resource\n",
        HEAD + "  kmemsize 1 2 3 4 5\n",
        HEAD + "  101: kmemsize 1 2 3\n",
        HEAD + "  101: kmemsize a b c d e\n",
        HEAD + "  101:\n",
        "\0\0\0",
    ],
    ids=[
        "empty",
        "truncated in the head",
        "no version",
        "no CTID",
        "truncated",
        "garbage",
        "no row",
        "NUL",
    ],
)
def test_does_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse_beancounters(text)


def test_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, "proc/user_beancounters", HEAD + "rubbish\n")
    with pytest.raises(Malformed, match="proc/user_beancounters"):
        read_beancounters(Host(str(tmp_path)))


@pytest.mark.parametrize("ctid", ["", "..", "1/../0", "/etc", "999"])
def test_no_such_ct(ctid: str, host: Callable[[str], Path]) -> None:
    with pytest.raises(Unavailable):
        read_resources(Host(str(host("openvz6"))), ctid)


def test_no_openvz(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="user_beancounters"):
        read_beancounters(Host(str(tmp_path)))


@given(st.text(max_size=80))
def test_any_rows(text: str) -> None:
    try:
        parse_beancounters(HEAD + text)
    except Malformed:
        pass
