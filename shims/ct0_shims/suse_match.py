"""Which processes run a program, by the rules of SUSE's boot tools, killproc(8).

* A program by its path: the file behind /proc/PID/exe is the same one (device and inode). Where
  that file has no name any more (an upgrade replaced it) or several (hard links), its path decides.
* A script by its path: the interpreter of its first line runs, and its command line names the path.
* A bare name: the process's own name (`comm`), 15 characters.
* A kernel thread (-n): by name, no executable and no memory of its own.

A container may mount what hangs for ever when it is asked for its inode. So the link's text is
compared first, whose the process is comes second, and only CT0's own executables are looked at.
"""

from __future__ import annotations

import os

from ct0.errors import Malformed
from ct0.process import Process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.host import Host
    from ct0_shims.view import View

COMM = 15
BINARY, SCRIPT, NAME, KERNEL = "binary", "script", "name", "kernel thread"
DELETED = " (deleted)"
FEW = 8  # processes of one daemon; one with thousands needs more descriptors than the default


class Target:
    """The program that is looked for."""

    __slots__ = ("base", "by_comm", "file", "interpreter", "kind", "path", "real", "zombies")

    def __init__(self, kind: str, path: str, by_comm: bool = False, zombies: bool = False) -> None:
        self.kind = kind
        self.path = path
        self.base = path.rpartition("/")[2] if path.startswith("/") else path
        self.real = path
        self.file: tuple[int, int] | None = None  # device and inode, of a binary
        self.interpreter: tuple[str, tuple[int, int]] | None = None  # of a script
        self.by_comm = by_comm
        self.zombies = zombies


def read_target(host: Host, path: str, root: str, by_comm: bool, zombies: bool) -> Target:
    """The program at an absolute path; raises OSError when it is not installed or not readable.

    `root` is the directory (-c) below which a script's interpreter is found, "" for none.
    """
    target = Target(BINARY, path, by_comm, zombies)
    place = host.path(path)
    facts = os.stat(place)
    target.file = (facts.st_dev, facts.st_ino)
    target.real = os.path.realpath(place) if host.live else path
    interpreter = first_line_interpreter(place)
    if interpreter is not None:
        target.kind = SCRIPT
        try:
            facts = os.stat(host.path(root + interpreter))
            target.interpreter = (interpreter, (facts.st_dev, facts.st_ino))
        except OSError:
            pass  # no such interpreter: nothing can be running it, only -x may still match
    return target


