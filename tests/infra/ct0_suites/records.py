"""What is expected, of whom, and what came of it: the records all parts of the suites pass on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from ct0.errors import Error

# What a target is.
CT0, CT, HOST = "ct0", "ct", "host"
KINDS = (CT0, CT, HOST)

# What came of one expectation on one target.
PASSED = "passed"
FAILED = "failed"
ERROR = "error"  # could not be judged: UNKNOWN, never OK
WAIVED = "waived"  # failed, and somebody answers for it until a day
NOT_APPLICABLE = "not applicable"  # this target has nothing of the kind: no fault, and no proof
OUTCOMES = (FAILED, ERROR, WAIVED, PASSED, NOT_APPLICABLE)

CRITICAL, WARNING = "critical", "warning"
SEVERITIES = (CRITICAL, WARNING)


class NotApplicable(Error):
    """The target has nothing of what is asked: the text says what. Not a skip, not a pass."""


class Unreachable(Error):
    """No command runs there: the text says where, why, and what to do."""


class Expectation(NamedTuple):
    """One entry of an expectations file. `want` is what its suite's schema allows.

    `scope` is its `for:`, key -> patterns; an empty one is everybody.
    """

    id: str
    suite: str
    want: Mapping[str, Any]
    scope: Mapping[str, tuple[str, ...]] = {}
    severity: str = CRITICAL
    within: float = 0.0  # seconds in which it may yet become true
    source: str = ""  # file and number, for messages


class Waiver(NamedTuple):
    """Somebody answers for the failures of `expectation` (a glob) until `expires` has passed."""

    expectation: str
    owner: str
    reason: str
    expires: date
    scope: Mapping[str, tuple[str, ...]] = {}
    source: str = ""


class Subject(NamedTuple):
    """Who is judged, without the way there.

    `node` is the machine's name, `name` and `ctid` a CT's ("" for a machine).
    """

    node: str
    kind: str  # of KINDS
    engine: str = ""  # of the CT, or of the most CTs of a CT0
    ctid: str = ""
    name: str = ""

    @property
    def id(self) -> str:
        """node1 or node1/web1, as reports show it."""
        return f"{self.node}/{self.name or self.ctid}" if self.ctid else self.node


class Result(NamedTuple):
    """One expectation on one subject. `problems` say what is wrong, a line each; texts are not safe
    to print raw (`ct0.text.plain`)."""

    expectation: str  # its id
    suite: str
    subject: Subject
    outcome: str  # of OUTCOMES
    severity: str = CRITICAL
    problems: tuple[str, ...] = ()  # or why it could not be judged, or does not apply
    seconds: float = 0.0
    waiver: str = ""  # who answers for it, until when and why; or "expired …"
