"""Ranges of versions."""

from __future__ import annotations

import pytest

from ct0.puppet.version import in_range, parse_range, parse_version


@pytest.mark.parametrize(
    ("version", "wanted", "fits"),
    [
        ("7.23.0", ">=7,<9", True),
        ("8.10.0", ">=7, <9", True),
        ("9.0.0", ">=7,<9", False),
        ("8.10.0", ">8.9", True),
        ("8.10.0", "==8.10", True),
        ("8.10.1", "!=8.10", True),
        ("8.10.0", "<=8.9.9", False),
        ("8.0.0-rc1", ">=8", True),
    ],
)
def test_ranges(version: str, wanted: str, fits: bool) -> None:
    assert in_range(version, wanted) is fits


@pytest.mark.parametrize("text", ["", "7", "~>7", ">=x", ">=7,", "=7"])
def test_no_ranges(text: str) -> None:
    with pytest.raises(ValueError, match="no range"):
        parse_range(text)


@pytest.mark.parametrize("text", ["", "seven", "7.x", "sh: puppet: not found"])
def test_no_versions(text: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        parse_version(text)
