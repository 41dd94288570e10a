"""How startproc(8) starts a daemon: in a child, as the user, group, root and with the streams told.

The child reports what keeps it from executing the program through a pipe that execve(2) closes.
"""

from __future__ import annotations

import errno
import os
import time

from ct0_shims.suse_options import warn

KEPT = ("HOME", "PATH", "SHELL", "LISTEN_PID", "LISTEN_FDS", "RUNLEVEL", "PREVLEVEL")
SETTLE = 0.5  # seconds in which a program that is going to fail at once usually does
STEP = 0.01


class Order:
    """What to start and how. `user` is (name, UID, GID), `group` (name, -1, GID)."""

    __slots__ = (
        "arguments",
        "child",
        "dialog",
        "files",
        "group",
        "io_class",
        "io_level",
        "log",
        "minimal",
        "nice",
        "program",
        "root",
        "session",
        "silent",
        "user",
        "wait_for_first",
        "watch",
        "watch_first",
    )

    def __init__(self) -> None:
        self.program = ""
        self.arguments: list[str] = []
        self.root = self.log = ""
        self.user: tuple[str, int, int] | None = None
        self.group: tuple[str, int, int] | None = None
        self.nice = 0
        self.io_class = -1
        self.io_level = 4
        self.minimal = self.dialog = self.silent = self.session = False
        self.wait_for_first = self.watch_first = False
        self.watch = 0  # seconds
        self.files: list[str] = []
        self.child = 0

    def first_has_ended(self) -> bool:
        """Has the process that was started ended? (Its children may be the daemon.)"""
        if self.child:
            try:
                if os.waitpid(self.child, os.WNOHANG)[0]:
                    self.child = 0
            except ChildProcessError:
                self.child = 0
        return not self.child


class Step(Exception):
    """What the child could not do: the words before the reason."""


def start(order: Order) -> int:
    """Start it; returns 0 or the exit status, having said why."""
    log = -1
    if order.log:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY
        try:
            log = os.open(order.log, flags, 0o644)
        except OSError as error:
            return complain(f"cannot open {order.log}", error.errno or 0)
    reading, writing = os.pipe()
    order.child = os.fork()
    if not order.child:
        os.close(reading)
        become(order, log, writing)  # does not return
    os.close(writing)
    if log >= 0:
        os.close(log)
    try:
        text = b""
        while more := os.read(reading, 4096):
            text += more
    finally:
        os.close(reading)
    if text:
        os.waitpid(order.child, 0)
        number, _, what = text.decode("utf-8", "surrogateescape").partition(" ")
        return complain(what, int(number))
    status = settle(order)
    if status:
        return status
    wait_for_files(order.files)
    return 0


def complain(what: str, number: int) -> int:
    warn("startproc", f" {what}: {os.strerror(number)}\n")
    if number in (errno.EPERM, errno.EACCES):
        return 4
    return 7 if what.startswith("cannot execute") else 1


def settle(order: Order) -> int:
    """See the first process end, as a daemon's does, or stay for half a second."""
    deadline = time.monotonic() + SETTLE
    while True:
        pid, status = os.waitpid(order.child, 0 if order.wait_for_first else os.WNOHANG)
        if pid:
            order.child = 0
            break
        if time.monotonic() >= deadline:
            return 0
        time.sleep(STEP)
    if os.WIFSIGNALED(status):
        warn("startproc", f" {order.program}: ended by signal {os.WTERMSIG(status)}\n")
    elif os.WEXITSTATUS(status):
        number = os.WEXITSTATUS(status)
        warn("startproc", f" exit status of parent of {order.program}: {number}\n")
    return 0  # whether a daemon of it runs is what counts, and the caller looks


def wait_for_files(names: list[str]) -> None:
    for name in names:
        if not os.path.isdir(os.path.dirname(name) or "."):
            warn("startproc", f"{name}: {os.strerror(errno.ENOENT)}\n")
            continue
        while not os.path.lexists(name):
            time.sleep(STEP)


def become(order: Order, log: int, report: int) -> None:
    """In the child: turn into the program, or report why not."""
    try:
        prepare(order, log, report)
        program = order.program[len(order.root) :]
        what = f"cannot execute {order.program}"
        os.execve(program, order.arguments, environment(order, program))
    except Step as step:
        cause = step.__cause__
        number = cause.errno if isinstance(cause, OSError) else 0
        tell(report, number or errno.EINVAL, str(step))
    except OSError as error:
        tell(report, error.errno or errno.EINVAL, what)
    except BaseException:  # never back into the parent's code
        tell(report, errno.EINVAL, f"cannot execute {order.program}")
    finally:
        os._exit(1)


