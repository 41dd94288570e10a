"""The processes of a host with containers, looked at and judged."""

from __future__ import annotations

from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import OWN
from ct0.patience import Endless
from ct0_checks.procs.live import LiveRow, Table
from ct0_checks.procs.patience import Late, Reader
from ct0_checks.procs.row import described, harmless
from ct0_checks.procs.scope import Scope
from ct0_checks.procs.verdict import OK, Tally, in_doubt, line
from ct0_checks.procs.verdict import UNKNOWN as UNKNOWN_STATE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.owner import Owner
    from ct0_checks.procs.options import Request
    from ct0_checks.procs.output import Output


class Look:
    """One look at the table: who counts, who perhaps, and how many matched that do not."""

    def __init__(self, request: Request, scope: Scope, output: Output) -> None:
        self.request = request
        self.scope = scope
        self.output = output
        self.tally = Tally(request)
        self.doubtful = Tally(request)
        self.by_ct: dict[tuple[str, str], Tally] = {}
        self.left_out: dict[str, int] = {}  # kind of owner -> processes that matched
        self.hung: set[tuple[str, str]] = set()  # whose command lines cannot be read
        self.endless = 0  # whom the expression could not be matched with in time
        self.reader = Reader(min(1.0, request.timeout / 10 or 1.0))
        self.seen = 0
        criteria = request.criteria
        # Of thousands each question counts.
        self.quick = criteria.quick if criteria.are_quick() else everybody
        self.slow = criteria.slow if criteria.are_slow() else everybody
        self.last = criteria.by_command_line if criteria.reads_command_lines else everybody

    def whole(self, table: Table) -> None:
        for name in table.pids():
            try:
                self.one(table, name)
            except (FileNotFoundError, ProcessLookupError):
                continue  # gone while we looked
            except (OSError, Malformed, Late, Endless):
                # Of some process something may not be read (--match-exe as a user), or cannot.
                self.doubtful.count += 1
                self.doubtful.blind += 1

    def one(self, table: Table, name: str) -> None:
        criteria = self.request.criteria
        row = LiveRow(table, name)
        self.seen += 1
        if not self.quick(row):
            return
        owner = self.scope.owner(row)
        counts = self.scope.counts(owner)
        if counts is False:
            # Its command line might tell that it is not meant, but is not worth waiting for.
            if not (criteria.reads_command_lines or row.is_nameless) and self.slow(row):
                self.left_out[owner.kind] = self.left_out.get(owner.kind, 0) + 1
            return
        if owner.kind != OWN:
            self.fetch(owner, row)
        elif row.is_sister():
            return
        try:
            if not self.slow(row) or not self.last(row):
                return
        except Endless:
            self.endless += 1
            if owner.kind != OWN:
                self.hung.add(self.scope.place(owner))  # it may have a thousand of them
            raise
        if self.request.verbose >= 2:
            doubt = "" if counts else " (of unknown owner)"
            self.output.say(f"Matched: {harmless(described(row))}{doubt}\n")
        (self.tally if counts else self.doubtful).add(row)
        if self.request.per_ct and counts:
            where = self.scope.place(owner)
            if where not in self.by_ct:
                self.by_ct[where] = Tally(self.request)
            self.by_ct[where].add(row)

    def fetch(self, owner: Owner, row: LiveRow) -> None:
        """Read what somebody else may make unreadable, and of nobody twice. Raises Late."""
        if self.last is everybody and self.request.verbose < 2 and not row.is_nameless:
            return
        where = self.scope.place(owner)
        if where in self.hung:
            raise Late(row.name)
        try:
            row.fetch_cmdline(self.reader)
        except Late:
            self.hung.add(where)
            raise

    def notes(self, state: int) -> str:
        """What a reader of the first line has to know besides."""
        parts = []
        if self.doubtful.count:
            words = "who cannot be told whose or what they are"
            if state == UNKNOWN_STATE and not self.hung and not self.endless:
                words += ": run as root, or with --detect=cgroup"
            if self.endless:
                words += f", for {self.endless} the expression takes too long"
            parts.append(f"{self.doubtful.count} more {words}")
        if state != OK and self.request.scope == "host" and self.left_out:
            shown = [
                f"{count} in {words}"
                for kind, words in (("container", "containers"), ("sandbox", "sandboxes"))
                if (count := self.left_out.get(kind, 0))
            ]
            parts.append(f"{' and '.join(shown)} not counted")
        return f" ({'; '.join(parts)})" if parts else ""

    def evidence(self) -> str:
        """What -v adds below the first line."""
        if not self.request.verbose:
            return ""
        out = ", ".join(f"{kind} {count}" for kind, count in sorted(self.left_out.items()))
        return (
            f"Whose a process is was decided by {self.scope.evidence()}"
            f" (--scope={self.request.scope} --detect={self.request.detect}"
            f" --sandbox={self.request.sandbox}).\n"
            f"Looked at {self.seen} processes; matched and not counted: {out or 'none'}.\n"
        )


def everybody(row: LiveRow) -> bool:
    return True


def judge_host(request: Request, output: Output) -> int:
    """Raises ct0.errors.Error when nothing can be said."""
    host = Host(request.root)
    request.criteria.free_flags()
    table = Table(host)
    if request.cts or request.per_ct:
        from ct0_checks.procs.cts import judge_cts

        return judge_cts(request, table, output)
    look = Look(request, Scope(table, request), output)
    look.whole(table)
    state = in_doubt(look.tally, look.doubtful)
    output.say(line(look.tally, state, look.notes(state)))
    output.say(look.evidence())
    return state
