"""CT0's own CPU counter: never down, never up by what a CT used in its life."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_exporters.own_share import Key, OwnShare

A, B, C = ("lxc", "a"), ("lxc", "b"), ("lxc", "c")


class Look(NamedTuple):
    own: float  # what CT0 itself used so far; the machine's counter is this and all CTs ever
    cts: dict[Key, float]  # what each CT used so far in its life
    fresh: tuple[Key, ...] = ()


def play(looks: list[Look], seconds: float = 10) -> list[float]:
    """The totals. The machine's counter keeps what CTs used that are gone, as the kernel's does."""
    share = OwnShare()
    ended = 0.0
    before: dict[Key, float] = {}
    totals = []
    for number, look in enumerate(looks):
        for key, value in before.items():
            now = look.cts.get(key, 0.0)
            if now < value or key in look.fresh:
                ended += value
        before = look.cts
        host = look.own + ended + sum(look.cts.values())
        totals.append(share.look(host, look.cts, number * seconds, frozenset(look.fresh)))
    return totals


STEADY = [Look(20 * n, {A: 50 * n, B: 5 * n}) for n in range(5)]


@pytest.mark.parametrize(
    ("looks", "totals"),
    [
        pytest.param(STEADY, [0, 20, 40, 60, 80], id="steady"),
        pytest.param(
            # exporters.md 0.7: host - sum(CTs) reads 200, 220, 240, 590, 620 here.
            [
                Look(200, {A: 300, B: 100}),
                Look(220, {A: 320, B: 110}),
                Look(240, {A: 340, B: 120}),
                Look(260, {B: 130}),
                Look(280, {B: 140}),
            ],
            [0, 20, 40, 60, 80],
            id="a CT stops",
        ),
        pytest.param(
            [Look(0, {A: 900}), Look(20, {A: 950}), Look(40, {A: 30}), Look(60, {A: 80})],
            [0, 20, 40, 60],
            id="a CT restarts",
        ),
        pytest.param(
            [Look(0, {A: 5}), Look(20, {A: 6}), Look(40, {A: 9}, (A,)), Look(60, {A: 10})],
            [0, 20, 40, 60],
            id="a CT restarts and has used more already",
        ),
        pytest.param(
            [
                Look(0, {A: 0}),
                Look(20, {A: 50}),
                Look(40, {A: 100, B: 30}, (B,)),
                Look(60, {A: 150, B: 80}),
            ],
            [0, 20, 40, 60],
            id="a CT starts",
        ),
        pytest.param(
            [
                Look(0, {A: 0}),
                Look(20, {A: 0}),
                Look(40, {A: 0, B: 7000}),
                Look(60, {A: 0, B: 7001}),
            ],
            [0, 20, 40, 60],
            id="a CT is seen for the first time in the middle of its life",
        ),
        pytest.param(
            [Look(0, {A: 100}), Look(20, {}), Look(40, {A: 120}), Look(60, {A: 130})],
            [0, 0, 0, 20],
            id="before a rate is known, an interval that nobody can be sure of counts for nothing",
        ),
        pytest.param(
            [Look(0, {A: 1000}), Look(20, {A: 1001}), Look(40, {}), Look(60, {})],
            [0, 20, 40, 60],
            id="the last CT disappears",
        ),
        pytest.param([Look(20 * n, {}) for n in range(4)], [0, 20, 40, 60], id="no CT at all"),
        pytest.param([Look(0, {A: 50.0 * n}) for n in range(4)], [0, 0, 0, 0], id="CT0 is idle"),
    ],
)
def test_total(looks: list[Look], totals: list[float]) -> None:
    assert play(looks) == pytest.approx(totals)


def test_ticks_that_lag_behind_even_out() -> None:
    """The machine's counter moves in ticks, a CT's in nanoseconds: one is ahead now and then."""
    share = OwnShare()
    share.look(0.0, {A: 0.0}, 0)
    assert share.look(1.00, {A: 1.03}, 1) == 0.0
    assert share.look(2.05, {A: 2.00}, 2) == pytest.approx(0.05)


def test_a_machine_that_loses_cpus_takes_nothing_away() -> None:
    share = OwnShare()
    share.look(100.0, {}, 0)
    assert share.look(110.0, {}, 10) == 10.0
    assert share.look(60.0, {}, 20) == 10.0
    assert share.look(70.0, {}, 30) == 20.0


def test_two_scrapes_at_once_agree() -> None:
    share = OwnShare()
    share.look(0.0, {A: 0.0}, 0)
    share.look(10.0, {A: 5.0}, 10)
    assert share.look(9.0, {A: 4.5}, 9.5) == 5.0
    assert share.look(20.0, {A: 10.0}, 20) == 10.0


def test_who_started_since_the_last_look() -> None:
    share = OwnShare()
    assert share.started_since({A: 1.0}) == {A}
    share.look(0.0, {})
    assert share.started_since({A: 1.0, B: share._clock + 5}) == {B}


STEPS = st.lists(
    st.tuples(
        st.floats(0, 40),  # what CT0 uses in the interval
        st.dictionaries(st.sampled_from([A, B, C]), st.floats(0, 40)),  # what each CT there uses
        st.frozensets(st.sampled_from([A, B, C])),  # who restarts
    ),
    min_size=2,
    max_size=30,
)


@given(STEPS)
def test_whatever_cts_do_it_goes_up_by_no_more_than_the_machine_used(
    steps: list[tuple[float, dict[Key, float], frozenset[Key]]],
) -> None:
    share = OwnShare()
    host, before, lives = 0.0, 0.0, dict.fromkeys((A, B, C), 1e6)
    total = share.look(host, {A: 1e6}, 0)
    for number, (own, cts, restarted) in enumerate(steps, 1):
        lives.update(dict.fromkeys(restarted, 0.0))
        for key, used in cts.items():
            lives[key] += used
        host += own + sum(cts.values())
        now = share.look(host, {key: lives[key] for key in cts}, number * 10)
        assert total <= now <= total + (host - before) + 1e-6 * number
        total, before = now, host
