"""Whose a process is, decided without ct0: by namespace inode, cgroup text or root directory.

Everything reads the /proc of the machine the lab runs on, as root.
"""

from __future__ import annotations

import os
from collections.abc import Iterator


def all_pids() -> Iterator[int]:
    """Every PID in /proc."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            yield int(entry)


def namespace(pid: int | str, kind: str = "pid") -> str:
    """E.g. "pid:[4026532104]"; "" for a process that is gone or that not even root may look at."""
    try:
        return os.readlink(f"/proc/{pid}/ns/{kind}")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""


def cgroups(pid: int) -> str:
    """/proc/PID/cgroup as text, "" when the process is gone."""
    return _text(f"/proc/{pid}/cgroup")


def root_directory(pid: int) -> tuple[int, int]:
    """Device and inode of the process's root, (0, 0) when it is gone."""
    try:
        seen = os.stat(f"/proc/{pid}/root")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return (0, 0)
    return (seen.st_dev, seen.st_ino)


def alive(pid: int) -> bool:
    """Whether PID runs; a zombie does not."""
    state = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return bool(state) and state[0] not in "ZX"


def has_terminal(pid: int) -> bool:
    """Whether somebody's terminal is behind it: none of the lab's containers has one."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return len(fields) > 4 and fields[4] != "0"


def parent(pid: int) -> int:
    """The parent's PID, 0 when gone."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def start_time(pid: int) -> int:
    """Clock ticks since boot when it started, 0 when gone: with the PID, who a process is."""
    fields = _text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return int(fields[19]) if len(fields) > 19 else 0


def numbers(pid: int) -> list[int]:
    """The process's PID in every PID namespace from the lab's inwards; [] when it is gone."""
    for line in _text(f"/proc/{pid}/status").splitlines():
        if line.startswith("NSpid:"):
            return [int(word) for word in line.split()[1:]]
    return []


def named(name: str) -> list[int]:
    """PIDs, ascending, of running processes whose comm or executable's base name is `name`."""
    return sorted(pid for pid in all_pids() if _is_named(pid, name) and alive(pid))


def _is_named(pid: int, name: str) -> bool:
    if _text(f"/proc/{pid}/comm").rstrip("\n") == name[:15]:
        return True
    try:
        exe = os.readlink(f"/proc/{pid}/exe")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        # ENOENT is also what a kernel thread's exe gives.
        return False
    return os.path.basename(exe.replace(" (deleted)", "")) == name


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
