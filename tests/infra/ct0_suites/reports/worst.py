"""The worst results of a run, no more than so many of them, whatever comes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

from ct0_suites.records import Result
from ct0_suites.reports.wording import rank


class Worst:
    """Give it cleaned results: it keeps them."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.heap: list[tuple[int, int, Result]] = []
        self.seen = 0

    def add(self, result: Result) -> None:
        self.seen += 1
        # The best of the kept ones is on top; of equal ones the latest.
        entry = (-rank(result), -self.seen, result)
        if len(self.heap) < self.most:
            heapq.heappush(self.heap, entry)
        else:
            heapq.heappushpop(self.heap, entry)

    def __iter__(self) -> Iterator[Result]:
        """The worst first, then by machine and container."""
        found = [result for _, _, result in self.heap]
        return iter(sorted(found, key=lambda one: (rank(one), one.subject, one.expectation)))

    @property
    def left(self) -> int:
        """How many are not kept."""
        return self.seen - len(self.heap)
