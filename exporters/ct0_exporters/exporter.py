"""Scrapes: every collector with a deadline, what they found, and how each fared.

A collector that fails, or hangs on a stuck file system, costs its own metrics and nothing else.

Scrapes that come while one is under way are given its result: four Prometheus servers that ask at
the same moment cost one scrape.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Callable

from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.errors import Error, Unavailable
from ct0.host import Host
from ct0.inventory import Inventory
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.collectors import scrape as about
from ct0_exporters.families import Family
from ct0_exporters.jobs import Job, Runner
from ct0_exporters.options import Options
from ct0_exporters.own_share import OwnShare
from ct0_exporters.render import Renderer, format_for
from ct0_exporters.scrape import Scrape

log = logging.getLogger("ct0_exporters")

LIST = "containers"  # the list of CTs, which the collectors work on, is made like a collector


class UnknownCollector(ValueError):
    """A scrape asked (collect[]=) for a collector that there is none of or that is turned off."""


class Result:
    """One scrape; the bytes are made once for each format."""

    def __init__(self) -> None:
        self.families: list[Family] = []
        self.error: BaseException | None = None
        self.bodies: dict[str, bytes] = {}
        self.lock = threading.Lock()
        self.ready = threading.Event()


class Exporter:
    """`lasting`: there will be more than one scrape, so that counters of our own make sense."""

    def __init__(self, host: Host, options: Options, *, lasting: bool = True) -> None:
        self.host = host
        self.options = options
        self._inventory = Inventory(host)
        self._own_share = OwnShare() if lasting else None
        self._renderer = Renderer()
        self._runner = Runner()
        self._jobs: dict[str, Job] = {}
        self._cts: list[CT] = []
        self._cgroups = Cgroups(host)
        self._failed: dict[str, str] = {}
        self._current: dict[frozenset[str] | None, Result] = {}
        self._lock = threading.Lock()

    def metrics(self, collect: frozenset[str] | None = None, accept: str = "") -> tuple[bytes, str]:
        """One scrape as bytes, and their content type; `accept` is the one that was negotiated.

        `collect` names the collectors wanted; None is all that are turned on.
        Raises UnknownCollector.
        """
        content_type = format_for(accept)
        result = self._result(collect)
        with result.lock:
            if content_type not in result.bodies:
                body = self._renderer.render(result.families, content_type)
                result.bodies[content_type] = body
            return result.bodies[content_type], content_type

    def families(self, collect: frozenset[str] | None = None) -> list[Family]:
        """One scrape as families."""
        return self._result(collect).families

    @property
    def listed(self) -> bool:
        """Whether the CTs could be listed at the last scrape."""
        return not self._failed.get(LIST)

    def _result(self, collect: frozenset[str] | None) -> Result:
        names = self._chosen(collect)
        with self._lock:
            result = self._current.get(collect)
            mine = result is None
            if result is None:
                result = self._current[collect] = Result()
        if mine:
            try:
                result.families = list(self._scrape(names))
            except BaseException as error:
                result.error = error
                raise
            finally:
                with self._lock:
                    del self._current[collect]
                result.ready.set()
        result.ready.wait()
        if result.error is not None:
            raise RuntimeError("the scrape under way failed") from result.error
        return result

    def _chosen(self, collect: frozenset[str] | None) -> list[str]:
        unknown = sorted((collect or frozenset()).difference(self.options.collectors))
        if unknown:
            raise UnknownCollector(f"no such collector, or turned off: {', '.join(unknown)}")
        return [name for name in self.options.collectors if collect is None or name in collect]

    def _scrape(self, names: list[str]) -> Iterator[Family]:
        listing = self._run(LIST, self._list)
        outcomes = [self._outcome(listing, self._wait(listing))]
        cts = self._cts
        cgroups = self._cgroups = self._cgroups.again(cts)
        listed = outcomes[0][1] is True
        scrape = Scrape(self.host, cts, self.options, self._own_share, cgroups, listed)
        seen: set[str] = set()
        for name in names:
            # One after the other: the interpreter does one thing at a time anyway.
            collect = COLLECTORS[name].collect
            job = self._run(name, lambda collect=collect: collect(scrape))  # type: ignore[misc]
            in_time = self._wait(job)
            outcomes.append(self._outcome(job, in_time))
            for family in job.families if in_time else ():
                if family.name in seen:
                    log.error("collector %s: %s is another's already", name, family.name)
                elif family.samples:
                    seen.add(family.name)
                    yield family
        yield from about.collect(scrape, outcomes)

    def _list(self) -> Iterator[Family]:
        try:
            self._cts = self._inventory.containers()
        except Unavailable as reason:
            # Every host has a list, and without one no other metric says anything.
            raise Error(str(reason)) from reason
        return iter(())

    def _run(self, name: str, work: Callable[[], Iterable[Family]]) -> Job:
        """The job of this name: a new one, or the one that another scrape has begun."""
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and not job.done:
                return job
            job = self._jobs[name] = Job(name, work)
        self._runner.submit(job)
        return job

    def _wait(self, job: Job) -> bool:
        """Whether it was done in time."""
        if not job.wait(self.options.timeout):
            self._runner.leave(job)
            return False
        with self._lock:
            if self._jobs.get(job.name) is job:
                del self._jobs[job.name]  # its families are of this scrape alone
        return True

    def _outcome(self, job: Job, in_time: bool) -> tuple[str, bool | None, float]:
        """Name, success (None: not offered on this host) and seconds; logs what went wrong."""
        if not in_time:
            self._say(job.name, f"not done after {self.options.timeout:g} seconds")
            return job.name, False, time.monotonic() - job.began
        self._say(job.name, "" if job.success is not False else job.reason, job.bug)
        return job.name, job.success, job.seconds

    def _say(self, name: str, trouble: str, bug: Exception | None = None) -> None:
        """Once when trouble begins or changes, once when it ends: not at every scrape."""
        before = self._failed.get(name, "")
        if trouble and trouble != before:
            log.warning("collector %s: %s", name, trouble, exc_info=bug)
        elif before and not trouble:
            log.warning("collector %s: all right again", name)
        self._failed[name] = trouble
