"""The file of waivers."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Unavailable
from ct0.host import Host
from ct0_audit.waivers import parse_waivers, read_waivers

TODAY = datetime.date(2027, 1, 1)


def complaints(line: str) -> list[str]:
    return parse_waivers(line, "w", TODAY).complaints


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("CT001 /etc/x 2027-01-01", "w:1: wants RULE PATH YYYY-MM-DD REASON"),
        ("CT999 /etc/x 2027-01-01 y", "w:1: CT999: no such rule"),
        ("CT001 etc/x 2027-01-01 y", "w:1: etc/x: not an absolute path"),
        ("CT001 /etc/x 01.02.2027 y", "w:1: 01.02.2027: not a day as 2027-03-31"),
        ("CT001 /etc/x 2026-12-31 y", "w:1: over since 2026-12-31: CT001 /etc/x"),
        ("CT\x1b[31m1 /x 2027-01-01 y", "w:1: CT?[31m1: no such rule"),
    ],
)
def test_lines_that_are_not_heeded(line: str, complaint: str) -> None:
    assert complaints(line) == [complaint]
    assert parse_waivers(line, "w", TODAY).waivers == []


def test_comments_and_empty_lines() -> None:
    assert complaints("\n# a\n   \n") == []


def test_its_last_day_counts() -> None:
    waivers = parse_waivers("* /etc/x 2027-01-01 two words", "w", TODAY)
    assert [(w.rule, w.reason) for w in waivers.waivers] == [("*", "two words")]


@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    parse_waivers(text, "w", TODAY)


def test_no_file_is_no_waiver(tmp_path: Path) -> None:
    assert read_waivers(Host(str(tmp_path)), "/etc/ct0/audit-waivers", TODAY).waivers == []


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    with pytest.raises(Unavailable, match="/w: not a regular file"):
        read_waivers(Host(str(tmp_path)), "/w", TODAY)
