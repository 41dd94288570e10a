"""Which processes sysvinit's pidof means by a name, pidof(8) of sysvinit 3.

A name without "/" is compared with argv[0] and its last component; with -x also with the script an
interpreter runs; where argv[0] is no name (a title with blanks, "-sh", nothing) with comm.

A path means the executable. sysvinit looks at the table twice: processes whose executable is that
very file, and only when there is none, processes whose executable was deleted (the package was
upgraded) and, with -x, names. So a container's process with the same path hides CT0's upgraded one.
Here a deleted executable counts in any case, and only CT0's own processes hide names.
"""

from __future__ import annotations

import sys

NAME_SIZE = 15  # what the kernel keeps of a name (TASK_COMM_LEN - 1)
FILE, DELETED, NAME = 1, 2, 3  # why a process is meant, the strongest first
MARK = " (deleted)"


class Candidate:
    """What matching looks at: arguments, the kernel's name, the executable (None: unreadable)."""

    __slots__ = ("argv", "comm", "exe", "is_zombie")

    def __init__(self, argv: list[str], comm: str, exe: str | None, is_zombie: bool) -> None:
        self.argv = argv
        self.comm = comm
        self.exe = exe
        self.is_zombie = is_zombie


class Wanted:
    """One operand: as given, its last component, and what its path leads to (None: nowhere)."""

    __slots__ = ("base", "base_bytes", "is_path", "name", "real")

    def __init__(self, name: str, real: str | None) -> None:
        self.name = name
        self.base = name.rpartition("/")[2]
        self.is_path = name.startswith("/")
        self.real = real if self.is_path else None
        self.base_bytes = self.base.encode(sys.getfilesystemencoding(), "surrogateescape")


def is_suspect(wanted: Wanted, cmdline: bytes, exe: str | None, scripts: bool) -> bool:
    """Cheap and generous: False only where `means` would be 0, whatever comm is.

    For the name rules every way to match holds the last component in the arguments, but for those
    by comm, which the caller looks at when argv[0] is empty, has a blank or starts with "-".
    """
    if wanted.is_path and exe is not None:
        if exe in (wanted.real, wanted.name) or exe.endswith(MARK) or exe.startswith("("):
            return True
        return (scripts or wanted.real is not None) and wanted.base_bytes in cmdline
    return wanted.base_bytes in cmdline


def means(wanted: Wanted, candidate: Candidate, scripts: bool, is_root: bool) -> int:
    """FILE, DELETED, NAME, or 0: it does not mean this process."""
    if not wanted.base:
        return 0
    if not wanted.is_path:
        return NAME if is_named(wanted, candidate, scripts) else 0
    exe = candidate.exe
    if exe is not None and wanted.real is not None:
        # argv[0] as in sysvinit 3.14: who changed his root has another executable path.
        first = candidate.argv[0] if candidate.argv else ""
        if exe == wanted.real or first == wanted.name:
            return FILE
    if exe is None:
        if is_root:
            return 0
    else:
        before = without_mark(exe)
        if exe == wanted.name or (before != exe and before in (wanted.name, wanted.real)):
            return DELETED
        if not scripts:
            return 0
    return NAME if is_named(wanted, candidate, scripts) else 0


def is_named(wanted: Wanted, candidate: Candidate, scripts: bool) -> bool:
    """The rules by name; never that only the last components are equal: /a/foo is not /b/foo."""
    first = candidate.argv[0] if candidate.argv else ""
    second = ""
    for word in candidate.argv[1:]:
        if not word.startswith("-"):
            second = word
            break
    if first and has_name(first, wanted):
        return True
    if scripts and second:
        base = second.rpartition("/")[2]
        if candidate.comm[:NAME_SIZE] == base[:NAME_SIZE] and has_name(second, wanted):
            return True
    if len(wanted.base_bytes) <= NAME_SIZE:
        is_title = not first or " " in first
        is_login_shell = first.startswith("-") and not second
        if is_title or is_login_shell:
            return candidate.comm == wanted.base
    return False


def has_name(word: str, wanted: Wanted) -> bool:
    return word in (wanted.name, wanted.base) or word.rpartition("/")[2] == wanted.name


def without_mark(exe: str) -> str:
    """The executable's path as it was before its file was deleted."""
    if exe.endswith(MARK):
        return exe[: -len(MARK)]
    # OpenVZ 6 puts it in front: https://bugs.debian.org/731530
    for mark in ("(deleted) ", MARK + " ", MARK):
        if exe.startswith(mark):
            return exe[len(mark) :]
    return exe
