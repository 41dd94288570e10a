"""Which processes pgrep and pkill mean: a pattern and any number of criteria, all of which hold.

    criteria.pattern, -f, -x, -i     the name (comm), or the command line, by an extended regex
    criteria.numbers[...]            -g -G -p -P -s -u -U: one of these numbers
    criteria.ttys -t, states -r, cgroups --cgroup, environment --env, older -O, handles -H
    criteria.namespaces              --ns: kind -> link of the reference process

Only a process that matched is asked whose it is. With -v those that do not match are meant, and
they are asked just so.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms

from ct0.errors import Malformed, Unavailable
from ct0_shims.patience import Endless, Patience, pass_over
from ct0_shims.printable import command_line, printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from ct0.proc_stat import Stat
    from ct0.proc_status import Status
    from ct0.process import Process
    from ct0_shims.view import View

FLAGS = posix.O_RDONLY | posix.O_CLOEXEC
PART = 448  # of a command line; most are shorter, and for so little Python keeps memory at hand
# What may stand in a pattern that is meant as it is written: `re` costs 6 ms to import.
LITERAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/:@%,=~ ")

# criterion -> the number of a process it is compared with
OF_STAT = {"pgroup": "pgrp", "parent": "ppid", "session": "session"}
OF_STATUS = {"euid": ("uids", 1), "uid": ("uids", 0), "group": ("gids", 0)}


class Criteria:
    """What the command line asks for. None, "" and empty mean: not asked for."""

    __slots__ = (
        "cgroups",
        "environment",
        "exact",
        "full",
        "handles",
        "ignore_case",
        "ignored",
        "inverse",
        "matches",
        "namespaces",
        "newest",
        "numbers",
        "older",
        "oldest",
        "patience",
        "pattern",
        "pids",
        "states",
        "threads",
        "ttys",
    )

    def __init__(self) -> None:
        self.pattern: str | None = None
        self.matches: Callable[[str], bool] = lambda text: True  # the pattern as a function
        self.patience: Patience | None = None  # the same, if it is an expression
        self.full = self.exact = self.ignore_case = self.inverse = False
        self.newest = self.oldest = self.threads = False
        self.numbers: dict[str, frozenset[int]] = {}
        self.pids: list[frozenset[int]] = []  # -F and -p: PIDs the caller gave, of each option
        self.ignored: frozenset[int] = frozenset()
        self.ttys: frozenset[int] | None = None
        self.states = ""
        self.cgroups: list[str] = []
        self.environment: list[str] = []
        self.older = 0
        self.handles = 0
        self.namespaces: dict[str, str | None] = {}


class Found:
    """One that is meant: `start` with the PID says for ever which process it was."""

    __slots__ = ("argv", "line", "name", "pid", "start", "tid")

    def __init__(self, facts: Facts) -> None:
        self.pid = facts.process.pid
        self.tid = facts.tid
        self.start = facts.stat().starttime
        self.name = facts.name()
        self.line = ""
        self.argv: list[str] = []


class Facts:
    """What is known of one process or thread; every file is read once, when it is needed."""

    __slots__ = ("_name", "_stat", "_status", "prefix", "process", "tid")

    def __init__(self, process: Process, tid: int = 0) -> None:
        self.process = process
        self.tid = tid or process.pid
        self.prefix = f"task/{tid}/" if tid else ""
        self._stat: Stat | None = None
        self._status: Status | None = None
        self._name: str | None = None

    def stat(self) -> Stat:
        from ct0.proc_stat import parse_stat

        if self._stat is None:
            name = self.prefix + "stat"
            self._stat = parse_stat(self.process.read(name), f"{self.process.path}/{name}")
        return self._stat

    def status(self) -> Status:
        from ct0.proc_status import parse_status

        if self._status is None:
            name = self.prefix + "status"
            self._status = parse_status(self.process.read(name), f"{self.process.path}/{name}")
        return self._status

    def name(self) -> str:
        if self._name is None:
            self._name = printable(self.process.read(self.prefix + "comm")[:-1])
        return self._name

    def line(self) -> str:
        raw = self.process.read(self.prefix + "cmdline")
        return command_line(raw, self.name(), "" if raw else self.stat().state)

    def has_handler(self, number: int) -> bool:
        """Whether it handles a signal itself: a bit of SigCgt in status."""
        for line in self.process.read(self.prefix + "status").split(b"\n"):
            if line.startswith(b"SigCgt:"):
                return bool(int(line[7:], 16) >> (number - 1) & 1)
        return False


def select(criteria: Criteria, view: View, lines: bool = False, words: bool = False) -> list[Found]:
    """Everybody who is meant and allowed, by PID ascending; with -n or -o one at most.

    `lines`: the command line is wanted too; `words`: its arguments one by one.
    """
    found: list[Found] = []
    one_only = criteria.newest or criteria.oldest
    patience = criteria.patience
    for pid in candidates(criteria, view):
        process = view.open(pid) if pid not in criteria.ignored else None
        if process is None:
            continue
        with process:
            try:
                if patience is not None and patience.tired and view.excluded(process, given=True):
                    continue
                meant = [
                    Found(facts)
                    for facts in each(process, criteria)
                    if is_meant(facts, criteria, view) != criteria.inverse
                ]
                # With -n and -o only who comes out on top is asked whose he is, below.
                if not meant or not (one_only or allows(process, criteria, view)):
                    continue
                for one in meant:
                    if lines:
                        one.line = Facts(process).line()
                    if words:
                        one.argv = process.cmdline()
                found += meant
            except (ProcessLookupError, PermissionError, Malformed):
                continue  # gone, hidden from this caller, or nothing the kernel would write
            except Endless:
                pass_over(process, view)
    return best(found, criteria, view) if one_only else found


def best(found: list[Found], criteria: Criteria, view: View) -> list[Found]:
    """The newest or the oldest that is allowed; of equals the highest, or the lowest, PID."""
    found.sort(key=lambda one: (one.start, one.tid), reverse=criteria.newest)
    for one in found:
        process = view.open(one.pid)
        if process is None:
            continue
        with process:
            try:
                facts = Facts(process, one.tid if criteria.threads else 0)
                if facts.stat().starttime == one.start and allows(process, criteria, view):
                    return [one]
            except (ProcessLookupError, PermissionError, Malformed):
                continue
    return []


def allows(process: Process, criteria: Criteria, view: View) -> bool:
    given = not criteria.inverse and any(process.pid in pids for pids in criteria.pids)
    return view.allows(process, given=given)


def each(process: Process, criteria: Criteria) -> Iterator[Facts]:
    """The process, or with -w every thread of it."""
    if not criteria.threads:
        yield Facts(process)
        return
    for tid in sorted([int(name) for name in posix.listdir(f"{process.path}/task")]):
        yield Facts(process, tid)


def candidates(criteria: Criteria, view: View) -> Iterator[int]:
    """PIDs to look at, ascending, without mine. Name or command line are read by path first and
    compared: that decides nothing, but spares pinning all the others."""
    if criteria.pids and not criteria.inverse:
        for pid in sorted(frozenset.intersection(*criteria.pids)):
            if pid != view.pid:
                yield pid
        return
    pids = view.host.pids()
    if criteria.pattern is None or criteria.inverse or criteria.threads:
        for pid in pids:
            if pid != view.pid:
                yield pid
        return
    opened, read, close = posix.open, posix.read, posix.close
    matches, patience = criteria.matches, criteria.patience
    proc, mine = opened(view.host.proc, posix.O_DIRECTORY | FLAGS), view.pid
    full = criteria.full
    look = "/cmdline" if full else "/comm"
    for pid in pids:
        try:
            file = opened(f"{pid}{look}", FLAGS, dir_fd=proc)
            try:
                raw = read(file, PART)
                if len(raw) == PART:
                    while more := read(file, 1 << 16):
                        raw += more
            finally:
                close(file)
        except OSError:
            continue  # gone or hidden
        text = command_line(raw, "", "") if full else printable(raw[:-1])
        # Without arguments it is the name and the state that are compared.
        try:
            is_suspect = not raw or (patience is not None and patience.tired) or matches(text)
        except Endless:
            is_suspect = True
        if is_suspect and pid != mine:
            yield pid
    close(proc)


def is_meant(facts: Facts, criteria: Criteria, view: View) -> bool:
    """Whether every criterion holds; the cheapest to read come first."""
    if not all(facts.process.pid in pids for pids in criteria.pids):
        return False
    for option, attribute in OF_STAT.items():
        wanted = criteria.numbers.get(option)
        if wanted is not None and getattr(facts.stat(), attribute) not in wanted:
            return False
    for option, (attribute, place) in OF_STATUS.items():
        wanted = criteria.numbers.get(option)
        if wanted is not None and getattr(facts.status(), attribute)[place] not in wanted:
            return False
    if criteria.older and age_seconds(facts, view) < criteria.older:
        return False
    if criteria.ttys is not None and facts.stat().tty_nr not in criteria.ttys:
        return False
    if criteria.states and facts.stat().state not in criteria.states:
        return False
    if criteria.handles and not facts.has_handler(criteria.handles):
        return False
    if criteria.cgroups and not in_cgroup(facts.process, criteria.cgroups):
        return False
    if criteria.namespaces and not in_namespaces(facts.process, criteria.namespaces):
        return False
    if criteria.environment and not has_variable(facts.process, criteria.environment):
        return False
    if criteria.pattern is None:
        return True
    return criteria.matches(facts.line() if criteria.full else facts.name())


def pattern_test(criteria: Criteria, pattern: str) -> Callable[[str], bool]:
    """The pattern as a function; raises ValueError with the C library's words if it is none."""
    if pattern and LITERAL.issuperset(pattern):
        return literal_test(pattern, criteria.exact, criteria.ignore_case)
    from ct0.ere import compile_ere

    text = f"^({pattern})$" if criteria.exact else pattern
    criteria.patience = Patience(compile_ere(text, criteria.ignore_case))
    return criteria.patience


