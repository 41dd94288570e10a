"""Numbers as people read them in a table: short, and as wide for small values as for large ones.

What is not known is "-", no limit is "∞".
"""

from __future__ import annotations

import math

NONE, UNLIMITED = "-", "∞"
UNITS = "KMGTPE"
LENGTHS = (("d", 86400, "h", 3600), ("h", 3600, "m", 60), ("m", 60, "s", 1))


def size(value: float | None) -> str:
    """Bytes, in steps of 1024: 0, 512, 4.0K, 18.0M, 1.2G, 120G."""
    if value is None:
        return NONE
    if value == math.inf:
        return UNLIMITED
    if value < 1023.5:
        return f"{value:.0f}"
    for unit in UNITS:
        value /= 1024
        if value < 99.95:
            return f"{value:.1f}{unit}"
        if value < 1023.5 or unit == UNITS[-1]:
            break
    return f"{value:.0f}{unit}"


def percent(share: float | None) -> str:
    """A share of 1 as a number of percent: 0.0, 12.3, 153."""
    if share is None:
        return NONE
    if share == math.inf:
        return UNLIMITED
    value = share * 100
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def whole(value: float | None) -> str:
    """A count."""
    if value is None:
        return NONE
    return UNLIMITED if value == math.inf else f"{value:.0f}"


def duration(seconds: float | None) -> str:
    """90061 -> 1d1h, 86460 -> 1d: the largest unit and the next."""
    if seconds is None:
        return NONE
    left = max(0, int(seconds))
    for unit, length, smaller, part in LENGTHS:
        if left >= length:
            rest = left % length // part
            return f"{left // length}{unit}" + (f"{rest}{smaller}" if rest else "")
    return f"{left}s"
