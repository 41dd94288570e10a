"""Versions of Puppet, and ranges of them: ">=7,<9"."""

from __future__ import annotations

import re

CONDITION = re.compile(r" *(>=|<=|==|!=|>|<) *([0-9]{1,6}(?:\.[0-9]{1,6}){0,3}) *", re.ASCII)
VERSION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})(?:[-~+].*)?", re.ASCII)


def parse_version(text: str) -> tuple[int, ...]:
    """7.23.0 as (7, 23, 0); 8.0.0-rc1 is as 8.0.0. Raises ValueError."""
    match = VERSION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"no version: {text[:40]!r}")
    return tuple(map(int, match[1].split(".")))


def parse_range(text: str) -> list[tuple[str, tuple[int, ...]]]:
    """Its conditions, all of which must be true. Raises ValueError."""
    found = []
    for part in text.split(","):
        match = CONDITION.fullmatch(part)
        if match is None:
            raise ValueError(f"no range of versions: {text[:40]!r} (as >=7,<9)")
        found.append((match[1], tuple(map(int, match[2].split(".")))))
    return found


def in_range(version: str, wanted: str) -> bool:
    """Raises ValueError when either does not read as what it is."""
    given = parse_version(version)
    for operator, bound in parse_range(wanted):
        # 7.23.0 == 7.23: the shorter one goes on with zeros.
        length = max(len(given), len(bound))
        left, right = padded(given, length), padded(bound, length)
        if not {
            ">=": left >= right,
            "<=": left <= right,
            "==": left == right,
            "!=": left != right,
            ">": left > right,
            "<": left < right,
        }[operator]:
            return False
    return True


def padded(version: tuple[int, ...], length: int) -> tuple[int, ...]:
    return version + (0,) * (length - len(version))
