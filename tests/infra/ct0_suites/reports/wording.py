"""What all reports say alike: the order of badness, the words, texts cut and made safe."""

from __future__ import annotations

from ct0.text import plain
from ct0_suites.records import (
    CRITICAL,
    CT,
    ERROR,
    FAILED,
    NOT_APPLICABLE,
    PASSED,
    WAIVED,
    Result,
    Subject,
)
from ct0_suites.running import Summary

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")  # in the order of their exit statuses
NAME = 100  # characters of a name
TEXT = 500  # of a problem
PROBLEMS = 50  # of one result

# (outcome, whether it is critical) -> the worst first, as `Summary.state` has it.
RANKS = {
    (FAILED, True): 0,
    (ERROR, True): 1,
    (ERROR, False): 1,
    (FAILED, False): 2,
    (WAIVED, True): 3,
    (WAIVED, False): 3,
    (NOT_APPLICABLE, True): 4,
    (NOT_APPLICABLE, False): 4,
    (PASSED, True): 5,
    (PASSED, False): 5,
}
WORDS = ("failed", "not judged", "warning", "waived", "not applicable", "passed")  # by rank
WORST_RANKS = 3  # those below it are trouble


def rank(result: Result) -> int:
    return RANKS[result.outcome, result.severity == CRITICAL]


def word(result: Result) -> str:
    return WORDS[rank(result)]


def machine_word(outcome: str) -> str:
    """An outcome for programs: not_applicable."""
    return outcome.replace(" ", "_")


def state_of(result: Result) -> int:
    """Nagios' state of one result."""
    return (2, 3, 1, 0, 0, 0)[rank(result)]


def cleaned(result: Result, problems: int = PROBLEMS, characters: int = TEXT) -> Result:
    """The result with everything printable and of a bounded size: what may be kept."""
    said = [shortened(text, characters) for text in result.problems[:problems]]
    if len(result.problems) > problems:
        said.append(f"… and {len(result.problems) - problems} more")
    subject = result.subject
    return result._replace(
        expectation=plain(result.expectation, NAME),
        suite=plain(result.suite, NAME),
        subject=Subject(*(shortened(text, NAME) for text in subject)),
        problems=tuple(said),
        waiver=shortened(result.waiver, characters),
    )


def shortened(text: str, characters: int) -> str:
    """At most so many characters, all of them printable."""
    if len(text) > characters:
        text = text[: characters - 1] + "…"
    return plain(text, characters)


def ct_name(subject: Subject) -> str:
    """What people call it; "" for a machine."""
    return subject.name or subject.ctid


def described(subject: Subject) -> str:
    """What it is: `openvz 101` of a container, `machine with containers`."""
    if subject.kind == CT:
        more = f" {short(subject.ctid)}" if subject.ctid != ct_name(subject) else ""
        return f"{subject.engine or 'container'}{more}"
    return {"ct0": "CT0", "host": ""}.get(subject.kind, subject.kind)


def short(ctid: str) -> str:
    """Docker's 64 hex digits as docker ps shows them."""
    return ctid[:12] if len(ctid) == 64 else ctid


def told(summary: Summary) -> str:
    """54 passed, 3 failed (1 of them a warning), 1 not judged, 1 waived in 3.2 s"""
    counts = summary.counts
    failed, warnings = counts[FAILED], counts[FAILED] - summary.critical
    parts = [f"{counts[PASSED]} passed"]
    only = "a warning" if warnings == 1 else "warnings"
    more = (
        ""
        if not warnings
        else f" ({only})"
        if warnings == failed
        else f" ({warnings} of them {only})"
    )
    parts.append(f"{failed} failed{more}")
    for outcome, text in ((ERROR, "not judged"), (WAIVED, WAIVED), (NOT_APPLICABLE,) * 2):
        if counts[outcome]:
            parts.append(f"{counts[outcome]} {text}")
    return f"{', '.join(parts)} in {took(summary.seconds)}"


def took(seconds: float) -> str:
    """0.31 s, 3.2 s, 75 s, 12 min"""
    if seconds < 1:
        return f"{seconds:.2f} s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def several(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def trouble(summary: Summary) -> str:
    """Why the run as a whole proves nothing or not all, or ""."""
    said = []
    if summary.interrupted:
        said.append("interrupted before everything was judged")
    if not summary.judged:
        nothing = summary.nothing or "nothing could be judged"
        said.append(f"nothing was judged: {shortened(nothing, TEXT)}")
    if summary.trouble:
        said.append(shortened(summary.trouble, TEXT))
    return "; ".join(said)
