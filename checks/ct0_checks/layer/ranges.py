"""Thresholds: the ranges of the monitoring plugins, and how they are written in performance data.

    10      outside 0 to 10 is an alert     10:     below 10        ~:10    above 10
    10:20   outside 10 to 20                @10:20  10 to 20, ends included

Numbers may have an exponent, and end in K, M, G, T (1024 each, for bytes) or a percent sign.
nagiosplugin's Range does the comparing. It is only ever given plain decimal texts: the number 0 and
an empty text mean no limit at all to it, and 1e3 or 5K are errors.
"""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Callable, NamedTuple

from nagiosplugin import Range

__all__ = ["Range"]

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
# 150 digits, which is what 1e99T has when written out, and exponents to 99: a number of a million
# digits is nobody's threshold.
NUMBER = re.compile(
    r"([-+]?(?:[0-9]{1,150}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][-+]?[0-9]{1,2})?)([KMGT]?)"
)


class Threshold(NamedTuple):
    """A range, and whether it is written in percent (`80%`) or in bytes (`400M`)."""

    range: Range
    percent: bool = False
    size: bool = False


# nagiosplugin's own default, "", is 0 to infinity: a negative value would be CRITICAL.
UNSET = Range("~:")


def parse_range(text: str) -> Range:
    """A range without a percent sign. Raises ValueError with what is wrong."""
    found = parse_threshold(text)
    if found.percent:
        raise ValueError(f"{text!r}: a percentage is of no use here")
    return found.range


def parse_three(text: str) -> tuple[Range, Range, Range]:
    """Three ranges with commas between, or one for all three. Raises ValueError."""
    parts = text.split(",")
    if len(parts) not in (1, 3):
        raise ValueError(f"{text!r}: one range, or three with commas between")
    one, two, last = (parse_range(part) for part in (parts * 3)[:3])
    return one, two, last


def parse_threshold(text: str) -> Threshold:
    """A range. Raises ValueError with what is wrong."""
    inside = text.startswith("@")
    start, colon, end = text[inside:].rpartition(":")
    if not text[inside:]:
        raise ValueError("an empty range (~: is the one that never alerts)")
    percent, size, bounds = False, False, []
    for bound in (start, end):
        if bound.endswith("%"):
            percent, bound = True, bound[:-1]
        if bound in ("", "~"):
            bounds.append(bound)
            continue
        match = NUMBER.fullmatch(bound)
        if not match:
            raise ValueError(f"{text!r}: {bound!r} is no number")
        size = size or bool(match[2])
        bounds.append(f"{Decimal(match[1]) * UNITS[match[2]]:f}")
    if bounds[1] == "~" or (bounds[0] == "" and bounds[1] == "" and not colon):
        raise ValueError(f"{text!r}: only a start may be ~")
    if percent and size:
        raise ValueError(f"{text!r}: percent or bytes, not both")
    if bounds[0] not in ("", "~") and bounds[1] and Decimal(bounds[0]) > Decimal(bounds[1]):
        raise ValueError(f"{text!r}: {bounds[0]} is above {bounds[1]}")
    if bounds[0] == "" and bounds[1] and Decimal(bounds[1]) < 0:
        raise ValueError(f"{text!r}: the start is 0, which is above {bounds[1]} (~:{bounds[1]}?)")
    spec = "@" * inside + (f"{bounds[0]}:" if colon else "") + bounds[1]
    return Threshold(Range(spec), percent, size)


def scaled(limits: Range, factor: float) -> Range:
    """The same range of a value that is `factor` times as large: percent of 512M in bytes. Large
    numbers are whole."""
    start, end = (
        value if math.isinf(value) else round(value * factor, 0 if factor > 100 else 2)
        for value in (limits.start, limits.end)
    )
    first = "~" if start == -math.inf else decimal(start)
    last = "" if end == math.inf else decimal(end)
    return Range(f"{'@' * limits.invert}{first}:{last}")


def written(limits: Range) -> str:
    """As it was asked for, in plain decimals: 80, 10:, ~:10, @1:2. Nothing for no limit."""
    if not limits.invert and limits.start == -math.inf and limits.end == math.inf:
        return ""
    start = "~:" if limits.start == -math.inf else ""
    if limits.start not in (0, -math.inf) or limits.end == math.inf:
        start = f"{decimal(limits.start)}:" if limits.start != -math.inf else "~:"
    inverted = "@" * limits.invert
    return f"{inverted}{start}" + ("" if limits.end == math.inf else decimal(limits.end))


def outside(limits: Range, show: Callable[[float], str]) -> str:
    """Why a value alerts: `outside 0:80`, `inside 1:2`; `show` writes the numbers."""
    start = "~" if limits.start == -math.inf else show(limits.start)
    end = "" if limits.end == math.inf else show(limits.end)
    return f"{'inside' if limits.invert else 'outside'} {start}:{end}"


def decimal(value: float) -> str:
    """A number without an exponent and without the noise of binary fractions: 0.3, 1000000."""
    if isinstance(value, int):
        return str(int(value))
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
