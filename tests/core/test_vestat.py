"""/proc/vz/vestat and its two units."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.vestat import (
    HEADER,
    HERTZ,
    VEStat,
    derived_hertz,
    parse_rates,
    parse_vestat,
    read_rates,
    read_vestat,
)
from planted import HOSTS

HEAD = f"Version: 2.2\n{HEADER}\n"
# A kernel 2.6.18, from the documentation of a plugin that reads it: 2.79 GHz, HZ=1000.
CYCLES = (
    HEAD + "302 142926 0 10252 152896388 852779112954062 0 427034187248480 1048603937010 0 0 0\n"
)


def test_openvz6_without_stats(host: Callable[[str], Path]) -> None:
    """uptime 3462 jiffies are 3476988490 ns: HZ is 1000. The recorded host has no vz/stats."""
    found = read_vestat(Host(str(host("openvz6"))))
    assert list(found) == ["103", "102", "101"]
    assert found["103"] == VEStat(
        user_seconds=1.011,
        nice_seconds=0.0,
        system_seconds=0.362,
        uptime_seconds=3.462,
        idle_seconds=5.101771466,
        used_seconds=1.580064698,
        latency_max_seconds=0.0,
        latency_seconds=0.0,
        scheduled=0,
    )


def test_stats_say_the_units(host: Callable[[str], Path], tmp_path: Path) -> None:
    root = tmp_path / "host"
    shutil.copytree(host("openvz6") / "proc/vz", root / "proc/vz")
    write(root, "proc/vz/stats", "VEs: 3\ncycles_per_jiffy: 4000000\njiffies_per_second: 250\n")
    found = read_vestat(Host(str(root)))
    assert found["103"].user_seconds == 1011 / 250
    assert found["103"].used_seconds == 1.580064698


def test_cycles_of_2_6_18_with_stats() -> None:
    rates = parse_rates("cycles_per_jiffy: 2793000\njiffies_per_second: 1000\n")
    found = parse_vestat(CYCLES, rates=rates)["302"]
    assert found.user_seconds == 142.926
    assert found.used_seconds == pytest.approx(375.44, abs=0.01)


def test_cycles_of_2_6_18_without_stats_tell_no_seconds(tmp_path: Path) -> None:
    write(tmp_path, "proc/vz/vestat", CYCLES)
    write(tmp_path, "proc/sys/kernel/osrelease", "2.6.18-028stab118\n")
    found = read_vestat(Host(str(tmp_path)))["302"]
    assert found == VEStat(None, None, None, None, None, None, None, None, 0)


@pytest.mark.parametrize(
    ("release", "rates"),
    [
        ("2.6.18-028stab118\n", (0, 0)),
        ("2.6.32-042stab141.42\n", (0, 10**9)),
        ("2.6.26-2-openvz-amd64\n", (0, 10**9)),
        ("3.10.0-1160.vz7\n", (0, 10**9)),
        ("", (0, 10**9)),
    ],
)
def test_kernel_counts_nanoseconds(release: str, rates: tuple[int, int], tmp_path: Path) -> None:
    write(tmp_path, "proc/sys/kernel/osrelease", release)
    assert read_rates(Host(str(tmp_path))) == rates


@pytest.mark.parametrize("hertz", HERTZ)
@pytest.mark.parametrize("seconds", [0.7, 10, 86400, 10**8])
@pytest.mark.parametrize("late", [0.0, 0.015, 0.04])
def test_hertz_by_the_two_uptimes(hertz: int, seconds: float, late: float) -> None:
    """The nanosecond clock of a CT starts a little earlier."""
    assert derived_hertz([(int(seconds * hertz), int((seconds + late) * 1e9))]) == hertz


@pytest.mark.parametrize(
    "uptimes",
    [[], [(0, 0)], [(12, 27_000_000)], [(5000, 427_034_187_248_480)]],
    ids=["no CT", "no time yet", "just started", "two clocks that do not fit"],
)
def test_hertz_that_nothing_tells(uptimes: list[tuple[int, int]]) -> None:
    assert derived_hertz(uptimes) == 0


def test_the_ct_that_is_up_longest_decides() -> None:
    assert derived_hertz([(600, 1_000_000_000), (360_000, 360_000_000_000)]) == 1000


def test_just_started_ct_has_its_nanoseconds() -> None:
    line = "101 12 0 3 20 0 0 27000000 15000000 0 0 0\n"
    found = parse_vestat(HEAD + line)["101"]
    assert (found.user_seconds, found.used_seconds) == (None, 0.015)


def test_virtuozzo7_ctids() -> None:
    found = parse_vestat((HOSTS / "openvz7-derived/vz7.proc.vz.vestat").read_text())
    assert any("-" in ctid for ctid in found)


def test_host_without_running_cts() -> None:
    assert parse_vestat("Version: 2.2\n") == {}
    assert parse_vestat(HEAD) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Ver",
        "Version: 2.2\nVEID user\n",
        HEAD + "101 1 2 3\n",
        HEAD + "101 1 2 3 4 5 6 7 8 9 ten 11\n",
        "\0\0",
    ],
    ids=["empty", "truncated", "other columns", "truncated line", "garbage", "NUL"],
)
def test_does_not_read(text: str) -> None:
    with pytest.raises(Malformed):
        parse_vestat(text)


def test_no_openvz(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="vestat"):
        read_vestat(Host(str(tmp_path)))


@given(st.text(max_size=80))
def test_any_lines(text: str) -> None:
    assert isinstance(parse_rates(text), tuple)
    try:
        parse_vestat(HEAD + text)
    except Malformed:
        pass
