"""The strict reader of last_run_summary.yaml reads what a whole reader of YAML reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ct0.puppet.summary import parse_sections, parse_summary

RECORDED = Path(__file__).parent / "puppet"
FILES = sorted(RECORDED.glob("*/*/last_run_summary.yaml"))


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
