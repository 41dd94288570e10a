"""Growth that stays an alert, for everybody, for as long as asked; and rates."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_checks.layer.past import PARTS, WEEK, Past, forget, past

HOLD = 3600.0


def asked(
    series: dict[str, Any],
    now: float,
    count: float,
    run: float = 100.0,
    seconds: float = HOLD,
    changes: bool = True,
) -> float | None:
    """The growth seen at this moment; None on a first look."""
    found = past(series, "k", run, now, {"n": count}, seconds, changes)
    return None if found is None else found.growth({"n": count})["n"]


def test_first_run_is_the_beginning() -> None:
    series: dict[str, Any] = {}
    assert asked(series, 1000, 7) is None
    assert asked(series, 1060, 7) == 0


def test_growth_is_held_and_then_over() -> None:
    series: dict[str, Any] = {}
    asked(series, 1000, 0)
    assert asked(series, 1300, 2) == 2
    for now in (1301, 1600, 3000, 1300 + 3599):
        assert asked(series, now, 2) == 2, now
    assert asked(series, 1300 + 3601, 2) == 0


def test_a_second_caller_sees_the_same() -> None:
    """Retries, a check by hand, check_multi: none takes the growth from another."""
    series: dict[str, Any] = {}
    asked(series, 1000, 0)
    assert [asked(series, 1300 + at, 3) for at in (0, 0, 0.5, 1, 2, 60)] == [3] * 6


@pytest.mark.parametrize("step", [0.5, 30.0, 1900.0])
def test_callers_that_ask_for_different_counters_take_nothing_from_each_other(step: float) -> None:
    """check_ct_resources --resource=memory and --resource=tasks, a moment apart or an hour."""
    series: dict[str, Any] = {}

    def growth(now: float, **counter: float) -> float:
        found = past(series, "k", 100.0, now, counter, HOLD)
        return 0.0 if found is None else sum(found.growth(counter).values())

    now = 1000.0
    for _ in range(2):
        assert growth(now := now + step, oom_kills=0) == 0
        assert growth(now := now + step, refused=0) == 0
    for _ in range(3):
        assert growth(now := now + min(step, 100.0), refused=2) == 2
        assert growth(now := now + min(step, 100.0), oom_kills=1) == 1


def test_growth_on_growth_adds_up_and_fades() -> None:
    series: dict[str, Any] = {}
    asked(series, 0, 0)
    for minute in range(1, 120):
        asked(series, minute * 60, minute)
    found = asked(series, 7200, 120)
    assert found is not None
    assert 60 <= found <= 62  # the last hour's
    assert len(series["k"]["samples"]) <= 2 * PARTS + 2


def test_a_gap_between_runs_loses_nothing() -> None:
    """The plugin did not run for a day, and something failed meanwhile."""
    series: dict[str, Any] = {}
    asked(series, 1000, 0)
    assert asked(series, 90_000, 5) == 5
    assert asked(series, 90_000 + 3000, 5) == 5
    assert asked(series, 90_000 + 3700, 5) == 0


def test_a_restart_is_a_new_beginning() -> None:
    series: dict[str, Any] = {}
    asked(series, 1000, 5)
    assert asked(series, 1100, 9) == 4
    assert asked(series, 1200, 0, run=1150) is None
    assert asked(series, 1300, 0, run=1150) == 0
    # OpenVZ's counters may live on: that they did is no growth either.
    assert asked(series, 1400, 50, run=1390) is None


def test_the_time_of_boot_in_whole_seconds_makes_no_restart() -> None:
    series: dict[str, Any] = {}
    asked(series, 1000, 5, run=100.4)
    assert asked(series, 1100, 9, run=101.4) == 4


def test_a_counter_that_went_back_begins_anew_and_takes_no_other_along() -> None:
    series: dict[str, Any] = {}
    past(series, "k", 1, 1000, {"a": 5, "b": 5}, HOLD)
    now = {"a": 0, "b": 7}
    found = past(series, "k", 1, 1100, now, HOLD)
    assert found is not None
    assert found.growth(now) == {"a": 0, "b": 2}
    now = {"a": 1, "b": 7}
    found = past(series, "k", 1, 1200, now, HOLD)
    assert found is not None
    assert found.growth(now) == {"a": 1, "b": 2}


def test_a_counter_that_is_new_begins_at_what_it_is() -> None:
    series: dict[str, Any] = {}
    past(series, "k", 1, 1000, {"a": 5}, HOLD)
    found = past(series, "k", 1, 1100, {"a": 5, "b": 9}, HOLD)
    assert found == Past(100, {"a": 5})
    assert found.growth({"a": 5, "b": 9}) == {"a": 0, "b": 0}
    found = past(series, "k", 1, 1200, {"a": 5, "b": 11}, HOLD)
    assert found is not None
    assert found.growth({"a": 5, "b": 11}) == {"a": 0, "b": 2}


def test_callers_with_other_holds_do_not_shorten_each_others() -> None:
    series: dict[str, Any] = {}
    asked(series, 1000, 0)
    asked(series, 1300, 2)
    for now in range(1310, 4800, 60):
        asked(series, now, 2, seconds=60)
    assert asked(series, 4850, 2) == 2
    assert asked(series, 4850, 2, seconds=60) == 0


def test_a_rate_is_over_the_time_asked_for() -> None:
    series: dict[str, Any] = {}
    for now in range(0, 1000, 10):
        past(series, "k", 1, now, {"n": now * 5}, 300, changes=False)
    found = past(series, "k", 1, 1000, {"n": 5000}, 300, changes=False)
    assert found is not None
    assert 300 <= found.age <= 310
    assert found.growth({"n": 5000})["n"] / found.age == pytest.approx(5)
    assert len(series["k"]["samples"]) <= 2 * PARTS + 2


def test_nothing_changed_is_noted_once_unless_rates_are_asked_for() -> None:
    series: dict[str, Any] = {}
    for now in range(0, 1000, 100):
        asked(series, now, 1)
    assert len(series["k"]["samples"]) == 1
    for now in range(1000, 2000, 100):
        asked(series, now, 1, changes=False)
    assert len(series["k"]["samples"]) == 11


def test_what_nobody_asks_for_is_forgotten() -> None:
    series: dict[str, Any] = {"odd": 1, "odder": {"seen": "x"}}
    asked(series, 1000, 0)
    forget(series, 1000 + WEEK - 10)
    assert list(series) == ["k"]
    forget(series, 1000 + WEEK + 10)
    assert series == {}


@pytest.mark.parametrize(
    "entry",
    [
        None,
        [],
        "x",
        {},
        {"run": "1", "seen": 1, "keep": {}, "samples": []},
        {"run": 1, "seen": 1, "keep": {"x": 1}, "samples": []},
        {"run": 1, "seen": 1, "keep": {}, "samples": [[1]]},
        {"run": 1, "seen": 1, "keep": {}, "samples": [[1, {"n": "1"}]]},
        {"run": 1, "seen": 1, "keep": {}, "samples": [[1, {"n": None}]]},
        {"run": True, "seen": 1, "keep": {}, "samples": []},
    ],
)
def test_an_entry_of_another_shape_is_none(entry: Any) -> None:
    series = {"k": entry}
    assert asked(series, 1000, 5) is None
    assert asked(series, 1100, 5) == 0


@given(
    st.lists(
        st.tuples(st.floats(0.01, 4000), st.integers(0, 5), st.sampled_from([600.0, 3600.0])),
        min_size=1,
        max_size=60,
    )
)
def test_no_growth_is_missed_and_none_held_too_long(
    steps: list[tuple[float, int, float]],
) -> None:
    """Whoever calls whenever: growth seen is at least that of the last `hold` seconds, and at most
    that of a little more. What was grown between two calls counts as of the second."""
    series: dict[str, Any] = {}
    now, count = 1000.0, 0
    history = [(now, count)]
    asked(series, now, count)
    for wait, more, hold in steps:
        now += wait
        count += more
        history.append((now, count))
        found = asked(series, now, count, seconds=hold)
        series = json.loads(json.dumps(series))  # as the store gives it back

        def at(moment: float, history: list[tuple[float, int]] = history) -> int:
            known = [value for when, value in history if when <= moment]
            return known[-1] if known else history[0][1]

        assert found is not None
        assert count - at(now - hold) <= found <= count - at(now - hold - 3600 / PARTS - 1)


def test_two_callers_that_ask_for_different_counters() -> None:
    """--resource=memory and --resource=tasks of one container, a second after one another: what
    grew is an alert to the one that asks for it, at each of its calls."""
    series: dict[str, Any] = {}

    def grown(now: float, **values: float) -> float:
        before = past(series, "k", 100.0, now, values, 3600.0)
        return 0.0 if before is None else max(before.growth(values).values())

    grown(1000, oom_kills=0)
    assert grown(1001, tasks_refused=0) == 0
    assert [grown(now, tasks_refused=1) for now in (1002, 1003, 1004)] == [1, 1, 1]
    assert grown(1005, oom_kills=2) == 2
    assert grown(1006, tasks_refused=1) == 1
    for now in range(1010, 4600, 60):
        assert (grown(now, oom_kills=2), grown(now + 1, tasks_refused=1)) == (2, 1), now
    # And no longer than the time that it is held, and a part of it.
    for now in range(4670, 4900, 60):
        last = grown(now, oom_kills=2), grown(now + 1, tasks_refused=1)
    assert last == (0, 0)


def test_a_counter_that_is_seldom_asked_for_is_not_forgotten() -> None:
    series: dict[str, Any] = {}
    past(series, "k", 100.0, 1000.0, {"tasks_refused": 0.0}, 3600.0)
    for now in range(1100, 9000, 100):
        past(series, "k", 100.0, float(now), {"oom_kills": float(now)}, 3600.0)
    before = past(series, "k", 100.0, 9001.0, {"tasks_refused": 3.0}, 3600.0)
    assert before is not None
    assert before.growth({"tasks_refused": 3.0}) == {"tasks_refused": 3.0}
