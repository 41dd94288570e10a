"""Whether Puppet keeps a machine: all that was read of its agent, and the judgement.

Nothing that is not known is taken for well: no summary, a time that has not come yet and a status
nobody knows are troubles like any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ct0.puppet.certificate import Validity
from ct0.puppet.lock import looks_like_puppet
from ct0.puppet.report import Report
from ct0.puppet.summary import Summary
from ct0.puppet.version import in_range
from ct0.text import plain

HOUR, DAY = 3600.0, 86400.0
MODES = {"agent": "agent", "user": "apply"}
STATUSES = ("changed", "unchanged", "failed")


class Disabled(NamedTuple):
    """agent_disabled.lock is there."""

    message: str = ""
    since: float | None = None  # when it was written, seconds since the epoch


class RunLock(NamedTuple):
    """agent_catalog_run.lock is there. The rest is of the process with its PID, if one lives."""

    pid: int | None  # None: the lock is empty
    since: float | None = None
    alive: bool = False
    comm: str = ""
    arguments: str = ""
    container: str = ""  # whose the process is, when it is not the machine's own


class Health(NamedTuple):
    """`now` is the machine's own clock, by which all its times were written.

    `unreadable` has in words what is there but could not be read, by file.
    """

    now: float
    version: str = ""  # of the agent that is installed, "" when nobody asked
    summary: Summary | None = None
    report: Report | None = None
    disabled: Disabled | None = None
    run_lock: RunLock | None = None
    validities: Mapping[str, tuple[Validity, ...]] = {}  # by file
    unreadable: Mapping[str, str] = {}


class Limits(NamedTuple):
    """What is expected. A run that lasts longer than `longest_run` hangs."""

    max_age: float = 2 * HOUR  # seconds since the last run ended
    environment: str = ""  # "" is any
    version: str = ""  # a range, "" is any
    noop: bool = False  # whether changes may be pending in no-operation mode
    corrective: bool = True  # whether a run may have had to undo what somebody changed
    certificate_days: float = 14
    longest_run: float = HOUR
    mode: str = ""  # what ran last: agent, or apply; "" is either


def troubles(health: Health, limits: Limits) -> list[tuple[str, str]]:
    """What is wrong, as (id, text), the most telling first; texts are safe to print."""
    found = [
        *disabled(health),
        *unreadable(health),
        *age(health, limits),
        *run(health),
        *report(health, limits),
        *noop(health, limits),
        *corrective(health, limits),
        *environment(health, limits),
        *mode(health, limits),
        *version(health, limits),
        *run_lock(health, limits),
        *certificates(health, limits),
    ]
    return [(name, plain(text, 500)) for name, text in found]


def disabled(health: Health) -> Iterator[tuple[str, str]]:
    lock = health.disabled
    if lock is not None:
        since = "" if lock.since is None else f" for {ago(health.now - lock.since)}"
        why = f": {lock.message}" if lock.message else ", nobody said why"
        yield "disabled", f"the agent is disabled{since}{why}"


def unreadable(health: Health) -> Iterator[tuple[str, str]]:
    for text in health.unreadable.values():
        yield "unreadable", text


def age(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    if health.summary is None:
        if "summary" not in health.unreadable:
            yield "no-run", "no last_run_summary.yaml: Puppet has never run here"
        return
    seconds = health.now - health.summary.last_run
    if seconds < 0:
        yield (
            "future",
            f"the last run ends in the future, in {ago(-seconds)}: which clock is wrong?",
        )
    elif seconds > limits.max_age:
        yield "age", f"the last run was {ago(seconds)} ago, more than {ago(limits.max_age)}"


def run(health: Health) -> Iterator[tuple[str, str]]:
    """What the summary says of the last run, the green-looking one without a catalog first."""
    summary = health.summary
    if summary is None:
        return
    total = summary.resources.get("total")
    if not summary.config or not total:
        yield "catalog", "the last run had no catalog: it did not compile, or no server gave one"
        return
    for key, words in (
        ("failed", "failed"),
        ("failed_to_restart", "failed to restart"),
    ):
        count = summary.resources.get(key)
        if count is None:
            yield "counts", f"the last run does not say how many resources {words}"
        elif count:
            yield key.replace("_", "-"), f"{many(count, 'resource')} {words} in the last run"
    failures = summary.events.get("failure")
    if failures is None:
        yield "counts", "the last run does not say how many events failed"
    elif failures and not summary.resources.get("failed"):
        yield "events", f"{many(failures, 'event')} failed in the last run"


def report(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    """What only the report tells, as long as it is the same run's."""
    found, summary = health.report, health.summary
    if found is None:
        if summary is not None and "report" not in health.unreadable:
            yield "no-report", "no last_run_report.yaml: nobody knows how the last run went"
        return
    if found.time >= health.now + 1:  # `now` may be without its fraction
        yield "future", "the last report is of the future: which clock is wrong?"
    elif summary is not None and (
        found.config != summary.config
        or summary.last_run - found.time > limits.longest_run
        or found.time >= summary.last_run + 1
    ):
        yield "report", "last_run_report.yaml is of another run than last_run_summary.yaml"
        return
    if found.status not in STATUSES:
        yield "status", f"the last run's status is {found.status or 'empty'}, which nobody knows"
    known = summary is not None and any(run(health))
    if not known:
        if found.status == "failed":
            yield "status", "the last run failed"
        elif found.completed is False:
            yield "status", "the last run did not get to the end of its catalog"
    if found.cached_catalog == "on_failure":
        yield (
            "cached",
            "the last run used an old catalog: a new one did not compile or did not come",
        )
    elif found.cached_catalog not in ("", "not_used", "explicitly_requested"):
        yield "cached", f"the last run's cached catalog is {found.cached_catalog}, nobody knows why"


