"""Numbers in a table: short, and honest about what is not known."""

from __future__ import annotations

import math

import pytest

from ct0.figures import duration, percent, size, whole


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (math.inf, "∞"),
        (0, "0"),
        (1023, "1023"),
        (1023.6, "1.0K"),
        (4096, "4.0K"),
        (99.9 * 1024, "99.9K"),
        (99.96 * 1024, "100K"),
        (1023.6 * 1024, "1.0M"),
        (18878464, "18.0M"),
        (5 << 50, "5.0P"),
        (1 << 75, "32768E"),
    ],
)
def test_size(value: float | None, text: str) -> None:
    assert size(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [(None, "-"), (math.inf, "∞"), (0, "0.0"), (0.1234, "12.3"), (0.9996, "100"), (1.53, "153")],
)
def test_percent(share: float | None, text: str) -> None:
    assert percent(share) == text


def test_whole() -> None:
    assert [whole(value) for value in (None, math.inf, 0, 7.0)] == ["-", "∞", "0", "7"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (-1, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (61, "1m1s"),
        (3600, "1h"),
        (3659, "1h"),
        (86460, "1d"),
        (90061, "1d1h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
