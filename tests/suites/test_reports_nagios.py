"""The line for Nagios: its state, its limits, what may not be on it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.records import (
    CRITICAL,
    CT,
    ERROR,
    FAILED,
    OUTCOMES,
    PASSED,
    SEVERITIES,
    WAIVED,
    WARNING,
    Result,
    Subject,
)
from ct0_suites.reports.nagios import LIMIT, Nagios
from suites.reported import DEAD, NODE1, SHOP, all_well, hostile, many, results, run

PERFORMANCE = re.compile(r"[a-z_]+=\d+(\.\d+)?s?;;;0")


def line(found: Iterable[Result], **more: object) -> tuple[int, str]:
    stream = io.StringIO()
    summary = run(Nagios(stream), found, **more)
    return summary.state, stream.getvalue()


def well_formed(said: str) -> None:
    """As Nagios, Icinga and NRPE can read it."""
    assert len(said.encode()) <= LIMIT
    assert said.endswith("\n")
    first, *below = said[:-1].split("\n")
    _, bar, data = first.partition(" | ")
    assert bar
    assert all(PERFORMANCE.fullmatch(word) for word in data.split(" "))
    for text in (first.replace(" | ", ""), *below):
        assert text.isprintable()
        assert not set(text) & set("|<>`$\\")


def test_the_worst_first(golden: Callable[[str, str], None]) -> None:
    status, said = line(results())
    assert status == 2
    well_formed(said)
    golden("verify/report-nagios.txt", said)


@pytest.mark.parametrize(
    ("outcomes", "status", "begin"),
    [
        ([(PASSED, CRITICAL)], 0, "CT0_VERIFY OK - 1 of 1 passed on 1 target |"),
        (
            [(PASSED, CRITICAL), (FAILED, WARNING)],
            1,
            "CT0_VERIFY WARNING - 1 of 2 failed: node1 x: wrong |",
        ),
        (
            [(PASSED, CRITICAL), (FAILED, CRITICAL)],
            2,
            "CT0_VERIFY CRITICAL - 1 of 2 failed: node1 x: wrong |",
        ),
        (
            [(PASSED, CRITICAL), (ERROR, CRITICAL)],
            3,
            "CT0_VERIFY UNKNOWN - 1 of 2 could not be judged: node1 x: wrong |",
        ),
        (
            [(FAILED, WARNING), (ERROR, CRITICAL)],
            3,
            "CT0_VERIFY UNKNOWN - 1 of 2 failed, 1 of 2 could not be judged: node1 x: wrong; "
            "WARNING node1 x: wrong |",
        ),
        (
            [(FAILED, CRITICAL), (ERROR, CRITICAL), (FAILED, WARNING)],
            2,
            "CT0_VERIFY CRITICAL - 2 of 3 failed, 1 of 3 could not be judged: node1 x: wrong; "
            "UNKNOWN node1 x: wrong; WARNING node1 x: wrong |",
        ),
        (
            [(PASSED, CRITICAL), (WAIVED, CRITICAL)],
            0,
            "CT0_VERIFY OK - 1 of 2 passed on 1 target, 1 waived (x) |",
        ),
    ],
)
def test_states(outcomes: list[tuple[str, str]], status: int, begin: str) -> None:
    found = [
        Result("x", "ssh", NODE1, outcome, severity, () if outcome == PASSED else ("wrong",))
        for outcome, severity in outcomes
    ]
    got, said = line(found)
    assert got == status
    assert said.startswith(begin)
    well_formed(said)


@pytest.mark.parametrize(
    "reason", ["no nodes", "no targets: no container matches", "node1: No route | to host"]
)
def test_nothing_judged_is_unknown_with_its_reason(reason: str) -> None:
    status, said = line([], nothing=reason)
    assert status == 3
    told = reason.replace("|", "?")
    assert said.startswith(f"CT0_VERIFY UNKNOWN - nothing was judged: {told} | passed=0;;;0 ")


def test_a_dead_node_alone_is_unknown_with_its_reason() -> None:
    found = [each for each in results() if each.subject == DEAD]
    status, said = line(found, nothing=found[0].problems[0])
    assert status == 3
    assert said.startswith(
        "CT0_VERIFY UNKNOWN - nothing was judged: root@node3: connect to host node3 port 22: "
        "No route to host | "
    )


def test_interrupted_is_unknown() -> None:
    status, said = line(all_well(), interrupted=True)
    assert status == 3
    assert said.startswith("CT0_VERIFY UNKNOWN - interrupted before everything was judged, 61 of")


def test_waived_are_counted_and_named() -> None:
    found = [
        Result(
            f"key-{number}", "ssh", SHOP, WAIVED, CRITICAL, ("wrong",), 0, "until 2025-12-31, o: r"
        )
        for number in (1, 1, 2, 3, 4, 5, 6)
    ]
    _, said = line([*all_well(), *found])
    assert "7 waived (key-1, key-2, key-3, key-4, key-5 and 1 more) |" in said
    assert "\nWAIVED node1/shop key-1 (ssh): until 2025-12-31, o: r; wrong\n" in said


def test_a_large_run_is_cut_and_says_so() -> None:
    status, said = line(many())
    assert status == 2
    well_formed(said)
    assert re.search(r"; and 145 more \| ", said)
    assert re.fullmatch(r"\.\.\. and \d+ more", said.rstrip("\n").rpartition("\n")[2])
    shown = said.count("\nCRITICAL ")
    assert shown > 20
    assert said.rstrip("\n").endswith(f"and {250 - shown} more")


def test_hostile_names() -> None:
    _, said = line(hostile())
    well_formed(said)


TEXTS = st.text(max_size=60)


@given(
    st.lists(
        st.builds(
            Result,
            TEXTS,
            TEXTS,
            st.builds(Subject, TEXTS, st.just(CT), TEXTS, TEXTS, TEXTS),
            st.sampled_from(OUTCOMES),
            st.sampled_from(SEVERITIES),
            st.lists(st.text(max_size=400), max_size=8).map(tuple),
            st.just(0.0),
            TEXTS,
        ),
        max_size=30,
    )
)
def test_any_results(found: list[Result]) -> None:
    well_formed(line(found)[1])
