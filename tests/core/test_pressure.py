"""Pressure stall information of a CT."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import cgroup_host
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.pressure import Averages, Pressure, parse_stalls, read_pressure

CPU = """\
some avg10=0.00 avg60=0.00 avg300=0.00 total=59816
full avg10=0.00 avg60=0.00 avg300=0.00 total=59139
"""
MEMORY = """\
some avg10=1.50 avg60=0.25 avg300=12.00 total=2000000
full avg10=0.00 avg60=0.00 avg300=0.00 total=1000000
"""
IO = """\
some avg10=0.00 avg60=0.00 avg300=0.00 total=510
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
"""


@pytest.mark.parametrize(("kind", "folder"), [("version 2", ""), ("hybrid", "unified/")])
def test_all_three(kind: str, folder: str, tmp_path: Path) -> None:
    files = {
        f"{folder}cpu.pressure": CPU,
        f"{folder}memory.pressure": MEMORY,
        f"{folder}io.pressure": IO,
    }
    found = read_pressure(*cgroup_host(tmp_path, kind, files))
    assert found[:6] == (0.059816, 0.059139, 2, 1, 0.00051, 0)
    assert found.memory_waiting == Averages(1.5, 0.25, 12.0)
    assert found.io_stalled == Averages(0, 0, 0)


def test_cpu_was_never_full_before_5_13(tmp_path: Path) -> None:
    files = {"cpu.pressure": CPU.partition("full")[0]}
    assert read_pressure(*cgroup_host(tmp_path, "version 2", files)) == Pressure(
        0.059816, cpu_waiting=Averages(0, 0, 0)
    )


def test_nothing_offered(tmp_path: Path, host: Callable[[str], Path]) -> None:
    with pytest.raises(Unavailable, match=r"io\.pressure"):
        read_pressure(*cgroup_host(tmp_path, "version 2", {}))
    with pytest.raises(Unavailable, match="version 2"):
        read_pressure(*cgroup_host(tmp_path, "version 1", {}))
    with pytest.raises(Unavailable, match="version 2"):
        read_pressure(Cgroups(Host(str(host("openvz6")))), CT("openvz", "101"))


@pytest.mark.parametrize(
    "text",
    [
        "some avg10=0.00 avg6",
        "some\n",
        "some total=x\n",
        "total=1\n",
        "some avg10=nan avg60=0.00 avg300=0.00 total=1\n",
        "some avg10=0.00 avg60=-1.00 avg300=0.00 total=1\n",
        "some avg60=0.00 avg10=0.00 avg300=0.00 total=1\n",
    ],
)
def test_truncated_or_garbage_names_the_file(text: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=r"cpu\.pressure"):
        read_pressure(*cgroup_host(tmp_path, "version 2", {"cpu.pressure": text}))


@pytest.mark.parametrize("text", [CPU, MEMORY, MEMORY.splitlines(keepends=True)[0], ""])
def test_counters_are_the_same_without_averages(text: str) -> None:
    goal = [stall and stall._replace(averages=None) for stall in parse_stalls(text)]
    assert list(parse_stalls(text, averages=False)) == goal


def test_empty_file_tells_nothing() -> None:
    assert parse_stalls("") == (None, None)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        assert len(parse_stalls(text)) == len(parse_stalls(text, averages=False)) == 2
    except Malformed:
        pass
