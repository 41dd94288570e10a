"""Which processes killall means: by name, by expression, by program, and by whose, how old, where.

A name is compared with `comm`, of which the kernel keeps 15 bytes. A process whose comm is that
long is looked up in its command line: the first word (after any number of others: `sh -e NAME`)
whose base name begins with comm is its long name, and only the whole of it counts. Without such a
word the first 15 bytes decide, or with -e nothing does.
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms
import sys
import time

from ct0.errors import Malformed
from ct0_shims.killall_options import Options, Refused
from ct0_shims.patience import Patience
from ct0_shims.report import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

    from ct0.proc_stat import Stat
    from ct0.process import Process
    from ct0_shims.view import View

FULL = (15, 63)  # lengths at which a comm may be cut: of processes, of kernel workers


class Operand:
    """One NAME of the command line."""

    __slots__ = ("found", "inode", "name", "pattern")

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.pattern: Patience | None = None
        self.inode: tuple[int, int] | None = None
        self.found = False

    @property
    def text(self) -> str:
        return decode(self.name)


class Found:
    """A process that matched: what its messages call it, and which operand it answers."""

    __slots__ = ("comm", "name", "operand", "stat")

    def __init__(self, stat: Stat, name: bytes, operand: Operand | None) -> None:
        self.stat = stat
        self.comm = stat.comm
        self.name = decode(name)
        self.operand = operand


class Matcher:
    __slots__ = ("_needs_all", "_now", "_screen", "namespace", "operands", "options", "view")

    def __init__(self, options: Options, view: View) -> None:
        """Raises Refused: a bad expression, a program that is not there."""
        self.options = options
        self.view = view
        self.operands = [Operand(name) for name in options.names]
        # Some comm may belong to a match whatever it is: no names at all, an expression that means
        # the long name, a program by its path.
        self._needs_all = not self.operands
        self._screen: set[bytes] = set()
        for operand in self.operands:
            if options.regexp:
                operand.pattern = Patience(expression(operand.text, options.ignore_case))
            elif b"/" in operand.name:
                operand.inode = program(view, operand.name)
                self._needs_all = True
            else:
                self._screen.add(self.fold(operand.name)[:15])
        self.namespace = namespace_of(view, options.namespace_of)
        self._now = uptime(view) if options.younger_than or options.older_than else 0.0

    def fold(self, name: bytes) -> bytes:
        return name.lower() if self.options.ignore_case else name  # of ASCII, as strcasecmp(3) in C

    def may_match(self, comm: bytes) -> bool:
        """A first, cheap look at a comm that was read without holding the process."""
        options = self.options
        if self._needs_all or (options.exact and options.verbose):
            return True
        if options.regexp:
            text = decode(comm)
            return len(comm) in FULL or any(one.pattern(text) for one in self.operands)  # type: ignore[misc]
        return self.fold(comm)[:15] in self._screen

    def match(self, process: Process) -> Found | None:
        """Everything again, through the held process. Raises ProcessLookupError when it is gone."""
        options = self.options
        if self.is_tired() and self.view.excluded(process):
            return None
        try:
            if options.user is not None and process.status().uids[:1] != (options.user,):
                return None
            stat = process.stat()
        except (PermissionError, Malformed):
            return None  # hidepid: not there for this caller
        if options.namespace_of and not self.is_in_namespace(process):
            return None
        if options.context is not None and not self.has_context(process):
            return None
        if options.younger_than or options.older_than:
            age = self._now - stat.starttime / posix.sysconf("SC_CLK_TCK")
            if options.younger_than and age > options.younger_than:
                return None
            if options.older_than and age < options.older_than:
                return None

        comm = encode(stat.comm)
        long = long_name(process, comm) if len(comm) in FULL else None
        if options.exact and long is None and len(comm) in FULL:
            if options.verbose and not self.view.excluded(process):
                complain(f"killall: skipping partial match {stat.comm}({process.pid})\n")
            return None
        if not self.operands:
            return Found(stat, long or comm, None)
        for operand in self.operands:
            if self.is_meant(operand, process, comm, long):
                return Found(stat, long or comm, operand)
        return None

    def is_tired(self) -> bool:
        return any(one.pattern is not None and one.pattern.tired for one in self.operands)

    def is_meant(self, operand: Operand, process: Process, comm: bytes, long: bytes | None) -> bool:
        if operand.pattern is not None:
            return operand.pattern(decode(comm if long is None else long))
        if b"/" in operand.name:
            return self.runs(operand, process)
        name = self.fold(operand.name)
        if long is not None:
            return name == self.fold(long)
        if len(comm) in FULL and len(name) >= len(comm):
            name = name[: len(comm)]
        return name == self.fold(comm)

    def runs(self, operand: Operand, process: Process) -> bool:
        """Does it run that program, or one of that name that was replaced under its feet?"""
        try:
            link = process.link("exe")
        except PermissionError:
            return False
        if link is None:
            return False
        if link in (operand.text, operand.text + " (deleted)"):
            return True
        # stat(2) asks the file system on which the program lies. A container's may be a FUSE mount
        # of its own that never answers.
        if operand.inode is None or self.view.excluded(process):
            return False
        try:
            if self.view.host.live:
                facts = posix.stat("exe", dir_fd=process.fd)
            else:
                facts = posix.stat(self.view.host.path(link))
        except OSError:
            return False
        return (facts.st_dev, facts.st_ino) == operand.inode

    def is_in_namespace(self, process: Process) -> bool:
        try:
            return self.namespace is not None and process.link("ns/pid") == self.namespace
        except PermissionError:
            return False

    def has_context(self, process: Process) -> bool:
        try:
            text = process.read("attr/current")
        except OSError:
            return False  # no security module here, or gone: no context, no match
        pattern = self.options.context
        return pattern is not None and bool(
            pattern.search(decode(text.partition(b"\0")[0].rstrip(b"\n")))
        )


def long_name(process: Process, comm: bytes) -> bytes | None:
    try:
        words = process.read("cmdline").split(b"\0")
    except PermissionError:
        return None
    for word in words:
        if not word:
            break
        base = word.rpartition(b"/")[2]
        if base.startswith(comm):
            return base
    return None


def expression(text: str, ignore_case: bool) -> re.Pattern[str]:
    from ct0.ere import compile_ere

    try:
        return compile_ere(text, ignore_case)
    except ValueError:
        raise Refused(f"killall: Bad regular expression: {text}") from None


def program(view: View, name: bytes) -> tuple[int, int] | None:
    path = name.decode(sys.getfilesystemencoding(), "surrogateescape")
    try:
        facts = posix.stat(view.host.path(path) if path.startswith("/") else path)
    except OSError as error:
        if view.host.live:
            raise Refused(f"{decode(name)}: {error.strerror}") from None
        return None  # a recorded host brings no programs: the links tell
    return facts.st_dev, facts.st_ino


def namespace_of(view: View, pid: int) -> str | None:
    """The PID namespace of a process, None if it cannot be read: then nobody is in it."""
    process = view.open(pid) if pid > 0 else None
    if process is None:
        return None
    with process:
        try:
            return process.link("ns/pid")
        except OSError:
            return None


def uptime(view: View) -> float:
    """Seconds since boot, by the clock of start times. /proc/uptime may be lxcfs' inside a CT."""
    if view.host.live:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    with open(view.host.proc + "/uptime", encoding="ascii") as file:
        return float(file.read().split()[0])


def encode(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def decode(name: bytes) -> str:
    """As core decodes what it reads, whatever the locale."""
    return name.decode("utf-8", "surrogateescape")
