"""One page in one file for a browser: nothing is loaded from anywhere, and without JavaScript all
of it is there.

Rows wait in a file until the run is over; what is kept in memory are counts by machine, container
and suite, and the waivers.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ct0_suites.records import Result, Subject
from ct0_suites.reports import page
from ct0_suites.reports.wording import WORDS, WORST_RANKS, cleaned, rank
from ct0_suites.reports.writing import Spool, check, written
from ct0_suites.running import Summary

OPEN = 20  # machines and containers in trouble that are unfolded
NAMED = 10  # results named with a waiver
WAIVER = re.compile(r"(until|waiver expired on) (\d{4}-\d\d-\d\d), (.*?): (.*)", re.DOTALL)


class Html:
    """One self-contained page for a browser."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spool = Spool()
        self.expectations = 0
        self.counts: dict[Subject, dict[str, Counter[int]]] = {}  # by suite and rank
        self.waivers: dict[str, page.Waived] = {}

    def begin(self, nodes: int, expectations: int) -> None:
        check(self.path)
        self.expectations = expectations

    def add(self, result: Result) -> None:
        result = cleaned(result)
        at = rank(result)
        suites = self.counts.setdefault(result.subject, {})
        suites.setdefault(result.suite, Counter())[at] += 1
        self.spool.add((result.subject, at), page.row(result, at))
        if result.waiver:
            self.waived(result)

    def waived(self, result: Result) -> None:
        found = self.waivers.get(result.waiver)
        if found is None:
            match = WAIVER.fullmatch(result.waiver)
            word, day, owner, why = match.groups() if match else ("until", "", "", result.waiver)
            found = page.Waived(day, owner, why, over=word != "until")
            self.waivers[result.waiver] = found
        found.count += 1
        if len(found.named) < NAMED:
            found.named.append(f"{result.expectation} on {result.subject.id}")

    def end(self, summary: Summary) -> None:
        try:
            with written(self.path) as stream:
                for piece in self.document(summary):
                    stream.write(piece)
        finally:
            self.spool.close()

    def document(self, summary: Summary) -> Iterator[bytes]:
        order = self.order()
        totals: Counter[int] = Counter()
        for suites in self.counts.values():
            for counts in suites.values():
                totals.update(counts)
        yield page.head(summary).encode()
        yield page.top(summary, totals, self.expectations).encode()
        if order:
            yield page.overview([(subject, self.counts[subject]) for subject in order]).encode()
        if self.waivers:
            yield page.waivers(sorted(self.waivers.values(), key=page.Waived.order)).encode()
        if order:
            yield page.RESULTS.encode()
        unfolded = 0
        for number, subject in enumerate(order):
            mine: Counter[int] = sum(self.counts[subject].values(), Counter())
            wrong = min(mine) < WORST_RANKS and unfolded < OPEN
            unfolded += wrong
            yield page.subject_head(number, subject, mine, wrong).encode()
            yield page.table_head(f"t{number}").encode()
            folded = page.WELL if min(mine) < min(page.WELL) else ()
            for at in (each for each in range(len(WORDS)) if each not in folded):
                yield from self.spool.pieces((subject, at))
            yield page.TABLE_END.encode()
            if any(mine[at] for at in folded):
                yield page.well_head(mine).encode()
                for at in folded:
                    yield from self.spool.pieces((subject, at))
                yield f"{page.TABLE_END}</details>".encode()
            yield page.SUBJECT_END.encode()
        yield page.foot(bool(order)).encode()

    def order(self) -> list[Subject]:
        """Machines with the worst first; of each itself, then its containers, the worst first."""
        worst = {
            subject: min(at for counts in suites.values() for at in counts)
            for subject, suites in self.counts.items()
        }
        nodes: dict[str, int] = {}
        for subject, at in worst.items():
            nodes[subject.node] = min(at, nodes.get(subject.node, at))
        return sorted(
            self.counts,
            key=lambda one: (nodes[one.node], one.node, bool(one.ctid), worst[one], one),
        )
