"""Whom an expectation or a waiver is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fnmatch import fnmatchcase

from ct0_suites.records import CT, Expectation, Subject, Waiver
from ct0_suites.suites import suite


def applies(expectation: Expectation, subject: Subject) -> bool:
    """Whether the subject is in its scope and its suite is for such."""
    return subject.kind in suite(expectation.suite).KINDS and in_scope(expectation.scope, subject)


def in_scope(scope: Mapping[str, tuple[str, ...]], subject: Subject) -> bool:
    values = {
        "kind": (subject.kind,),
        "engine": (subject.engine,),
        "node": (subject.node,),
        "ct": (subject.name, subject.ctid) if subject.kind == CT else (),
    }
    return all(
        any(fnmatchcase(value, pattern) for value in values[key] for pattern in patterns)
        for key, patterns in scope.items()
    )


def waiver_of(
    waivers: Iterable[Waiver], expectation: str, subject: Subject, today: date
) -> Waiver | None:
    """The waiver for a failure: one that holds before one that has expired; of those the latest."""
    fitting = [
        each
        for each in waivers
        if fnmatchcase(expectation, each.expectation) and in_scope(each.scope, subject)
    ]
    return max(fitting, key=lambda each: each.expires, default=None)
