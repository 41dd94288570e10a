"""How many tasks (processes and their threads) a container has, and may have.

version 1, 2  pids.current, pids.max and pids.events of the pids controller; cgroup-v1/pids.rst
OpenVZ 6, 7   beancounter numproc: held, limit and failcnt

pids.events (Linux 4.8; `max 3`) counts everything below on version 2 since Linux 6.11. Before, and
on version 1, it counts where the refused fork was: one in a cgroup inside the CT is not in it.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.beancounters import read_beancounters
from ct0.cgroup_files import Cgroups, optional, read_flat, read_limit, read_number
from ct0.container import CT
from ct0.errors import Unavailable


class Tasks(NamedTuple):
    """None: not offered here; a limit of math.inf is none."""

    current: int | None = None  # threads count too
    limit: float | None = None
    refused: int | None = None  # forks that the limit forbade: a counter


def read_tasks(cgroups: Cgroups, ct: CT, refused: bool = True) -> Tasks:
    """Raises Unavailable when nothing counts them: no such controller, the CT does not run.

    `refused`: whether to read pids.events, for that one figure, too.
    """
    found = cgroups.folder(ct, "pids")
    if found is not None:
        current = optional(read_number, f"{found[1]}/pids.current")
        limit = optional(read_limit, f"{found[1]}/pids.max")
        if current is not None or limit is not None:
            events = optional(read_flat, f"{found[1]}/pids.events") if refused else None
            return Tasks(current, limit, (events or {}).get("max"))
    if ct.engine == "openvz":
        counter = cgroups.shared(read_beancounters).get(ct.ctid, {}).get("numproc")
        if counter is not None:
            return Tasks(counter.held, counter.limit, counter.failcnt)
    raise Unavailable(f"nothing counts the tasks of {ct.engine} {ct.ctid} here")