def noop(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    if limits.noop:
        return
    pending = health.summary.events.get("noop", 0) if health.summary else 0
    whole = health.report is not None and health.report.noop
    if pending:
        where = "the agent changes nothing (noop)" if whole else "some resources are noop"
        yield "noop", f"{many(pending, 'change')} pending: {where}"
    elif whole or (health.report is not None and health.report.noop_pending):
        yield "noop", "the last run was to change nothing (noop)"


def corrective(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    count = health.summary.resources.get("corrective_change", 0) if health.summary else 0
    if limits.corrective:
        return
    if count:
        yield "corrective", f"the last run undid what somebody changed: {many(count, 'resource')}"
    elif health.report is not None and health.report.corrective:
        yield "corrective", "the last run undid what somebody changed"


def environment(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    if not limits.environment:
        return
    given = [each.environment for each in (health.summary, health.report) if each is not None]
    given = [each for each in given if each]
    if not given:
        yield "environment", f"nothing says that the environment is {limits.environment}"
    wrong = [each for each in given if each != limits.environment]
    if wrong:
        yield "environment", f"the environment is {wrong[0]}, not {limits.environment}"


def mode(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    """`puppet apply` by hand writes the same files: the agent may not have run for long."""
    if not limits.mode or health.summary is None:
        return
    found = MODES.get(health.summary.mode, health.summary.mode)
    if not found:
        yield "mode", f"nothing says whether the last run was of puppet {limits.mode}"
    elif found != limits.mode:
        yield "mode", f"the last run was of puppet {found}, not of puppet {limits.mode}"


def version(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    if not limits.version:
        return
    known = health.version or (health.summary.puppet if health.summary else "")
    try:
        fits = in_range(known, limits.version)
    except ValueError as error:
        yield "version", f"Puppet's version is not known: {error}"
        return
    if not fits:
        yield "version", f"Puppet is {known}, not {limits.version}"


def run_lock(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    """A run that hangs, or a lock of a run that has ended and whose PID is somebody else's now."""
    lock = health.run_lock
    if lock is None or lock.pid is None or not lock.alive:
        return  # the next run clears it
    name = f"agent_catalog_run.lock names PID {lock.pid}"
    age = 0.0 if lock.since is None else health.now - lock.since
    puppet = looks_like_puppet(lock.comm, lock.arguments)
    if lock.container:
        blocked = "every run here waits for it" if puppet else "no run here has it"
        yield "lock", f"{name} ({lock.comm}), a process of {lock.container}: {blocked}"
    elif lock.since is None or age < 0:
        yield "lock", f"{name} ({lock.comm}), and since when cannot be told"
    elif age > limits.longest_run:
        what = "a run hangs" if puppet else f"which is {lock.comm} now, not a run"
        yield "lock", f"{name} for {ago(age)}: {what}"


def certificates(health: Health, limits: Limits) -> Iterator[tuple[str, str]]:
    for path, validities in health.validities.items():
        for kind, expires in validities:
            left = expires - health.now
            if left <= 0:
                yield "certificate", f"{path}: its {kind} expired {ago(-left)} ago"
            elif left < limits.certificate_days * DAY:
                yield "certificate", f"{path}: its {kind} expires in {ago(left)}"


def many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def ago(seconds: float) -> str:
    """90 s, 119 min, 47 h, 5 days: as much as a person needs."""
    for size, unit in ((DAY, "days"), (HOUR, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
