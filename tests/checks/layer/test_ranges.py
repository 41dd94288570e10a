"""Thresholds as the monitoring plugins read them, and nothing of nagiosplugin's own reading."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_checks.layer.ranges import (
    UNSET,
    decimal,
    outside,
    parse_range,
    parse_threshold,
    scaled,
    written,
)


@pytest.mark.parametrize(
    ("text", "alerts", "fine", "shown", "why"),
    [
        ("10", (-1, 10.1), (0, 10), "10", "outside 0:10"),
        ("0", (-1, 0.1), (0,), "0", "outside 0:0"),  # nagiosplugin's Range(0) has no end
        ("10:", (9,), (10, 1e9), "10:", "outside 10:"),
        ("~:10", (10.5,), (-1e9, 10), "~:10", "outside ~:10"),
        ("10:20", (9, 21), (10, 20), "10:20", "outside 10:20"),
        ("@10:20", (10, 20), (9, 21), "@10:20", "inside 10:20"),
        ("-5:-1", (0, -6), (-5, -1), "-5:-1", "outside -5:-1"),
        (":5", (-1, 6), (0, 5), "5", "outside 0:5"),
        ("~:", (), (-math.inf, math.inf, 0), "", "outside ~:"),
        ("1e3", (1001,), (1000,), "1000", "outside 0:1000"),
        ("1e-7:", (0,), (1,), "0:", "outside 0:"),
        ("5K", (5121,), (5120,), "5120", "outside 0:5120"),
        ("1.5G", (1.6e10,), (1.5 * 2**30,), "1610612736", "outside 0:1610612736"),
        ("0.1", (0.2,), (0.1,), "0.1", "outside 0:0.1"),
        ("1E30", (2e30,), (10**30,), f"1{'0' * 30}", f"outside 0:1{'0' * 30}"),
        (f"1{'0' * 30}", (2e30,), (10**30,), f"1{'0' * 30}", f"outside 0:1{'0' * 30}"),
    ],
)
def test_range(
    text: str, alerts: tuple[float, ...], fine: tuple[float, ...], shown: str, why: str
) -> None:
    limits = parse_range(text)
    assert not any(map(limits.match, alerts))
    assert all(map(limits.match, fine))
    assert (written(limits), outside(limits, decimal)) == (shown, why)


def test_no_threshold_lets_negative_values_pass() -> None:
    assert UNSET.match(-1)  # nagiosplugin's default range makes them CRITICAL
    assert written(UNSET) == ""


def test_percent_and_size_are_told() -> None:
    assert parse_threshold("80%").percent
    assert parse_threshold("10%:80%").percent
    assert parse_threshold("400M").size
    assert not parse_threshold("80").percent
    with pytest.raises(ValueError, match="percentage is of no use"):
        parse_range("80%")


@pytest.mark.parametrize(
    "text",
    ["", "@", "abc", "20:10", "-5", "10:~", "~", "1:2:3", "5K:80%", "nan", "inf", "1e999"]
    + ["5KB", "0x10", "1_000", "٣", "10 ", "9" * 151, "--1", "5 K", "80%%"],
)
def test_no_range(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_range(text)


def test_a_colon_alone_is_zero_and_above() -> None:
    limits = parse_range(":")
    assert (limits.match(-1), limits.match(0), limits.match(1e9)) == (False, True, True)
    assert written(limits) == "0:"


@given(st.text(alphabet="@~:0123456789.eEKM%-+ ", max_size=12))
def test_any_text_is_a_range_or_a_valueerror(text: str) -> None:
    try:
        limits = parse_threshold(text).range
    except ValueError:
        return
    again = written(limits)
    assert "e" not in again.lower()
    if again and abs(limits.start) < math.inf and limits.start == round(limits.start, 6):
        assert parse_range(again).match(limits.start) == limits.match(limits.start)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.30000000000000004, "0.3"),
        (1e-07, "0"),
        (-1e-9, "0"),
        (1e20, "100000000000000000000"),
        (12, "12"),
        (True, "1"),
        (1.5, "1.5"),
        (100.0, "100"),
    ],
)
def test_plain_decimals(value: float, text: str) -> None:
    assert decimal(value) == text


def test_percent_of_a_limit_in_bytes() -> None:
    assert written(scaled(parse_range("80"), 536870912 / 100)) == "429496730"
    assert written(scaled(parse_range("~:80"), 5.12)) == "~:409.6"
    assert written(scaled(parse_range("@10:20"), 10)) == "@100:200"