def tell(report: int, number: int, what: str) -> None:
    os.write(report, f"{number} {what}".encode("utf-8", "surrogateescape"))


def prepare(order: Order, log: int, report: int) -> None:
    """All that the program is started with. What needs /proc, /dev and /etc goes before -c."""
    default_signals()
    attempt("cannot open the streams", set_streams, order, log)
    close_others(report)
    if order.io_class >= 0:
        attempt("cannot set I/O priority", set_io_priority, order.io_class, order.io_level)
    if order.nice:
        attempt("cannot set nicelevel", os.setpriority, os.PRIO_PROCESS, 0, order.nice)
    if order.session:
        attempt("cannot create session", os.setsid)
    group = order.group or order.user
    if group:
        attempt(f"cannot set group id {group[2]}", os.setgid, group[2])
    if order.user and group and os.getuid() == 0:
        name = order.user[0]
        attempt(f"cannot set supplemental groups of {name}", os.initgroups, name, group[2])
    if order.root:
        attempt(f"Can not change root directory to {order.root}", os.chroot, order.root)
    if order.user:
        attempt(f"cannot set user id {order.user[1]}", os.setuid, order.user[1])
    attempt("cannot change to /", os.chdir, "/")


def attempt(what: str, action: object, *arguments: object) -> None:
    try:
        action(*arguments)  # type: ignore[operator]
    except OSError as error:
        raise Step(what) from error


def default_signals() -> None:
    import _signal

    # Python ignores PIPE and XFSZ, and a signal ignored stays so in the program.
    for name in ("SIGINT", "SIGQUIT", "SIGSEGV", "SIGTERM", "SIGPIPE", "SIGXFSZ"):
        _signal.signal(getattr(_signal, name), _signal.SIG_DFL)


def set_streams(order: Order, log: int) -> None:
    if order.dialog:
        terminal = os.open(os.environ.get("REDIRECT") or "/dev/tty", os.O_RDWR | os.O_NONBLOCK)
        for stream in (0, 1, 2):
            os.dup2(terminal, stream)
        return
    null = os.open("/dev/null", os.O_RDWR | os.O_NOCTTY)
    os.dup2(null, 0)
    output = log if log >= 0 else null if order.silent else -1
    if output >= 0:
        os.dup2(output, 1)
        os.dup2(output, 2)


def close_others(report: int) -> None:
    """Descriptors of the boot script's are not the daemon's; systemd's sockets (LISTEN_FDS) are."""
    first = 3
    if os.environ.get("LISTEN_PID") in (str(os.getpid()), str(os.getppid())):
        sockets = os.environ.get("LISTEN_FDS", "0")
        first += int(sockets) if sockets.isdecimal() else 0
        os.environ["LISTEN_PID"] = str(os.getpid())
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor >= first and descriptor != report:
            try:
                os.close(descriptor)
            except OSError:
                pass  # the one that listed the folder


def environment(order: Order, program: str) -> dict[str, str]:
    """What the program is given: DAEMON and the run levels, and of the rest all or (-e) little."""
    given = dict(os.environ)
    if order.minimal:
        given = {name: given[name] for name in KEPT if name in given}
        given.setdefault("HOME", "/")
        given.setdefault("PATH", "/usr/bin:/usr/sbin:/bin:/sbin")
        given.setdefault("SHELL", "/bin/sh")
    if "PREVLEVEL" not in given:
        given["PREVLEVEL"], given["RUNLEVEL"] = run_levels("/var/run/utmp")
    given["DAEMON"] = program
    return given


def run_levels(path: str) -> tuple[str, str]:
    """Previous and present run level, as init(8) has them written in utmp(5); `N`, `?` if not."""
    record, run_level = 384, 1
    try:
        with open(path, "rb") as file:
            while len(entry := file.read(record)) == record:
                if int.from_bytes(entry[:2], "little") == run_level:
                    number = int.from_bytes(entry[4:8], "little")
                    if number & 0xFF:
                        return chr(number >> 8 & 0xFF or ord("N")), chr(number & 0xFF)
    except OSError:
        pass  # no utmp, no run levels: as on any host booted by systemd without it
    return "N", "?"


def set_io_priority(number: int, level: int) -> None:
    import ctypes

    calls = {"x86_64": 251, "ppc64le": 273, "ppc64": 273, "s390x": 282, "i686": 289}
    call = calls.get(os.uname().machine, 30)  # 30: aarch64, riscv64 and all newer ones
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(call, 1, 0, number << 13 | level) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
