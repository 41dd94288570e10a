"""/proc/vz/venetstat and venetstat_v6; made up after the kernel's format, none is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.venetstat import Traffic, parse_venetstat, read_venetstat


def line(ctid: str, *classes: tuple[int, int]) -> str:
    """As the kernel prints it: " %20Lu/%20Lu" for each class."""
    return f"{ctid} " + "".join(f" {one:20d}/{other:20d}" for one, other in classes) + "\n"


def test_both_families(tmp_path: Path) -> None:
    write(tmp_path, "proc/vz/venetstat", line("101", (10, 20), (1 << 63, 4)) + line("102", (0, 0)))
    write(tmp_path, "proc/vz/venetstat_v6", line("101", (7, 8)))
    assert read_venetstat(Host(str(tmp_path))) == {
        "101": {
            ("ipv4", 0): Traffic(10, 20),
            ("ipv4", 1): Traffic(1 << 63, 4),
            ("ipv6", 0): Traffic(7, 8),
        },
        "102": {("ipv4", 0): Traffic(0, 0)},
    }


def test_twenty_digits_leave_no_blank() -> None:
    most = (1 << 64) - 1
    assert parse_venetstat(line("101", (most, most))) == {"101": [Traffic(most, most)]}


def test_one_family_is_enough(tmp_path: Path) -> None:
    write(tmp_path, "proc/vz/venetstat", "")
    assert read_venetstat(Host(str(tmp_path))) == {}


def test_module_not_loaded(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="venetstat"):
        read_venetstat(Host(str(tmp_path)))


@pytest.mark.parametrize("text", ["101 5/", "101 5\n", "101 five/6\n", "101 -1/1\n"])
def test_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_venetstat(text)


@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    try:
        parse_venetstat(text)
    except Malformed:
        pass
