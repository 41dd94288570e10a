"""Sorted and filtered rows."""

from __future__ import annotations

import math

import pytest

from ct0.arrange import KEYS, arranged, fraction, pressure, wanted
from ct0.live import Row, Waiting

ROWS = [
    Row("openvz", "9", "beta", "running", cpus=0.5, memory=5, working_set=1),
    Row("openvz", "10", "Alpha", "running", cpus=1.5, memory=3),
    Row("lxc", "gamma", "gamma", "stopped"),
    Row("lxc", "delta", "delta", "frozen", cpus=0.5, memory=4, working_set=4),
]


@pytest.mark.parametrize(
    ("key", "descending", "order"),
    [
        pytest.param("cpu", True, "10 delta 9 gamma", id="largest first"),
        pytest.param("cpu", False, "delta 9 10 gamma", id="unknown last either way"),
        pytest.param("name", False, "10 9 delta gamma", id="names without regard to case"),
        pytest.param("ctid", False, "9 10 delta gamma", id="numbers as numbers"),
        pytest.param("ctid", True, "gamma delta 10 9", id="and backwards"),
        pytest.param("state", False, "9 10 delta gamma", id="running first"),
        pytest.param("memory", True, "delta 10 9 gamma", id="working set, else usage"),
        pytest.param("up", True, "delta gamma 9 10", id="all unknown: by engine and CTID"),
    ],
)
def test_order(key: str, descending: bool, order: str) -> None:
    assert " ".join(row.ctid for row in arranged(ROWS, key, descending)) == order


def test_every_key_sorts_any_row() -> None:
    for key in KEYS:
        for descending in (True, False):
            assert len(arranged(ROWS, key, descending)) == len(ROWS)


@pytest.mark.parametrize(
    ("text", "engine", "state", "found"),
    [
        ("", "", "", "9 10 gamma delta"),
        ("ALPHA", "", "", "10"),
        ("lxc stop", "", "", "gamma"),
        ("", "openvz", "", "9 10"),
        ("", "lxc", "frozen", "delta"),
        ("nobody", "", "", ""),
    ],
)
def test_wanted(text: str, engine: str, state: str, found: str) -> None:
    assert " ".join(row.ctid for row in ROWS if wanted(row, text, engine, state)) == found


@pytest.mark.parametrize(
    ("used", "limit", "part"),
    [
        (1, 4, 0.25),
        (5, 4, 1.0),
        (1, math.inf, None),
        (1, None, None),
        (None, 4, None),
        (1, 0, None),
    ],
)
def test_fraction(used: float | None, limit: float | None, part: float | None) -> None:
    assert fraction(used, limit) == part


def test_pressure_is_the_worst_of_three() -> None:
    assert pressure(ROWS[0]._replace(waiting=Waiting(0.1, None, 0.3))) == 0.3
    assert pressure(ROWS[0]) is None
