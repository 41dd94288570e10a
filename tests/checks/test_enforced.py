"""The number that is enforced: a literal table, and nothing in it a guarantee."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.beancounters import Beancounter, read_beancounters
from ct0.host import Host
from ct0_checks.enforced import ENFORCED, enforced, unit

BARRIER, LIMIT = 100, 200

TABLE = {
    "kmemsize": BARRIER,
    "lockedpages": BARRIER,
    "privvmpages": BARRIER,
    "shmpages": BARRIER,
    "numproc": BARRIER,
    "physpages": LIMIT,
    "vmguarpages": None,
    "oomguarpages": None,
    "numtcpsock": BARRIER,
    "numflock": BARRIER,
    "numpty": BARRIER,
    "numsiginfo": BARRIER,
    "tcpsndbuf": BARRIER,
    "tcprcvbuf": LIMIT,
    "othersockbuf": BARRIER,
    "dgramrcvbuf": BARRIER,
    "numothersock": BARRIER,
    "dcachesize": BARRIER,
    "numfile": BARRIER,
    "numiptent": LIMIT,
    "swappages": LIMIT,
}


@pytest.mark.parametrize(("resource", "number"), TABLE.items())
def test_enforced(resource: str, number: int | None) -> None:
    assert enforced(resource, Beancounter(1, 1, BARRIER, LIMIT, 0)) == number


def test_the_table_is_whole(host: Callable[[str], Path]) -> None:
    assert set(ENFORCED) == set(TABLE)
    recorded = read_beancounters(Host(str(host("openvz6"))))["101"]
    assert set(recorded) | {"swappages"} == set(TABLE)


def test_a_barrier_never_set_is_the_limit() -> None:
    assert enforced("numproc", Beancounter(1, 1, 0, LIMIT, 0)) == LIMIT
    assert enforced("numproc", Beancounter(1, 1, 0, 0, 0)) == 0


def test_no_limit() -> None:
    assert enforced("numproc", Beancounter(1, 1, math.inf, math.inf, 0)) == math.inf
    assert enforced("physpages", Beancounter(1, 1, 0, math.inf, 0)) == math.inf
    # A barrier without end is never hit, whatever the limit is.
    assert enforced("numproc", Beancounter(1, 1, math.inf, LIMIT, 0)) == math.inf
    assert enforced("vmguarpages", Beancounter(1, 1, math.inf, math.inf, 0)) is None


def test_a_resource_of_a_kernel_to_come() -> None:
    assert enforced("numnetif", Beancounter(1, 1, BARRIER, LIMIT, 0)) == BARRIER


def test_units() -> None:
    assert unit("privvmpages", 4096) == (4096, "B")
    assert unit("kmemsize", 4096) == (1, "B")
    assert unit("tcpsndbuf", 4096) == (1, "B")
    assert unit("numproc", 4096) == (1, "")
