"""Whom a finding would reach on this host now: containers' processes, by name.

The process table is read once, through core's Ownership; each selector is then played against it
as the tool it stands for would. Nothing is signalled here, and nobody's file is opened but /proc's.
"""

from __future__ import annotations

import re
import warnings
from typing import NamedTuple

from ct0.containers import containers
from ct0.errors import Error, Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, Ownership
from ct0.process import Process
from ct0_audit import files
from ct0_audit.records import Hit, Selector

COMM = 15  # characters of a name that the kernel keeps
MOST = 4096  # characters of a command line that are compared
CLASSES = {
    "alnum": r"\w", "alpha": "A-Za-z", "blank": " \\t", "digit": r"\d", "lower": "a-z",
    "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z", "word": r"\w", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class Running(NamedTuple):
    """One process of a container's."""

    engine: str
    ctid: str
    pid: int
    comm: str
    cmdline: tuple[str, ...]
    exe: str
    uid: int


class Live:
    """The containers' processes of one moment.

    Raises Unavailable where there is no process table, or not this caller's.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self.running = list(_running(host))
        self.names = {ct.ctid: (ct.engine, ct.name) for ct in containers(host)}
        self.users = _users(host)
        self._hits: dict[Selector, tuple[Hit, ...]] = {}

    def hits(self, selector: Selector | None) -> tuple[Hit, ...]:
        """Whom the selector finds, by container and PID; () for one that is not known."""
        if selector is None:
            return ()
        if selector not in self._hits:
            self._hits[selector] = tuple(self._hit(process) for process in self._matching(selector))
        return self._hits[selector]

    def _hit(self, process: Running) -> Hit:
        engine, name = self.names.get(process.ctid, (process.engine, ""))
        command = " ".join(process.cmdline)[:MOST]
        return Hit(engine, process.ctid, name, process.pid, process.comm, command)

    def _matching(self, selector: Selector) -> list[Running]:
        if selector.how in ("pid", "pidfile"):
            wanted = {int(value) for value in selector.values if value.isdecimal()}
            if selector.how == "pidfile":
                wanted = {number for path in selector.values for number in self._numbers(path)}
            return [process for process in self.running if process.pid in wanted]
        uids = {self.users.get(user, user) for user in selector.users}
        if selector.how == "user":
            uids = {self.users.get(user, user) for user in selector.values}
            return [process for process in self.running if str(process.uid) in uids]
        matches = matcher(selector)
        return [
            process
            for process in self.running
            if (not uids or str(process.uid) in uids) and matches(process)
        ]

    def _numbers(self, path: str) -> list[int]:
        try:
            words = files.text(self.host, path, 4096).split()
        except files.Unreadable:
            return []  # no such daemon now
        return [int(word) for word in words[:1] if word.isascii() and word.isdigit()]


def _running(host: Host) -> list[Running]:
    ownership = Ownership(host)
    found = []
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                owner = ownership.owner(process)
                if owner.kind != CONTAINER or process.stat().state in "ZX":
                    continue
                try:
                    exe = process.link("exe") or ""
                except PermissionError:
                    exe = ""
                found.append(
                    Running(
                        owner.engine, owner.ctid, pid, process.comm(),
                        tuple(process.cmdline()), exe.removesuffix(" (deleted)"), process.uid(),
                    )
                )  # fmt: skip
        except (ProcessLookupError, PermissionError, Malformed):
            continue  # gone while we looked, or hidden from this caller
    return found


def _users(host: Host) -> dict[str, str]:
    """User name -> number, of the host's own passwd."""
    try:
        lines = files.text(host, "/etc/passwd").split("\n")
    except files.Unreadable:
        return {}
    fields = [line.split(":") for line in lines]
    return {each[0]: each[2] for each in fields if len(each) > 3}


def matcher(selector: Selector):  # type: ignore[no-untyped-def]
    """A test of one process for selectors that go by name or command line."""
    how, values = selector.how, selector.values
    if how == "everybody":
        return lambda process: True
    if how == "comm":
        short = {value.rpartition("/")[2][:COMM] for value in values}
        return lambda process: process.comm[:COMM] in short
    if how == "exec":
        return lambda process: process.exe in values
    if how == "name":
        return lambda process: any(_pidof(process, value) for value in values)
    if how == "text":
        return lambda process: any(value in " ".join(process.cmdline) for value in values)
    patterns = [pattern for pattern in map(compiled, values) if pattern is not None]
    if how == "full":
        return lambda process: any(
            pattern.search((" ".join(process.cmdline) or process.comm)[:MOST])
            for pattern in patterns
        )
    if how == "exact":
        return lambda process: any(pattern.fullmatch(process.comm) for pattern in patterns)
    if how == "pattern":
        return lambda process: any(pattern.search(process.comm) for pattern in patterns)
    return lambda process: False


def _pidof(process: Running, name: str) -> bool:
    """As pidof -x finds: by the executable, by what it or a script was called, by its own name."""
    base = name.rpartition("/")[2]
    called = process.cmdline[:2]
    if name.startswith("/") and process.exe == name:
        return True
    return process.comm == base[:COMM] or any(
        word == name or word.rpartition("/")[2] == base for word in called
    )


def compiled(pattern: str) -> re.Pattern[str] | None:
    """An extended regular expression as Python's; None for one that is none."""
    text = re.sub(r"\[:(\w+):\]", lambda m: CLASSES.get(m[1], ""), pattern)
    text = re.sub(r"\\[<>]", r"\\b", text)  # GNU's bounds of words
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # [[a]: a set in a set, some day; grep's it is not
        try:
            return re.compile(text)
        except (re.error, OverflowError, RecursionError):
            return None  # the tool would refuse it too


def look(host: Host) -> Live | None:
    """The live table, None where there is none to ask."""
    try:
        return Live(host)
    except (Error, OSError):
        return None
