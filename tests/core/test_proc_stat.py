from __future__ import annotations

import pytest

from ct0.errors import Malformed
from ct0.proc_stat import parse_stat

TAIL = b" S 92 176 175 34816 -1 4202496 218 0 4 0 2 1 0 0 20 0 1 0 678 3289088 209 1 2 3\n"


def test_each_field_by_its_place() -> None:
    stat = parse_stat(b"176 (syslogd)" + TAIL)
    assert (stat.pid, stat.comm, stat.state) == (176, "syslogd", "S")
    assert (stat.ppid, stat.pgrp, stat.session, stat.tty_nr) == (92, 176, 175, 34816)
    assert (stat.flags, stat.starttime) == (4202496, 678)


@pytest.mark.parametrize(
    ("raw", "comm"),
    [
        (b"", ""),
        (b" ", " "),
        (b"a b", "a b"),
        (b"a) S 1 2", "a) S 1 2"),
        (b")", ")"),
        (b"(sd-pam)", "(sd-pam)"),
        (b"a\nb", "a\nb"),
        (b"\xff", "\udcff"),
        ("\u00e9".encode(), "\u00e9"),
        (b"kworker/u4:3-events_unbound", "kworker/u4:3-events_unbound"),
    ],
)
def test_a_name_may_hold_anything(raw: bytes, comm: str) -> None:
    stat = parse_stat(b"176 (" + raw + b")" + TAIL)
    assert (stat.comm, stat.ppid, stat.starttime) == (comm, 92, 678)


def test_fields_that_openvz_appends_are_passed_over() -> None:
    assert parse_stat(b"176 (init)" + TAIL[:-1] + b" 1 101\n").starttime == 678


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"176 (syslogd",
        b"176 syslogd) S 1",
        b")(",
        b"(syslogd)" + TAIL,
        b"x (syslogd)" + TAIL,
        b"176 (syslogd)",
        b"176 (syslogd) S 92 176 175 34816 -1 4202496 218 0 4 0 2 1 0 0 20 0 1 0\n",
        b"176 (syslogd) S x" + TAIL[3:],
        b"176 (syslogd) \xff" + TAIL[2:],
        b"\0" * 300,
    ],
)
def test_what_is_no_stat_line_is_malformed_and_names_its_path(line: bytes) -> None:
    with pytest.raises(Malformed, match="/proc/176/stat"):
        parse_stat(line, "/proc/176/stat")