def literal_test(pattern: str, exact: bool, ignore_case: bool) -> Callable[[str], bool]:
    if ignore_case:
        small = pattern.lower()
        if exact:
            return lambda name: name.lower() == small
        return lambda name: small in name.lower()
    if exact:
        return pattern.__eq__
    return lambda name: pattern in name


def age_seconds(facts: Facts, view: View) -> int:
    """How long it runs, in whole seconds. Raises Unavailable without /proc/uptime."""
    path = view.host.path("/proc/uptime")
    try:
        file = posix.open(path, FLAGS)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    try:
        uptime = float(posix.read(file, 128).split()[0])
    finally:
        posix.close(file)
    return int(uptime - facts.stat().starttime / posix.sysconf("SC_CLK_TCK"))


def in_cgroup(process: Process, paths: Iterable[str]) -> bool:
    """Exactly that path in the version 2 hierarchy."""
    lines = process.cgroup().split("\n")
    return any("0::" + path in lines for path in paths)


def in_namespaces(process: Process, wanted: dict[str, str | None]) -> bool:
    """The same link in every kind. One that cannot be read, here or there, is not the same:
    procps takes two unreadable ones for equal and means everybody."""
    for kind, reference in wanted.items():
        try:
            if reference is None or process.link(f"ns/{kind}") != reference:
                return False
        except PermissionError:
            return False
    return True


def has_variable(process: Process, wanted: Iterable[str]) -> bool:
    """One of NAME or NAME=VALUE in the environment it was started with."""
    entries = process.read("environ").decode("utf-8", "surrogateescape").split("\0")
    names = {entry.partition("=")[0] for entry in entries}
    return any(one in entries if "=" in one else one in names for one in wanted)
