"""JUnit XML as Jenkins, GitLab and GitHub's actions read it: a test suite for each machine and
container, a test case for each expectation.

What is waived and what does not apply is skipped, with the reason; what could not be judged is an
error; so is a run that judged nothing. Of the schema of Jenkins' xUnit plugin (junit-10.xsd).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timezone
from xml.sax.saxutils import escape, quoteattr

from ct0_suites.records import ERROR, FAILED, NOT_APPLICABLE, PASSED, WAIVED, Result, Subject
from ct0_suites.reports.wording import cleaned, ct_name, trouble
from ct0_suites.reports.writing import Spool, check, written
from ct0_suites.running import Summary

ELEMENTS = {FAILED: "failure", ERROR: "error", WAIVED: "skipped", NOT_APPLICABLE: "skipped"}


class JUnit:
    """JUnit XML, a test suite for each machine and container."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spool = Spool()
        self.counts: dict[Subject, Counter[str]] = {}
        self.seconds: dict[Subject, float] = {}

    def begin(self, nodes: int, expectations: int) -> None:
        check(self.path)

    def add(self, result: Result) -> None:
        result = cleaned(result)
        self.counts.setdefault(result.subject, Counter())[result.outcome] += 1
        spent = self.seconds.get(result.subject, 0.0)
        self.seconds[result.subject] = spent + result.seconds
        self.spool.add(result.subject, testcase(result))

    def end(self, summary: Summary) -> None:
        try:
            with written(self.path) as stream:
                for piece in self.document(summary):
                    stream.write(piece)
        finally:
            self.spool.close()

    def document(self, summary: Summary) -> Iterator[bytes]:
        when = datetime.fromtimestamp(summary.started, timezone.utc).isoformat(timespec="seconds")
        wrong = trouble(summary)
        total: Counter[str] = sum(self.counts.values(), Counter())
        if wrong:
            total[ERROR] += 1
        yield b'<?xml version="1.0" encoding="UTF-8"?>\n'
        # Its schema knows no `skipped` here.
        yield f"<testsuites{counted(total, summary.seconds, skipped=False)}>\n".encode()
        if wrong:
            yield run_failed(wrong, when).encode()
        for subject in sorted(self.counts, key=machine_first):
            yield suite_head(subject, self.counts[subject], self.seconds[subject], when).encode()
            yield from self.spool.pieces(subject)
            yield b"  </testsuite>\n"
        yield b"</testsuites>\n"


def machine_first(subject: Subject) -> tuple[object, ...]:
    return subject.node, bool(subject.ctid), ct_name(subject), subject


def suite_head(subject: Subject, counts: Counter[str], seconds: float, when: str) -> str:
    what = counted(counts, seconds)
    facts = {"kind": subject.kind, "engine": subject.engine, "ctid": subject.ctid}
    properties = "".join(
        f"      <property{attributes(name=name, value=value)}/>\n"
        for name, value in facts.items()
        if value
    )
    where = attributes(timestamp=when, hostname=subject.node)
    return (
        f"  <testsuite{attributes(name=subject.id)}{what}{where}>\n"
        f"    <properties>\n{properties}    </properties>\n"
    )


def testcase(result: Result) -> str:
    """`result` is a cleaned one."""
    head = attributes(
        name=result.expectation,
        classname=f"{result.subject.id}.{result.suite}",
        time=f"{result.seconds:.3f}",
    )
    if result.outcome == PASSED:
        return f"    <testcase{head}/>\n"
    element = ELEMENTS[result.outcome]
    lines = [*result.problems, *([result.waiver] if result.waiver else [])]
    first = lines[0] if lines else result.outcome
    kind = result.severity if result.outcome == FAILED else result.outcome
    if result.outcome == WAIVED:
        first = f"waived {result.waiver}"
    what = attributes(type=kind, message=first)
    text = escape("\n".join(lines))
    return f"    <testcase{head}>\n      <{element}{what}>{text}</{element}>\n    </testcase>\n"


def run_failed(wrong: str, when: str) -> str:
    """A file of no test cases is green to those who read it."""
    what = attributes(type="error", message=wrong)
    counts = counted(Counter({ERROR: 1}), 0)
    return (
        f"  <testsuite{attributes(name='ct0 verify')}{counts}{attributes(timestamp=when)}>\n"
        f"    <testcase{attributes(name='run', classname='ct0.verify', time='0.000')}>\n"
        f"      <error{what}>{escape(wrong)}</error>\n    </testcase>\n  </testsuite>\n"
    )


def counted(counts: Counter[str], seconds: float, skipped: bool = True) -> str:
    text = attributes(
        tests=str(sum(counts.values())), failures=str(counts[FAILED]), errors=str(counts[ERROR])
    )
    if skipped:
        text += attributes(skipped=str(counts[WAIVED] + counts[NOT_APPLICABLE]))
    return text + attributes(time=f"{seconds:.3f}")


def attributes(**values: str) -> str:
    """All that is printable may stand in XML (`wording.cleaned`)."""
    return "".join(f" {name}={quoteattr(value)}" for name, value in values.items())
