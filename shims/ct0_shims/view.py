"""The process table as a shim may see it: CT0's own, by default, and nobody's else."""

from __future__ import annotations

import posix  # os costs a shim 1 ms

from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN, Ownership
from ct0.process import Process
from ct0_shims.report import complain
from ct0_shims.settings import Settings, read_settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.owner import Owner


class View:
    """`settings`, `host`, my `pid`; `allows` decides for one process; `skipped` counts refusals."""

    __slots__ = ("host", "ownership", "pid", "settings", "skipped")

    def __init__(self, settings: Settings | None = None) -> None:
        """Raises ct0.errors.Unavailable when this /proc is not ours: its PIDs mean nothing here."""
        self.settings = settings or read_settings()
        for text in self.settings.complaints:
            complain(f"ct0: {text}\n")
        self.host = self.settings.host
        self.pid = posix.getpid() if self.host.live else 0  # on a recorded host I am nobody
        self.ownership = Ownership(self.host)
        self.skipped: dict[tuple[str, str], int] = {}

    def open(self, pid: int) -> Process | None:
        """The process pinned, or None when it is gone or hidden from this caller."""
        try:
            return Process(self.host, pid)
        except (ProcessLookupError, PermissionError, NotADirectoryError):
            return None

    def allows(self, process: Process, given: bool = False) -> bool:
        """May this process, which matched, be listed or signalled?

        `given`: its PID was named by the caller (a pidfile, an operand) and not found by a scan.
        Then a sandbox's is allowed too: a service with PrivatePIDs= must stay stoppable by its
        pidfile. A container's never is, for pidfiles go stale and PIDs are shared with CTs.
        Raises ProcessLookupError when it is gone.
        """
        owner = self.excluded(process, given)
        if owner is None:
            return True
        key = (owner.kind, owner.ctid)
        self.skipped[key] = self.skipped.get(key, 0) + 1
        return False

    def excluded(self, process: Process, given: bool = False) -> Owner | None:
        """Whose a process is that `allows` would refuse, else None; without counting it.

        For what must be known before matching: nothing of a container's is followed or opened.
        """
        if process.pid == self.pid or self.settings.scope == "all":
            return None
        owner = self.ownership.owner(process)
        if owner.kind == OWN:
            return None
        if owner.kind == SANDBOX and (given or self.settings.scope == "sandbox"):
            return None
        if owner.kind == CONTAINER and owner.shared and self.settings.hostpid:
            return None
        return owner

    def skipped_text(self) -> str:
        """`3 in containers: 101 (2), web1 (1)`, "" when nothing that matched was refused."""
        parts = []
        for kind, words in (
            (CONTAINER, "in containers"),
            (SANDBOX, "in sandboxes"),
            (UNKNOWN, "of unknown owner"),
        ):
            counts = {ctid: n for (which, ctid), n in sorted(self.skipped.items()) if which == kind}
            if counts:
                names = ", ".join(f"{short(ctid)} ({n})" for ctid, n in counts.items() if ctid)
                parts.append(f"{sum(counts.values())} {words}" + (f": {names}" if names else ""))
        return "; ".join(parts)


def short(ctid: str) -> str:
    """A CTID for a log line: hexadecimal IDs cut to 12 digits, plain characters only."""
    if len(ctid) == 64:
        ctid = ctid[:12]
    return "".join([c if c.isalnum() or c in "-_.@:" else "?" for c in ctid])[:64]
