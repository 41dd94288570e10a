"""A state and one line for Nagios and Icinga, performance data on it, the details below.

    CT0_VERIFY CRITICAL - 2 of 57 failed: node1/shop web-open: tcp 443 from anywhere is not accepted
        on input; ...; 1 waived (root-key) | passed=54;;;0 failed=2;;;0 ...
    CRITICAL node1/shop web-open (firewall): tcp 443 from anywhere is not accepted on input

The exit status is the summary's state. No more than 4 kB: Nagios cuts there. Names and texts come
from containers: `|` would begin performance data, a newline end the text, `$` be a macro.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TextIO

from ct0_suites.records import ERROR, FAILED, NOT_APPLICABLE, PASSED, WAIVED, Result
from ct0_suites.reports.wording import STATES, cleaned, several, shortened, state_of, trouble
from ct0_suites.reports.worst import Worst
from ct0_suites.running import Summary

LIMIT = 4096  # bytes
FIRST = 1600  # of them for the first line's text
EACH = 300  # characters of one text
LINE = 600  # bytes of one result below the first line
LISTED = 5  # results on the first line
WAIVERS = 5  # names of waived expectations on it
UNSAFE = str.maketrans(dict.fromkeys("|<>`$\\;", "?"))


class Nagios:
    """One line for Nagios, and what is wrong below it."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.worst = Worst(100)
        self.waived: Counter[str] = Counter()

    def begin(self, nodes: int, expectations: int) -> None:
        pass

    def add(self, result: Result) -> None:
        result = cleaned(result, problems=5, characters=EACH)
        if state_of(result):
            self.worst.add(result)
        elif result.outcome == WAIVED:
            self.waived[result.expectation] += 1
            self.worst.add(result)

    def end(self, summary: Summary) -> None:
        encoding = self.stream.encoding or "utf-8"
        self.stream.write(self.text(summary).encode(encoding, "replace").decode(encoding))
        self.stream.flush()

    def text(self, summary: Summary) -> str:
        first = f"{cut(self.headline(summary), FIRST)} | {' '.join(performance(summary))}"
        lines = list(self.below())
        text = first
        for number, line in enumerate(lines):
            more = f"\n... and {len(lines) - number + self.worst.left} more"
            if size(text) + 1 + size(line) + len(more) + 1 > LIMIT:
                return f"{text}{more}\n"
            text += f"\n{line}"
        if self.worst.left:
            text += f"\n... and {self.worst.left} more"
        return text + "\n"

    def headline(self, summary: Summary) -> str:
        counts = summary.counts
        begin = f"CT0_VERIFY {STATES[summary.state]} - "
        total = sum(counts[outcome] for outcome in (FAILED, ERROR, WAIVED, PASSED))
        parts = []
        if said := trouble(summary):
            parts.append(clean(said))
        if counts[FAILED]:
            parts.append(f"{counts[FAILED]} of {total} failed")
        if counts[ERROR] and summary.judged:
            parts.append(f"{counts[ERROR]} of {total} could not be judged")
        if summary.judged and not counts[FAILED] and not counts[ERROR]:
            where = f" on {several(summary.targets, 'target')}"
            parts.append(f"{counts[PASSED]} of {total} passed{where}")
        if self.waived:
            names = ", ".join(map(clean, sorted(self.waived)[:WAIVERS]))
            more = f" and {len(self.waived) - WAIVERS} more" if len(self.waived) > WAIVERS else ""
            parts.append(f"{counts[WAIVED]} waived ({names}{more})")
        # What may be long comes last: it is cut.
        text = begin + ", ".join(parts)
        wrong = [result for result in self.worst if state_of(result)]
        shown = 0
        for result in wrong[:LISTED] if summary.judged else ():
            part = marked(result, summary.state)
            glue = "; " if shown else ": "
            if size(text) + size(glue + part) > FIRST - 20:
                break
            text += glue + part
            shown += 1
        left = counts[FAILED] + counts[ERROR] - shown
        return f"{text}; and {left} more" if left and shown else text

    def below(self) -> Iterator[str]:
        """Everything that is not as it should be, the worst first, then what is waived."""
        for result in self.worst:
            state = STATES[state_of(result)] if state_of(result) else "WAIVED"
            head = f"{state} {result.subject.id} {result.expectation} ({result.suite})"
            told = [*([result.waiver] if result.waiver else []), *result.problems]
            yield cut(f"{clean(head)}: {'; '.join(map(clean, told))}", LINE)


def marked(result: Result, state: int) -> str:
    """On the line of something worse, what is not as bad says how bad it is."""
    problem = result.problems[0] if result.problems else "no reason given"
    text = clean(f"{result.subject.id} {result.expectation}: {problem}")
    return text if state_of(result) == state else f"{STATES[state_of(result)]} {text}"


def performance(summary: Summary) -> Iterator[str]:
    counts = summary.counts
    for name, value in (
        ("passed", counts[PASSED]),
        ("failed", counts[FAILED]),
        ("critical", summary.critical),
        ("not_judged", counts[ERROR]),
        ("waived", counts[WAIVED]),
        ("not_applicable", counts[NOT_APPLICABLE]),
        ("targets", summary.targets),
        ("nodes", summary.nodes),
    ):
        yield f"{name}={value};;;0"
    yield f"time={summary.seconds:.3f}s;;;0"


def clean(text: str) -> str:
    """In one line, without anything a scheduler, shell or page would read as its own."""
    return shortened(text, EACH).replace("…", "...").translate(UNSAFE)


def cut(text: str, limit: int) -> str:
    """No more than `limit` bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[: limit - 3].decode("utf-8", "ignore") + "..."


def size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
