"""One line of the table of rules."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """Where it happened to somebody: what, and where that can be read ("" where it is a package's
    file and `what` names it)."""

    what: str
    link: str = ""


class Rule(NamedTuple):
    id: str
    name: str  # one or two words with hyphens, for SARIF and for the page's address
    title: str  # what the finding says, in one line
    severity: str  # KILLS, BLOCKS, MISCOUNTS: the worst it does, where the place does not decide
    what: str  # what is looked for
    why: str  # what goes wrong on a container host, and by which mechanism
    cases: tuple[Case, ...]
    safe: tuple[str, ...]  # forms that are no finding
    fix: str  # what to do
    patterns: tuple[str, ...] = ()  # code that is a finding, for the page and for a test
