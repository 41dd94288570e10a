"""All nodes of a run, some of them at a time; a dead node costs its own results only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import AbstractContextManager
from typing import Callable, NamedTuple, Protocol, runtime_checkable

from ct0.errors import Error, reason
from ct0_suites.expectations.matching import applies
from ct0_suites.judging import Judge
from ct0_suites.records import (
    CRITICAL,
    ERROR,
    FAILED,
    HOST,
    NOT_APPLICABLE,
    OUTCOMES,
    PASSED,
    WAIVED,
    Result,
    Subject,
)
from ct0_suites.target import Target

OK, WARNING, CRITICAL_STATE, UNKNOWN = range(4)


class Node(NamedTuple):
    """A machine with its containers. `open` gives its targets and closes the way there again; it
    raises Unreachable, or another Error of ct0's."""

    name: str
    open: Callable[[], AbstractContextManager[Sequence[Target]]]


class Report(Protocol):
    """Where results go, one after another as they come; from one thread at a time."""

    def begin(self, nodes: int, expectations: int) -> None: ...

    def add(self, result: Result) -> None: ...

    def end(self, summary: Summary) -> None: ...


@runtime_checkable
class Watching(Protocol):
    """A report that is also told of each node that is done with."""

    def node_done(self) -> None: ...


class Summary(NamedTuple):
    counts: dict[str, int]  # outcome -> results
    nodes: int
    targets: int
    seconds: float
    started: float  # seconds since the epoch
    critical: int = 0  # failures that are critical; the other failures are warnings
    interrupted: bool = False
    nothing: str = ""  # why nothing was judged
    trouble: str = ""  # which report could not be written, and why

    @property
    def state(self) -> int:
        """Nagios' four: nothing that was judged is never OK, and CRITICAL is before UNKNOWN."""
        if self.critical:
            return CRITICAL_STATE
        if self.counts[ERROR] or self.interrupted or self.trouble or not self.judged:
            return UNKNOWN
        return WARNING if self.counts[FAILED] else OK

    @property
    def judged(self) -> int:
        return sum(self.counts[each] for each in (FAILED, WAIVED, PASSED))


def verify(
    nodes: Iterable[Node], judge: Judge, reports: Sequence[Report], jobs: int = 8
) -> Summary:
    """Judge all targets of all nodes, `jobs` nodes at a time."""
    nodes = list(nodes)
    run = Run(judge, reports)
    for report in reports:
        report.begin(len(nodes), len(judge.expectations))
    began, started = time.monotonic(), time.time()
    interrupted = False
    pool = ThreadPoolExecutor(max(1, jobs), "ct0-verify")
    try:
        for done in as_completed([pool.submit(run.node, node) for node in nodes]):
            done.result()
            run.node_done()
    except KeyboardInterrupt:
        interrupted = True
        run.stop.set()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if not interrupted:
        run.unmatched()
    summary = Summary(
        run.counts,
        len(nodes),
        run.targets,
        time.monotonic() - began,
        started,
        run.critical,
        interrupted,
        run.nothing(len(nodes)),
    )
    return ended(reports, summary)


def ended(reports: Sequence[Report], summary: Summary) -> Summary:
    """End all of them: one that cannot be written costs itself only, and those after it say so."""
    for report in reports:
        try:
            report.end(summary)
        except Error as error:
            summary = summary._replace(trouble=summary.trouble or reason(error))
    return summary


class Run:
    """What the threads of one run share."""

    def __init__(self, judge: Judge, reports: Sequence[Report]) -> None:
        self.judge = judge
        self.reports = reports
        self.lock = threading.Lock()
        self.stop = threading.Event()
        self.counts = dict.fromkeys(OUTCOMES, 0)
        self.targets = 0
        self.critical = 0
        self.reached = True
        self.trouble = ""
        self.used: set[str] = set()

    def node(self, node: Node) -> None:
        """One machine and its containers."""
        if self.stop.is_set():
            return
        try:
            with node.open() as targets:
                for target in targets:
                    self.target(target)
        except (Error, OSError) as error:
            self.reached = False
            self.trouble = self.trouble or reason(error)
            subject = Subject(node.name, HOST)
            self.add(Result("state", "state", subject, ERROR, CRITICAL, (reason(error),)))

    def target(self, target: Target) -> None:
        with self.lock:
            self.targets += 1
            self.used.update(
                each.id for each in self.judge.expectations if applies(each, target.subject)
            )
        for result in self.judge.judge(target):
            self.add(result)
            if self.stop.is_set():
                return

    def add(self, result: Result) -> None:
        with self.lock:
            self.counts[result.outcome] += 1
            if result.outcome == FAILED and result.severity == CRITICAL:
                self.critical += 1
            for report in self.reports:
                report.add(result)

    def node_done(self) -> None:
        with self.lock:
            for report in self.reports:
                if isinstance(report, Watching):
                    report.node_done()

    def unmatched(self) -> None:
        """What is expected of nobody proves nothing: a name was mistyped, or a container is gone.

        Not told of a run that did not reach all: it may be whom that one was about.
        """
        if not self.reached or not self.targets:
            return
        for each in self.judge.expectations:
            if each.id not in self.used:
                text = f"{each.source}: nobody here is of its scope (for:)"
                self.add(Result(each.id, each.suite, Subject("-", HOST), ERROR, CRITICAL, (text,)))

    def nothing(self, nodes: int) -> str:
        """Why nothing was judged, or ""."""
        if any(self.counts[each] for each in (FAILED, WAIVED, PASSED)):
            return ""
        if not nodes:
            return "no nodes"
        if self.trouble:
            return self.trouble
        if not self.targets:
            return "no targets: no container matches"
        if self.counts[NOT_APPLICABLE]:
            return "nothing that is expected applies to any of them"
        return "nothing could be judged"
