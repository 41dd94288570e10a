"""CT0's own CPU time: what the machine used without what its CTs used.

The kernel of OpenVZ and of cgroup version 1 has no counter for it. The obvious difference
host - sum(CTs) is none: when a CT stops its counter goes away, and the difference jumps up by all
the CT ever used. So the differences between two looks are added up here, over the CTs that were
there at both, and an interval in which CTs came or went is held to CT0's rate before it.
"""

from __future__ import annotations

import threading
import time

Key = tuple[str, str]  # engine and CTID

TICKS = 0.05  # the host counts in ticks, cgroups in nanoseconds: how far apart they may drift


class OwnShare:
    """A counter of seconds, from 0 at the start of this process. It never goes down."""

    __slots__ = ("_before", "_clock", "_cts", "_debt", "_host", "_lock", "_rate", "cpus", "total")

    def __init__(self, cpus: int = 1) -> None:
        self.total = 0.0
        self.cpus = cpus
        self._lock = threading.Lock()
        self._host: float | None = None
        self._cts: dict[Key, float] = {}
        self._before = 0.0
        self._clock = 0.0  # of the last look, as start times are told
        self._rate: float | None = None  # CPU seconds in a second, when last known
        self._debt = 0.0

    def started_since(self, started: dict[Key, float]) -> frozenset[Key]:
        """Of CTs and the times they started at (since the epoch), those younger than the last look.
        The kernel tells when it booted to the second, so one second more is allowed for."""
        return frozenset(key for key, when in started.items() if when > self._clock - 1)

    def look(
        self,
        host: float,
        cts: dict[Key, float],
        now: float | None = None,
        fresh: frozenset[Key] = frozenset(),
    ) -> float:
        """Take the counters of this moment, in seconds, and return the total.

        `host` is what the machine used, idle time left out; `cts` what each CT did; `fresh` are
        CTs that started after the last look, so that all they used is of this interval.
        """
        with self._lock:
            now = time.monotonic() if now is None else now
            if self._host is not None and now > self._before:
                self._add(host - self._host, cts, fresh, now - self._before)
            elif self._host is not None:
                return self.total  # two scrapes at once: this one saw the older figures
            self._host, self._cts, self._before = host, dict(cts), now
            self._clock = time.time()
            return self.total

    def _add(
        self, host: float, cts: dict[Key, float], fresh: frozenset[Key], seconds: float
    ) -> None:
        certain = self._cts.keys() <= cts.keys()
        used = 0.0
        for key, value in cts.items():
            before = self._cts.get(key)
            if before is None:
                if key in fresh:
                    used += value
                else:
                    certain = False  # since when it has used that, nobody knows
            elif value >= before and key not in fresh:
                used += value - before
            else:
                certain = False  # started anew: what it used before that is lost
                used += value
        if host < 0:
            return  # the host's counters went back (CPUs taken away): nothing can be said
        share = host - used
        if certain:
            # Below zero it is the two clocks' disagreement: taken off the next intervals.
            share -= self._debt
            self._debt = min(max(0.0, -share), TICKS * self.cpus)
            share = max(0.0, share)
            self._rate = share / seconds
        else:
            share = min(max(0.0, share), (self._rate or 0.0) * seconds)
        self.total += share
