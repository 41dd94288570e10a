"""What comes of the expectations: one target after another, with all that is expected of each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Callable

from ct0.errors import Error, reason
from ct0_suites.expectations.matching import applies, waiver_of
from ct0_suites.records import (
    ERROR,
    FAILED,
    NOT_APPLICABLE,
    PASSED,
    WAIVED,
    Expectation,
    NotApplicable,
    Result,
    Waiver,
)
from ct0_suites.suites import suite
from ct0_suites.target import Target

PAUSE = 1.0  # seconds between two tries of what may yet become true

# Of every target of which no other state is expected.
RUNS = Expectation("state", "state", {})


class Judge:
    """All that is expected, by anybody of anybody. For several threads at once."""

    def __init__(
        self,
        expectations: Sequence[Expectation],
        waivers: Sequence[Waiver] = (),
        today: date | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.expectations = expectations
        self.waivers = waivers
        self.today = today or date.today()
        self.sleep = sleep

    def judge(self, target: Target) -> Iterator[Result]:
        """Every result of a target. One that is not in the state it should be in, or should not
        run, has that as its only one: nothing else can be known of it."""
        mine = [each for each in self.expectations if applies(each, target.subject)]
        states = [each for each in mine if each.suite == "state"] or [RUNS]
        results = [self.one(each, target) for each in states]
        yield from results
        if target.state != "running" or any(each.outcome in (FAILED, ERROR) for each in results):
            return
        for each in mine:
            if each.suite != "state":
                yield self.one(each, target)

    def one(self, expectation: Expectation, target: Target) -> Result:
        """One expectation on one target, again and again for as long as it may take."""
        began = time.monotonic()
        while True:
            outcome, problems = tried(expectation, target)
            left = expectation.within - (time.monotonic() - began)
            if outcome not in (FAILED, ERROR) or left <= 0:
                break
            self.sleep(min(PAUSE, left))
            target.forget()
        result = Result(
            expectation.id,
            expectation.suite,
            target.subject,
            outcome,
            expectation.severity,
            problems,
            time.monotonic() - began,
        )
        return self.waived(result)

    def waived(self, result: Result) -> Result:
        """A failure that somebody answers for; once that has ended it is a failure again."""
        if result.outcome != FAILED:
            return result
        waiver = waiver_of(self.waivers, result.expectation, result.subject, self.today)
        if waiver is None:
            return result
        text = f"{waiver.expires.isoformat()}, {waiver.owner}: {waiver.reason}"
        if waiver.expires < self.today:
            return result._replace(waiver=f"waiver expired on {text}")
        return result._replace(outcome=WAIVED, waiver=f"until {text}")


def tried(expectation: Expectation, target: Target) -> tuple[str, tuple[str, ...]]:
    try:
        problems = tuple(suite(expectation.suite).judge(expectation.want, target))
    except NotApplicable as error:
        return NOT_APPLICABLE, (str(error),)
    except (Error, OSError) as error:
        return ERROR, (reason(error),)
    except Exception as error:  # a bug of ours costs this result, and says so
        return ERROR, (f"{type(error).__name__}: {error} (a bug: please report it)",)
    return (FAILED, problems) if problems else (PASSED, ())
