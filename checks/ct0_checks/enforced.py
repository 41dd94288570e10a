"""Which number of a beancounter is enforced, and how much of it is used.

The kernel charges a request as hard (refused above the barrier), soft (refused above the limit) or
forced (never refused); which, depends on the resource, and on some on the caller: then it is the
lower of the two that is here, the barrier. 2.6.32-042stab, kernel/bc/beancounter.c, and
wiki.openvz.org/UBC_parameters_table.

vmguarpages and oomguarpages are guarantees. A CT may hold more, nothing is refused, and there is
no usage in percent; failcnt of oomguarpages counts the processes the OOM killer took.
"""

from __future__ import annotations

from ct0.beancounters import Beancounter

BARRIER, LIMIT, GUARANTEE = "barrier", "limit", "guarantee"

ENFORCED = {
    "kmemsize": BARRIER,  # but for allocations marked __GFP_SOFT_UBC
    "lockedpages": BARRIER,
    "privvmpages": BARRIER,  # mmap and brk; the growth of a stack goes on to the limit
    "shmpages": BARRIER,
    "numproc": BARRIER,
    "physpages": LIMIT,  # counts a failure only when reclaim made no progress
    "vmguarpages": GUARANTEE,
    "oomguarpages": GUARANTEE,
    "numtcpsock": BARRIER,
    "numflock": BARRIER,  # or the limit, by caller
    "numpty": BARRIER,
    "numsiginfo": BARRIER,
    "tcpsndbuf": BARRIER,
    "tcprcvbuf": LIMIT,  # from the barrier on it shrinks windows
    "othersockbuf": BARRIER,
    "dgramrcvbuf": BARRIER,
    "numothersock": BARRIER,
    "dcachesize": BARRIER,
    "numfile": BARRIER,
    "numiptent": LIMIT,
    "swappages": LIMIT,
}
# A sender waits and nothing is lost: their failures are common on a busy CT.
WAITING = ("tcpsndbuf", "tcprcvbuf", "othersockbuf", "dgramrcvbuf")


def enforced(resource: str, counter: Beancounter) -> float | None:
    """The number at which the kernel begins to refuse; math.inf is none, None a guarantee.

    In the kernel's units. A barrier of 0 with a limit above it was never set, as vzubc takes it.
    """
    which = ENFORCED.get(resource, BARRIER)
    if which == GUARANTEE:
        return None
    if which == LIMIT or (counter.barrier == 0 and counter.limit > 0):
        return counter.limit
    return counter.barrier


def unit(resource: str, page: int) -> tuple[int, str]:
    """Bytes of a unit, and the unit's name in performance data: (4096, "B") for pages."""
    if resource.endswith("pages"):
        return page, "B"
    return 1, "B" if resource.endswith(("size", "buf")) else ""
