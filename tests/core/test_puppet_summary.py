"""last_run_summary.yaml, as Puppet 7 and 8 really write it and as nobody should."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.puppet.summary import parse_summary

RECORDED = Path(__file__).resolve().parent.parent / "suites/puppet"
FILES = sorted(RECORDED.glob("*/*/last_run_summary.yaml"))
OK = (RECORDED / "7.23.0/ok/last_run_summary.yaml").read_text()


def test_recorded() -> None:
    found = parse_summary(OK, "x")
    assert found.config == "1795626703"
    assert found.puppet == "7.23.0"
    assert found.environment == "production"
    assert found.last_run == 1795626703
    assert found.resources["total"] == 8
    assert found.resources["changed"] == 1
    assert found.events == {"failure": 0, "success": 1, "total": 1}
    assert found.seconds is not None
    assert 0 < found.seconds < 1


def test_all_that_are_recorded_were_read() -> None:
    found = [parse_summary(path.read_text(), str(path)) for path in FILES]
    assert len(found) == 18
    assert {each.puppet for each in found} == {"7.23.0", "8.10.0"}
    assert {each.mode for each in found} == {"user", "agent"}


def test_no_catalog() -> None:
    for version in ("7.23.0", "8.10.0"):
        text = (RECORDED / version / "agent_compile_error/last_run_summary.yaml").read_text()
        found = parse_summary(text, "x")
        assert found.config == ""
        assert found.resources["total"] == found.resources["failed"] == 0
        assert found.events["failure"] == 0


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("1795626703", "1795626703"),
        ("production-8a7b9c0d", "production-8a7b9c0d"),
        ("'1234567'", "1234567"),
        ("'main: it''s'", "main: it's"),
        ('"a\\tb \\e[0m \\x41 \\u00e9"', "a\tb \x1b[0m A é"),
        ("''", ""),
        ("", ""),
        ("'r10k: a long one that\n    goes on'", "r10k: a long one that goes on"),
        ("a long one that\n    goes on", "a long one that goes on"),
        ('"a long one t\\\n    hat goes on"', "a long one that goes on"),
    ],
)
def test_versions_of_catalogs(written: str, read: str) -> None:
    text = OK.replace("  config: 1795626703", f"  config: {written}")
    assert parse_summary(text, "x").config == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n",
        "garbage\n",
        "---\nversion:\n  config: 1\n",
        OK[:200],
        OK[:-1],
        OK.replace("failed: 0", "failed: no"),
        OK.replace("failed: 0", "failed: -1"),
        OK.replace("failed: 0", "failed: &a 0"),
        OK.replace("failed: 0", "failed: !ruby/object:Gem::Installer {}"),
        OK.replace("failed: 0", "failed: 0\n  failed: 0"),
        OK.replace("failed: 0", "failed:\n    0"),
        OK.replace("failed: 0", "failed: [0]"),
        OK.replace("failed: 0", "failed: |-\n    0"),
        OK.replace("failed: 0", 'failed: "0'),
        OK.replace("last_run: 1", "last_run: 1e"),
        OK.replace("events:", "time:"),
        OK.replace("version:", "\tversion:"),
        OK + "  stray: 1\nx",
        "---\n" + "a" * (2 << 20) + ":\n",
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_summary(text, "x")


@given(st.text(st.sampled_from(list(" \n:-'\"\\{}abc019e.~#&!x")), max_size=60))
def test_no_text_is_a_traceback(text: str) -> None:
    for whole in (text, OK.replace("1795626703", text), "---\n" + text + "\n"):
        try:
            parse_summary(whole, "x")
        except Malformed:
            pass
