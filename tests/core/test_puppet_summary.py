"""last_run_summary.yaml, as Puppet 7 and 8 really write it and as nobody should."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.puppet.summary import parse_sections, parse_summary

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


@pytest.mark.parametrize("path", FILES, ids=lambda path: "-".join(path.parts[-3:-1]))
def test_every_recorded_one_reads_as_yaml_does(path: Path) -> None:
    text = path.read_text()
    known = yaml.safe_load(text)
    assert parse_sections(text, "x") == {
        section: {
            key: "" if value is None else str_of(text, key, value) for key, value in of.items()
        }
        for section, of in known.items()
    }


def str_of(text: str, key: str, value: object) -> str:
    """The spelling in the file of what YAML made a number of."""
    if isinstance(value, str):
        return value
    written = [line.split(": ")[1] for line in text.splitlines() if line.startswith(f"  {key}: ")]
    assert [each for each in written if float(each) == value], (key, value)
    return next(each for each in written if float(each) == value)


def test_all_that_are_recorded_were_read() -> None:
    assert len(FILES) == 18


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
    assert str(yaml.safe_load(text)["version"]["config"] or "") == read


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


@given(st.text(max_size=80))
def test_a_text_that_yaml_quotes_reads_back(value: str) -> None:
    document = {"version": {"config": value}, "time": {"last_run": 5}}
    for style in ("'", '"'):
        text = yaml.safe_dump(
            document, explicit_start=True, default_style=style, width=10**6, allow_unicode=False
        )
        keys = text.replace(f"{style}version{style}:", "version:").replace(
            f"{style}time{style}:", "time:"
        )
        keys = keys.replace(f"{style}config{style}:", "config:").replace(
            f"{style}last_run{style}: !!int {style}5{style}", "last_run: 5"
        )
        if "\n\n" in keys or keys.count("\n") != 5:
            continue  # blank lines within single quotes: Psych writes such a text as a block
        assert parse_summary(keys, "x").config == value
