"""How many there are, what that means, and the line that says it.

PROCS CRITICAL: 1 process with command name 'x' | procs=1;;0;0;
VSZ WARNING: 4 warn out of 95 processes [mysqld, java] | procs=95;;;0; procs_warn=4;;;0; ...
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0_checks.procs.options import Request
    from ct0_checks.procs.row import Row

OK, WARNING, CRITICAL, UNKNOWN = 0, 1, 2, 3
NAMES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
LONGEST = 2000  # characters of offenders' names; a scheduler cuts lines at 4 kB
UNSAFE = str.maketrans({"|": ",", "\n": " ", "\r": " "})


class Tally:
    """What was counted, and of each process's own figure how often it was too much."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.count = 0
        self.warn = 0
        self.crit = 0
        self.blind = 0  # those of `count` of which nothing could be read
        self.names: list[str] = []

    def add(self, row: Row) -> None:
        self.count += 1
        if self.request.metric == "PROCS":
            return
        state = judged(self.request, figure(row, self.request.metric))
        self.warn += state == WARNING
        self.crit += state == CRITICAL
        if state != OK:
            self.names.append(row.shown_name)

    def state(self, more: int = 0) -> int:
        """OK, WARNING or CRITICAL; as if there were `more` processes."""
        if self.request.metric == "PROCS":
            return judged(self.request, self.count + more)
        return CRITICAL if self.crit else WARNING if self.warn else OK

    def counted(self) -> str:
        """`1 crit, 0 warn out of 95 processes`"""
        text = f"{self.count} process" + ("" if self.count == 1 else "es")
        if self.crit:
            return f"{self.crit} crit, {self.warn} warn out of {text}"
        return f"{self.warn} warn out of {text}" if self.warn else text

    def perfdata(self, ct: str = "") -> str:
        """`ct`: the CT's part of the labels, "" for none."""
        request = self.request
        limits = f"{request.warning};{request.critical}".translate(UNSAFE)
        if request.metric == "PROCS":
            return f"{label(ct, 'procs')}={self.count};{limits};0;"
        return (
            f"{label(ct, 'procs')}={self.count};;;0; {label(ct, 'procs_warn')}={self.warn};;;0; "
            f"{label(ct, 'procs_crit')}={self.crit};;;0;"
        )


def label(ct: str, name: str) -> str:
    return f"'{ct}::{name}'" if ct else name


def judged(request: Request, value: float) -> int:
    if request.critical_range is not None and request.critical_range.alerts(value):
        return CRITICAL
    if request.warning_range is not None and request.warning_range.alerts(value):
        return WARNING
    return OK


def figure(row: Row, metric: str) -> float:
    if metric == "VSZ":
        return row.vsz
    if metric == "RSS":
        return row.rss
    if metric == "CPU":
        return row.pcpu
    return row.seconds if metric == "ELAPSED" else row.threads


def in_doubt(tally: Tally, doubtful: Tally) -> int:
    """The state when the doubtful processes may count or not: UNKNOWN if it may be OK or not."""
    if tally.request.metric == "PROCS":
        states = {tally.state(more) for more in range(doubtful.count + 1)}
    else:
        states = {tally.state(), max(tally.state(), doubtful.state())}
        if doubtful.blind and states == {OK}:
            return UNKNOWN  # any of them may be too large
    return UNKNOWN if OK in states and len(states) > 1 else max(states)


def line(tally: Tally, state: int, notes: str = "") -> str:
    """The whole line; `notes` follow the criteria."""
    request = tally.request
    text = f"{request.metric} {NAMES[state]}: {tally.counted()}{criteria(request)}"
    if request.verbose and tally.names:
        text += f" [{listed(tally.names)}]"
    text += notes
    return text + (f" | {tally.perfdata()}" if request.perfdata else "") + "\n"


def criteria(request: Request) -> str:
    return f" with {', '.join(request.words)}".translate(UNSAFE) if request.words else ""


def listed(names: list[str]) -> str:
    """As many as there is room for: somebody may run thousands."""
    shown: list[str] = []
    room = LONGEST
    for name in names:
        room -= len(name) + 2
        if room < 0:
            return f"{', '.join(shown)} and {len(names) - len(shown)} more"
        shown.append(name)
    return ", ".join(shown)
