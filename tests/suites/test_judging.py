"""One target judged: its state first, what may yet become true, what somebody answers for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from ct0.errors import Malformed, Unavailable
from ct0_suites import judging
from ct0_suites.expectations import matching
from ct0_suites.judging import Judge
from ct0_suites.records import (
    CT,
    CT0,
    ERROR,
    FAILED,
    HOST,
    KINDS,
    NOT_APPLICABLE,
    PASSED,
    WAIVED,
    Expectation,
    NotApplicable,
    Subject,
    Unreachable,
    Waiver,
)
from ct0_suites.suites import state
from ct0_suites.target import Target
from ct0_suites.transport import Output

WEB1 = Subject("node1", CT, "lxc", "101", "web1")
NODE1 = Subject("node1", CT0, "lxc")


class Silent:
    """Runs everything with success; or cannot be reached."""

    def __init__(self, trouble: str = "") -> None:
        self.trouble = trouble
        self.ran: list[str] = []

    def run(self, command: str, stdin: bytes = b"", timeout: float = 30) -> Output:
        self.ran.append(command)
        if self.trouble:
            raise Unreachable(self.trouble)
        return Output(0, b"", b"")


class Odd:
    """A suite that says what it is told: `problems`, `raises`, or `after` so many tries nothing."""

    SCHEMA: Mapping[str, Any] = {}
    REQUIRED = ()
    KINDS = KINDS
    tries = 0

    def judge(self, want: Mapping[str, Any], target: Target) -> Iterator[str]:
        type(self).tries += 1
        if "raises" in want:
            raise want["raises"]
        if self.tries <= want.get("after", 10**9):
            yield from want.get("problems", ())

    def observe(self, target: Target) -> Iterator[dict[str, Any]]:
        yield from ()


@pytest.fixture(autouse=True)
def odd(monkeypatch: pytest.MonkeyPatch) -> None:
    Odd.tries = 0
    for module in (judging, matching):
        monkeypatch.setattr(module, "suite", lambda name: state if name == "state" else Odd())


def expect(id: str, scope: Mapping[str, tuple[str, ...]] | None = None, **want: Any) -> Expectation:
    return Expectation(id, "odd", want, scope or {})


def outcomes(judge: Judge, target: Target) -> list[tuple[str, str]]:
    return [(each.expectation, each.outcome) for each in judge.judge(target)]


def test_each_way_it_can_go() -> None:
    judge = Judge(
        [
            expect("fine"),
            expect("bad", problems=("one", "two")),
            expect("absent", raises=NotApplicable("no Puppet here")),
            expect("hidden", raises=Unavailable("/proc: hidden")),
            expect("garbage", raises=Malformed("/x", "y")),
            expect("gone", raises=Unreachable("node1: no answer")),
            expect("denied", raises=PermissionError(13, "Permission denied", "/x")),
            expect("bug", raises=KeyError("x")),
        ]
    )
    target = Target(WEB1, Silent())
    assert outcomes(judge, target) == [
        ("state", PASSED),
        ("fine", PASSED),
        ("bad", FAILED),
        ("absent", NOT_APPLICABLE),
        ("hidden", ERROR),
        ("garbage", ERROR),
        ("gone", ERROR),
        ("denied", ERROR),
        ("bug", ERROR),
    ]
    found = {each.expectation: each.problems for each in judge.judge(target)}
    assert found["bad"] == ("one", "two")
    assert found["absent"] == ("no Puppet here",)
    assert found["denied"] == ("/x: Permission denied: run as root",)
    assert found["bug"] == ("KeyError: 'x' (a bug: please report it)",)


def test_what_does_not_run_is_judged_by_its_state_alone() -> None:
    judge = Judge([expect("fine")])
    silent = Silent()
    (result,) = judge.judge(Target(WEB1, silent, "stopped"))
    assert (result.suite, result.outcome) == ("state", FAILED)
    assert result.problems == ("is stopped, not running",)
    assert silent.ran == []
    judge = Judge([Expectation("off", "state", {"is": "stopped"}), expect("fine")])
    assert outcomes(judge, Target(WEB1, silent, "stopped")) == [("off", PASSED)]
    assert outcomes(judge, Target(WEB1, silent, "running")) == [("off", FAILED)]
    assert silent.ran == []


def test_what_cannot_be_entered_is_not_judged() -> None:
    (result,) = Judge([expect("fine")]).judge(Target(WEB1, Silent("web1: no shell")))
    assert (result.outcome, result.problems) == (ERROR, ("web1: no shell",))


def test_whom_it_is_for() -> None:
    judge = Judge(
        [
            expect("by-kind", {"kind": ("ct", "host")}),
            expect("by-engine", {"engine": ("openvz",)}),
            expect("by-node", {"node": ("node[0-9]",)}),
            expect("by-name", {"ct": ("web*",)}),
            expect("by-ctid", {"ct": ("101",)}),
            expect("by-all", {"ct": ("web*",), "node": ("db*",)}),
        ]
    )
    asked = [each for each, _ in outcomes(judge, Target(WEB1, Silent()))]
    assert asked == ["state", "by-kind", "by-node", "by-name", "by-ctid"]
    asked = [each for each, _ in outcomes(judge, Target(NODE1, Silent()))]
    assert asked == ["state", "by-node"]
    plain = Target(Subject("db1", HOST), Silent())
    assert [each for each, _ in outcomes(judge, plain)] == ["state", "by-kind"]


def test_what_may_yet_become_true_is_read_anew() -> None:
    slept: list[float] = []
    judge = Judge(
        [expect("late", problems=("not yet",), after=2)._replace(within=60.0)],
        sleep=slept.append,
    )
    target = Target(WEB1, Silent())
    target.once("x", lambda: "old")
    result = list(judge.judge(target))[-1]
    assert (result.outcome, Odd.tries, slept) == (PASSED, 3, [1.0, 1.0])
    assert target.once("x", lambda: "new") == "new"


def test_in_vain_for_as_long_as_it_may_take() -> None:
    judge = Judge(
        [expect("never", problems=("not yet",))._replace(within=0.01)], sleep=lambda s: None
    )
    result = list(judge.judge(Target(WEB1, Silent())))[-1]
    assert (result.outcome, result.problems) == (FAILED, ("not yet",))
    assert result.seconds >= 0.01
    # What does not apply does not come to apply.
    slept: list[float] = []
    absent = expect("absent", raises=NotApplicable("none"))._replace(within=60.0)
    assert outcomes(Judge([absent], sleep=slept.append), Target(WEB1, Silent()))[-1] == (
        "absent",
        NOT_APPLICABLE,
    )
    assert slept == []


TODAY = date(2026, 11, 25)


def waiver(expires: date, pattern: str = "bad*", **scope: tuple[str, ...]) -> Waiver:
    return Waiver(pattern, "ops", "ticket 1", expires, scope)


@pytest.mark.parametrize(
    ("waivers", "outcome", "said"),
    [
        ([waiver(TODAY)], WAIVED, "until 2026-11-25, ops: ticket 1"),
        ([waiver(date(2026, 11, 24))], FAILED, "waiver expired on 2026-11-24, ops: ticket 1"),
        ([waiver(date(2026, 11, 24)), waiver(date(2027, 1, 1))], WAIVED, "until 2027-01-01, ops:"),
        ([waiver(TODAY, "other")], FAILED, ""),
        ([waiver(TODAY, ct=("web2",))], FAILED, ""),
        ([waiver(TODAY, ct=("web?",))], WAIVED, "until"),
    ],
)
def test_waivers(waivers: list[Waiver], outcome: str, said: str) -> None:
    judge = Judge([expect("bad1", problems=("x",))], waivers, TODAY)
    result = list(judge.judge(Target(WEB1, Silent())))[-1]
    assert result.outcome == outcome
    assert result.waiver.startswith(said)
    assert bool(result.waiver) == bool(said)
    assert result.problems == ("x",)


def test_nobody_answers_for_what_cannot_be_judged() -> None:
    judge = Judge([expect("bad1", raises=Unavailable("x"))], [waiver(TODAY)], TODAY)
    assert outcomes(judge, Target(WEB1, Silent()))[-1] == ("bad1", ERROR)
