"""The rows of a live view sorted and filtered, the same way in a terminal and on a page."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Callable, Union

from ct0.container import FROZEN, RUNNING
from ct0.live import Row

Key = Union[str, float, tuple[int, int, str], None]

STATES = {RUNNING: 0, FROZEN: 1}


def natural(text: str) -> tuple[int, int, str]:
    """9 before 10 before web1."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else -1
    return (0, number, text) if number >= 0 else (1, 0, text.casefold())


def pressure(row: Row) -> float | None:
    """The worst of the three."""
    return max((share for share in row.waiting if share is not None), default=None)


def memory(row: Row) -> int | None:
    """What it needs, where the kernel tells, else all it has."""
    return row.memory if row.working_set is None else row.working_set


def network(row: Row) -> float | None:
    return None if row.receive is None else row.receive + (row.transmit or 0.0)


KEYS: dict[str, Callable[[Row], Key]] = {
    "name": lambda row: natural(row.name),
    "ctid": lambda row: natural(row.ctid),
    "engine": lambda row: row.engine,
    "state": lambda row: float(STATES.get(row.state, 2)),
    "cpu": lambda row: row.cpus,
    "memory": memory,
    "pressure": pressure,
    "fails": lambda row: row.fails,
    "oom": lambda row: row.oom_kills,
    "tasks": lambda row: row.tasks,
    "network": network,
    "in": lambda row: row.receive,
    "out": lambda row: row.transmit,
    "up": lambda row: row.up_seconds,
}
ASCENDING = ("name", "ctid", "engine", "state")  # the others show the largest first


def arranged(rows: Iterable[Row], key: str, descending: bool) -> list[Row]:
    """Sorted by one of KEYS; rows without a value come last either way."""
    value = KEYS[key]
    known: list[Row] = []
    unknown: list[Row] = []
    for row in sorted(rows, key=lambda row: (row.engine, natural(row.ctid))):
        (unknown if value(row) is None else known).append(row)
    known.sort(key=value, reverse=descending)  # type: ignore[arg-type]
    return known + unknown


def wanted(row: Row, text: str = "", engine: str = "", state: str = "") -> bool:
    """Whether each word of `text` is in the row's name, CTID, engine or state."""
    if (engine and row.engine != engine) or (state and row.state != state):
        return False
    about = f"{row.name} {row.ctid} {row.engine} {row.state}".casefold()
    return all(word in about for word in text.casefold().split())


def fraction(used: float | None, limit: float | None) -> float | None:
    """The part of a limit that is used, 0 to 1; None without a limit."""
    if used is None or limit is None or limit == math.inf or limit <= 0:
        return None
    return min(max(used / limit, 0.0), 1.0)
