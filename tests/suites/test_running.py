"""All nodes at once: a dead one costs its own results, and nothing judged is never OK."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from ct0_suites.judging import Judge
from ct0_suites.records import (
    CRITICAL,
    CT,
    CT0,
    ERROR,
    FAILED,
    HOST,
    OUTCOMES,
    PASSED,
    WARNING,
    Expectation,
    Result,
    Subject,
    Unreachable,
)
from ct0_suites.running import Node, Summary, verify
from ct0_suites.target import Target
from ct0_suites.transport import Output


class Kept:
    """A report that keeps what it is given."""

    def __init__(self) -> None:
        self.results: list[Result] = []
        self.begun: tuple[int, int] | None = None
        self.summary: Summary | None = None

    def begin(self, nodes: int, expectations: int) -> None:
        self.begun = nodes, expectations

    def add(self, result: Result) -> None:
        self.results.append(result)

    def end(self, summary: Summary) -> None:
        self.summary = summary


class Silent:
    def run(self, command: str, stdin: bytes = b"", timeout: float = 30) -> Output:
        return Output(0, b"", b"")


def machine(name: str, *cts: str, state: str = "running") -> Node:
    """A CT0 with such containers."""
    targets = [Target(Subject(name, CT0, "lxc"), Silent())]
    targets += [Target(Subject(name, CT, "lxc", each, each), Silent(), state) for each in cts]

    @contextmanager
    def open_() -> Iterator[Sequence[Target]]:
        yield targets

    return Node(name, open_)


def dead(name: str, why: str = "no route to host") -> Node:
    @contextmanager
    def open_() -> Iterator[Sequence[Target]]:
        raise Unreachable(f"{name}: {why}")
        yield []

    return Node(name, open_)


def run(*nodes: Node, expected: Sequence[Expectation] = (), jobs: int = 4) -> tuple[Summary, Kept]:
    kept = Kept()
    summary = verify(nodes, Judge(expected), [kept], jobs)
    assert kept.summary == summary
    assert sum(summary.counts.values()) == len(kept.results)
    return summary, kept


def told(kept: Kept) -> set[tuple[str, str, str]]:
    return {(each.subject.id, each.expectation, each.outcome) for each in kept.results}


def test_all_targets_of_all_nodes() -> None:
    summary, kept = run(machine("a", "1", "2"), machine("b"))
    assert told(kept) == {(each, "state", PASSED) for each in ("a", "a/1", "a/2", "b")}
    assert kept.begun == (2, 0)
    assert (summary.state, summary.nodes, summary.targets, summary.nothing) == (0, 2, 4, "")


def test_a_dead_node_costs_its_own_results() -> None:
    summary, kept = run(dead("x"), machine("a", "1"), dead("y"))
    assert told(kept) == {
        ("x", "state", ERROR),
        ("y", "state", ERROR),
        ("a", "state", PASSED),
        ("a/1", "state", PASSED),
    }
    assert summary.state == 3
    assert summary.nothing == ""


def test_a_stopped_container_is_critical_and_before_what_is_unknown() -> None:
    summary, kept = run(dead("x"), machine("a", "1", state="stopped"))
    assert ("a/1", "state", FAILED) in told(kept)
    assert (summary.state, summary.critical) == (2, 1)


def test_a_failure_that_is_a_warning() -> None:
    off = Expectation("off", "state", {"is": "stopped"}, {"kind": ("ct",)}, WARNING)
    summary, _ = run(machine("a", "1"), expected=[off])
    assert (summary.state, summary.counts[FAILED]) == (1, 1)
    summary, _ = run(machine("a", "1"), dead("x"), expected=[off])
    assert summary.state == 3  # worse than a warning


@pytest.mark.parametrize(
    ("nodes", "why"),
    [
        ([], "no nodes"),
        ([dead("x")], "x: no route to host"),
        ([Node("e", machine("e").open)], ""),
    ],
)
def test_nothing_judged_is_unknown_with_the_reason(nodes: list[Node], why: str) -> None:
    summary, _ = run(*nodes)
    assert summary.state == (3 if why else 0)
    assert summary.nothing == why


def test_a_node_without_targets() -> None:
    @contextmanager
    def empty() -> Iterator[Sequence[Target]]:
        yield []

    summary, _ = run(Node("e", empty))
    assert (summary.state, summary.nothing) == (3, "no targets: no container matches")


def test_expected_of_nobody_is_not_passed_over() -> None:
    typo = Expectation("typo", "state", {}, {"ct": ("wbe1",)}, source="site.yaml: state[0]")
    summary, kept = run(machine("a", "web1"), expected=[typo])
    assert summary.state == 3
    (result,) = (each for each in kept.results if each.expectation == "typo")
    assert result.outcome == ERROR
    assert result.problems == ("site.yaml: state[0]: nobody here is of its scope (for:)",)
    # It may be about one that was not reached.
    _, kept = run(machine("a", "web1"), dead("b"), expected=[typo])
    assert "typo" not in {each.expectation for each in kept.results}


def test_so_many_nodes_at_a_time() -> None:
    at_once, most, lock = 0, 0, threading.Lock()
    go = threading.Event()

    @contextmanager
    def counted() -> Iterator[Sequence[Target]]:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
            if at_once == 3:
                go.set()
        go.wait(10)
        yield [Target(Subject("n", HOST), Silent())]
        with lock:
            at_once -= 1

    run(*[Node(f"n{number}", counted) for number in range(9)], jobs=3)
    assert most == 3


def test_interrupted_it_is_not_ok() -> None:
    @contextmanager
    def interrupted() -> Iterator[Sequence[Target]]:
        raise KeyboardInterrupt
        yield []

    summary, _ = run(machine("a"), Node("b", interrupted), jobs=1)
    assert (summary.interrupted, summary.state) == (True, 3)


def test_no_count_makes_an_ok_of_nothing() -> None:
    counts = dict.fromkeys(OUTCOMES, 0)
    for outcome in OUTCOMES:
        summary = Summary({**counts, outcome: 1}, 1, 1, 0.0, 0.0)
        assert (summary.state == 0) == (outcome in (PASSED, "waived"))
    assert Summary(counts, 0, 0, 0.0, 0.0).state == 3
    assert Summary({**counts, FAILED: 1}, 1, 1, 0.0, 0.0, critical=1).state == 2
    assert CRITICAL == "critical"