def first_line_interpreter(path: str) -> str | None:
    """/bin/sh of a file that begins with `#! /bin/sh -e`, None of one that is no script."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except PermissionError:
        return None  # execute-only: binaries alone can be started that way
    try:
        head = os.read(file, 256)
    except IsADirectoryError:
        return None
    finally:
        os.close(file)
    if not head.startswith(b"#!"):
        return None
    words = head[2:].split(b"\n", 1)[0].split()
    return os.fsdecode(words[0]) if words else None


def screened(proc: str, pid: int, target: Target) -> bool:
    """Worth pinning? Read by path, so it proves nothing; it spares the rest most of the table."""
    try:
        if target.kind == BINARY:
            name = bare(os.readlink(f"{proc}/{pid}/exe")).rpartition("/")[2]
            return name == target.base or name == target.real.rpartition("/")[2]
        if target.kind == SCRIPT:
            if os.fsencode(target.path) in read_some(f"{proc}/{pid}/cmdline"):
                return True
            if not target.by_comm and not target.zombies:
                return False
        comm = read_some(f"{proc}/{pid}/comm")[:-1]
        return comm[:COMM] == os.fsencode(target.base)[:COMM]
    except FileNotFoundError:
        return target.kind == BINARY and target.zombies
    except PermissionError:
        return True
    except OSError:
        return False  # ESRCH: it died while it was looked at


def read_some(path: str) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(file, 65536)
    finally:
        os.close(file)


def bare(path: str) -> str:
    """An exe link without what the kernel and rpm(8) put around it when the file was replaced."""
    if path.startswith(DELETED):  # OpenVZ kernels put it in front
        path = path[len(DELETED) :]
    elif path.endswith(DELETED):
        path = path[: -len(DELETED)]
    return path.partition("-RPMDELETE")[0]


def matches(view: View, target: Target, process: Process, given: bool = False) -> bool:
    """Does this pinned process run the program, and may it be listed or signalled?

    Raises ProcessLookupError when it is gone, PermissionError when it cannot be told.
    """
    try:
        stat = process.stat()
    except Malformed:
        return False
    if stat.state in "ZXx":
        # A zombie has lost executable and command line; its name is all there is to go by.
        return target.zombies and same_comm(target, stat.comm) and view.allows(process, given)
    executable = read_executable(process)
    kernel = executable is None and process.read("statm").startswith(b"0 ")
    if target.kind == KERNEL or kernel:
        wanted = target.kind == KERNEL and kernel and same_comm(target, stat.comm)
        return wanted and view.allows(process, given)
    if target.kind == NAME:
        return same_comm(target, stat.comm) and view.allows(process, given)
    if target.kind == SCRIPT:
        return same_script(view, target, process, executable, given) or (
            target.by_comm
            and same_comm(target, stat.comm)
            and not is_boot_script(process)
            and view.allows(process, given)
        )
    if executable == "" and os.fstat(process.fd).st_uid != os.geteuid():
        return False
    if not executable:  # hidden from its own user (not dumpable), or it is just exiting
        return same_comm(target, stat.comm) and view.allows(process, given)
    return same_file(view, target, process, executable, given)


def same_comm(target: Target, comm: str) -> bool:
    if comm == target.base:
        return True
    # The kernel cuts what is not a kernel thread's name at 15 bytes.
    name, comm_bytes = os.fsencode(target.base), os.fsencode(comm)
    return len(comm_bytes) == COMM and comm_bytes == name[:COMM]


def read_executable(process: Process) -> str | None:
    """The exe link; None if there is none, "" if this caller may not read it."""
    try:
        return process.link("exe")
    except PermissionError:
        return ""


def same_file(view: View, target: Target, process: Process, link: str, given: bool) -> bool:
    path = bare(link)
    if not view.host.live:
        return path == target.path and view.allows(process, given)
    names = (target.base, target.real.rpartition("/")[2])
    if path.rpartition("/")[2] not in names or not view.allows(process, given):
        return False
    try:
        facts = os.stat("exe", dir_fd=process.fd)
    except FileNotFoundError:
        raise ProcessLookupError(f"{process.path}/exe: gone") from None
    if facts.st_nlink == 1:
        return (facts.st_dev, facts.st_ino) == target.file
    same_device = target.file is not None and facts.st_dev == target.file[0]
    return same_device and path in (target.path, target.real)


def same_script(
    view: View, target: Target, process: Process, executable: str | None, given: bool
) -> bool:
    if target.interpreter is None:
        return False
    name, file = target.interpreter
    if named_script(process.cmdline(), name, executable) != target.path:
        return False
    if is_boot_script(process) or not view.allows(process, given):
        return False
    if not view.host.live:
        return True
    try:
        facts = os.stat("exe", dir_fd=process.fd)
    except OSError:
        return False
    return (facts.st_dev, facts.st_ino) == file


def named_script(words: list[str], interpreter: str, executable: str | None) -> str | None:
    """The script a command line runs: the first absolute path after the interpreter's own name.

    `/bin/sh -e /usr/sbin/food start` runs /usr/sbin/food.
    """
    if not words:
        return None
    if words[0].startswith("/") and words[0] not in (interpreter, executable):
        return words[0]
    return next((word for word in words[1:] if word.startswith("/")), None)


def is_boot_script(process: Process) -> bool:
    """A script in /etc/init.d may bear the name of its daemon, and may well be the caller."""
    return any(word.startswith("/etc/init.d/") for word in process.cmdline()[:3])


def kin(view: View) -> set[int]:
    """Whom these tools never touch: themselves, the script that called them, its parent, PID 1."""
    exempt = {1, view.pid}
    if not view.host.live:
        return exempt
    parent = os.getppid()
    exempt.add(parent)
    process = view.open(parent)
    if process is not None:
        with process:
            try:
                exempt.add(process.stat().ppid)
            except (OSError, Malformed):
                pass  # it has just died, and my new parent is PID 1
    return exempt


def scan(view: View, target: Target, exempt: set[int]) -> list[Process]:
    """All processes that run the program and may be listed, pinned, by ascending PID."""
    found = []
    for pid in view.host.pids():
        if pid in exempt or not screened(view.host.proc, pid, target):
            continue
        process = view.open(pid)
        if process is None:
            continue
        try:
            if matches(view, target, process):
                found.append(process)
                if len(found) == FEW:
                    allow_descriptors()
                continue
        except (ProcessLookupError, PermissionError):
            pass  # gone, or its user hides it: nothing this caller could do with it
        process.close()
    return found


def allow_descriptors() -> None:
    """As many as this process may have: each process found keeps one until the end."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def alive(process: Process) -> bool:
    """Does this very process still run? A zombie does not: its parent has only not asked yet."""
    try:
        return process.stat().state not in "ZXx"
    except (ProcessLookupError, Malformed):
        return False
