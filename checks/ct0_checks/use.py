"""What a container uses of what it may, whichever way its kernel counts it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ct0.memory import Memory
from ct0.survey import Surveyed
from ct0_checks.enforced import WAITING, enforced, unit

# What OpenVZ calls what has another name elsewhere.
COMMON = {"physpages": "memory", "swappages": "swap", "numproc": "tasks"}


class Failures(NamedTuple):
    """A counter of what went wrong at a limit. `words`: what grew, `forks refused`."""

    name: str
    number: int
    words: str
    harmless: bool = False  # it may be WARNING and no more


class Use(NamedTuple):
    """`used` of `limit`; math.inf is no limit, None a guarantee or not known. Bytes or a count."""

    name: str
    used: float
    limit: float | None
    unit: str = ""  # B
    failures: Failures | None = None


def uses(surveyed: Surveyed, page: int) -> Iterator[Use]:
    """Memory, swap and tasks, or where there are beancounters each of these."""
    if surveyed.beancounters:
        yield from of_beancounters(surveyed, page)
        return
    memory, tasks = surveyed.memory, surveyed.tasks
    used = needed(memory)
    killed = memory.oom_kills
    if used is not None:
        failures = None if killed is None else Failures("oom_kills", killed, "OOM kills")
        yield Use("memory", used, most(memory), "B", failures)
    if memory.swap_usage is not None:
        yield Use("swap", memory.swap_usage, memory.swap_limit, "B")
    if tasks.current is not None:
        refused = tasks.refused
        failures = None if refused is None else Failures("tasks_refused", refused, "forks refused")
        yield Use("tasks", tasks.current, tasks.limit, "", failures)


def of_beancounters(surveyed: Surveyed, page: int) -> Iterator[Use]:
    for resource, counter in surveyed.beancounters.items():
        size, name = unit(resource, page)
        limit = enforced(resource, counter)
        used = counter.held * size
        if resource == "physpages":
            # Page cache is in it, and no harm: what cannot be had back is what counts.
            cache = reclaimable(surveyed.memory)
            used = max(used - cache, 0)
        words = f"{resource} failures"
        if resource == "oomguarpages":
            words = "OOM kills"
        failures = Failures(
            f"{resource}_failcnt", counter.failcnt, words, harmless=resource in WAITING
        )
        yield Use(resource, used, None if limit is None else limit * size, name, failures)


def most(memory: Memory) -> float | None:
    """memory.high slows a CT down so that it seldom reaches memory.max: the lower one counts."""
    known = [limit for limit in (memory.limit, memory.high) if limit is not None]
    return min(known, default=None)


def needed(memory: Memory) -> int | None:
    """Bytes that cannot be had back without swapping: of a CT that reads files, page cache makes
    `usage` go up to the limit and stay there, and that is as it should be."""
    return None if memory.usage is None else max(memory.usage - reclaimable(memory), 0)


def reclaimable(memory: Memory) -> int:
    """Page cache without what is in memory alone (tmpfs, shared memory) or not yet written, and
    the kernel's own caches."""
    cache = max((memory.file or 0) - (memory.shmem or 0) - (memory.dirty or 0), 0)
    return cache + (memory.slab_reclaimable or 0)


def share(use: Use) -> float | None:
    """Percent of the limit; None without one, and where it is 0 (no swap): nobody nears that."""
    if use.limit is None or use.limit in (0, math.inf):
        return None
    return use.used / use.limit * 100
