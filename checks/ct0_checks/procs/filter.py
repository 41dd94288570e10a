"""Which processes are meant: check_procs' criteria, all of which must hold.

Asked in three steps, for the price of a live process's columns differs: `quick` by those that
/proc/PID/stat tells, `slow` by those that take status, `by_command_line` by what a container's
process could keep a reader waiting with.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.patience import Patience
    from ct0_checks.procs.row import Row

STATE_LETTERS = frozenset("RSDTtZXxKWPI")


class Criteria:
    """What is not asked for is None, False or empty."""

    def __init__(self) -> None:
        self.flags: str | None = None  # -s: STAT contains them in a row
        self.any_of: str | None = None
        self.all_of: str | None = None
        self.ppid: int | None = None
        self.uid: int | None = None
        self.vsz: int | None = None
        self.rss: int | None = None
        self.pcpu: float | None = None
        self.args: str | None = None
        self.pattern: Patience | None = None
        self.command: str | None = None
        self.excluded: frozenset[str] = frozenset()
        self.no_kernel = False
        self.whole_name = False
        self.by_exe = False

    def free_flags(self) -> None:
        """Have -s RSZDT mean any of these states, as its documentation says.

        No STAT holds two states' letters in a row, so the original never finds anybody by it.
        """
        if self.flags is not None and len(STATE_LETTERS.intersection(self.flags)) > 1:
            self.any_of, self.flags = self.flags, None

    def are_quick(self) -> bool:
        """Whether `quick` may ever be False."""
        asked = (self.ppid, self.command, self.vsz, self.pcpu, self.flags, self.any_of)
        return self.no_kernel or any(one is not None for one in asked)

    def are_slow(self) -> bool:
        """Whether `slow` may ever be False."""
        asked = (self.command, self.uid, self.rss, self.flags, self.any_of, self.all_of)
        return bool(self.excluded) or any(one is not None for one in asked)

    def quick(self, row: Row) -> bool:
        return (
            (self.ppid is None or row.ppid == self.ppid)
            and (self.command is None or self.by_exe or row.may_be_called(self.command))
            and (self.vsz is None or row.vsz >= self.vsz)
            and (self.pcpu is None or row.pcpu >= self.pcpu)
            and (self.flags is None or self.needs_lock(self.flags) or self.flags in row.short_stat)
            and (self.any_of is None or "L" in self.any_of or self.has_any(row.short_stat))
            and not (self.no_kernel and row.is_kernel)
        )

    def slow(self, row: Row) -> bool:
        return (
            (self.command is None or self.by_exe or row.is_called(self.command, self.whole_name))
            and (not self.excluded or row.prog not in self.excluded)
            and (self.uid is None or row.uid == self.uid)
            and (self.rss is None or row.rss >= self.rss)
            and (self.flags is None or not self.needs_lock(self.flags) or self.flags in row.stat)
            and (self.any_of is None or "L" not in self.any_of or self.has_any(row.stat))
            and (self.all_of is None or set(self.all_of) <= set(row.stat))
        )

    @property
    def reads_command_lines(self) -> bool:
        return self.args is not None or self.pattern is not None or self.by_exe or self.whole_name

    def by_command_line(self, row: Row) -> bool:
        """The last step: nothing of a container's needs to be read for the others. Raises Endless
        when the expression does not come to an end with this one."""
        return (
            (not self.by_exe or self.command is None or row.exe_name == self.command)
            and (self.args is None or self.args in row.args)
            and (self.pattern is None or self.pattern(row.args))
        )

    @staticmethod
    def needs_lock(flags: str) -> bool:
        """Whether a locked process's L, for which status must be read, decides."""
        return "L" in flags or len(flags) > 1

    def has_any(self, stat: str) -> bool:
        return not set(self.any_of or "").isdisjoint(stat)
