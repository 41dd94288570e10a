"""Whose processes check_procs counts: CT0's own, everybody's, all containers' or some.

Whose a process is: docs/shims.md. A sandbox (a PID namespace that no engine claims) is nobody's
container that could be named, and not CT0's own either unless --sandbox=host says so.
"""

from __future__ import annotations

from ct0.errors import Malformed, Unavailable
from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN, Owner, Ownership
from ct0.process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_checks.procs.live import LiveRow, Table
    from ct0_checks.procs.options import Request

    Key = tuple[str, str]  # engine family, CTID

PLAIN = Owner(OWN, "")


class Scope:
    """`counts` tells of an owner whether its processes are meant; None: nobody can tell."""

    def __init__(
        self,
        table: Table,
        request: Request,
        wanted: set[Key] | None = None,
        known: set[Key] | None = None,
    ) -> None:
        """`wanted`: the CTs meant, None if not these but the scope decides; `known`: all there are.

        Raises Unavailable when /proc is not the caller's or the way asked for is not offered.
        """
        self.known = known or set()
        self.table = table
        self.kind = request.scope
        self.way = request.detect
        self.sandboxes = request.sandbox
        self.wanted = wanted
        self.ownership = (
            None if self.kind == "all" and not request.per_ct else Ownership(table.host)
        )
        if self.way == "nspid" and self.ownership is not None:
            with Process(table.host, self.ownership.pid) as me:
                if me.status().nspid is None:
                    raise Unavailable("--detect=nspid: this kernel has no NSpid (Linux 4.1)")
        if self.way == "envid" and self.ownership is not None and self.ownership.env_id is None:
            raise Unavailable("--detect=envid: this kernel has no envID, it is no OpenVZ kernel")

    def owner(self, row: LiveRow) -> Owner:
        """Raises ProcessLookupError when it is gone."""
        if self.ownership is None:
            return PLAIN
        plain = self.ownership.plainly_own
        if self.way == "auto" and plain(self.table.folder, row.name, row.read_status):
            return PLAIN
        try:
            with Process(self.table.host, row.pid) as process:
                if self.way == "auto":
                    return self.ownership.owner(process)
                return self.ownership.owner_by(self.way, process)
        except (PermissionError, Malformed) as error:
            return Owner(UNKNOWN, str(error))

    def counts(self, owner: Owner) -> bool | None:
        if self.kind == "all":
            return True
        if owner.kind == UNKNOWN:
            return None
        if self.wanted is not None:
            return owner.kind == CONTAINER and self.place(owner) in self.wanted
        is_host = owner.kind == OWN or (owner.kind == SANDBOX and self.sandboxes == "host")
        return is_host == (self.kind == "host")

    def place(self, owner: Owner) -> Key:
        """The CT, as ct0.containers knows it; (kind, "") for processes that are in none."""
        if owner.kind != CONTAINER:
            return owner.kind, ""
        from ct0.containers import FAMILY

        # LXC's cgroups serve three engines, and are called web1-1 when a dead web1's is left.
        family = FAMILY.get(owner.engine, owner.engine)
        base, _, number = owner.ctid.rpartition("-")
        left = family == "lxc" and number.isdigit() and (family, owner.ctid) not in self.known
        return (family, base) if left and (family, base) in self.known else (family, owner.ctid)

    def evidence(self) -> str:
        """By what it is decided, in words."""
        if self.ownership is None:
            return "nothing, everybody is meant"
        if self.way != "auto":
            return {"nspid": "NSpid", "envid": "envID", "cgroup": "cgroups"}[self.way] + " alone"
        if self.ownership.env_id is not None:
            return "envID, then cgroups"
        return ("ns/pid" if self.ownership.by_links else "NSpid") + " and cgroups"
