"""The command line of pgrep and pkill made into criteria, with their words for what is wrong."""

from __future__ import annotations

import posix  # os costs a shim 1 ms

from ct0_shims import report
from ct0_shims.options import UsageError, getopt, leading_number
from ct0_shims.selection import Criteria, pattern_test

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process
    from ct0_shims.view import View

USAGE, FAILURE = 2, 1  # exit statuses
LONGEST_PIDFILE = 11  # bytes of it that are looked at
MOST = 2**63 - 1

SHORT = "AcfF:g:G:hHiLnoO:p:P:r:s:t:u:U:Vx?"
LONG = {
    "ignore-ancestors": "A",
    "count": "c",
    "cgroup": "cgroup:",
    "delimiter": "d:",
    "list-name": "l",
    "list-full": "a",
    "full": "f",
    "pgroup": "g:",
    "group": "G:",
    "ignore-case": "i",
    "newest": "n",
    "oldest": "o",
    "older": "O:",
    "pid": "p:",
    "parent": "P:",
    "session": "s:",
    "signal": "signal:",
    "terminal": "t:",
    "euid": "u:",
    "uid": "U:",
    "inverse": "v",
    "lightweight": "w",
    "exact": "x",
    "pidfile": "F:",
    "logpidfile": "L",
    "echo": "e",
    "env": "env:",
    "mrelease": "m",
    "ns": "ns:",
    "nslist": "nslist:",
    "queue": "queue:",
    "quiet": "quiet",
    "require-handler": "H",
    "runstates": "r:",
    "shell-quote": "Q",
    "help": "h",
    "version": "V",
}
NUMBERED = {"g": "pgroup", "G": "group", "P": "parent", "s": "session", "u": "euid", "U": "uid"}
WRONG = {
    "g": "invalid process group: %s",
    "s": "invalid session id: %s",
    "P": "not a number: %s",
    "p": "not a number: %s",
    "u": "invalid user name: %s",
    "U": "invalid user name: %s",
    "G": "invalid group name: %s",
}
# Those that make a selection without any pattern; the rest only changes how it is made or shown.
SELECTING = frozenset(("F", "G", "P", "U", "g", "n", "o", "O", "s", "t", "u", "r", "p")) | {
    "ns",
    "cgroup",
    "env",
    "H",
}
NAMESPACES = ("ipc", "mnt", "net", "pid", "user", "uts")  # without --nslist
MORE_NAMESPACES = ("cgroup", "time")


class Stop(Exception):
    """The command line asks for nothing that can be done: print this text, exit with `status`."""

    def __init__(self, status: int, text: str = "", usage: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.usage = usage


class Request:
    """`criteria`, and the other options: `values` of those that take one, `switches` of all."""

    __slots__ = ("criteria", "switches", "values")

    def __init__(self) -> None:
        self.criteria = Criteria()
        self.values: dict[str, str] = {}
        self.switches: set[str] = set()


def read_request(command: str, arguments: list[str], short: str, view: View) -> Request:
    """`short` has the letters only this command knows. Raises Stop."""
    try:
        options, operands = getopt(arguments, SHORT + short, LONG)
    except UsageError as error:
        raise Stop(USAGE, str(error), usage=True) from None
    request = Request()
    for option, value in options:
        read_option(request, option, value, view)
    more = f"\nTry `{command} --help' for more information."
    if "L" in request.switches and "F" not in request.values:
        raise Stop(USAGE, "-L without -F makes no sense" + more)
    criteria = request.criteria
    if "F" in request.values:
        pid = read_pidfile(request.values["F"], "L" in request.switches)
        if pid is None:
            raise Stop(FAILURE, "pidfile not valid" + more)
        criteria.pids.append(frozenset((pid,)))
    if len(operands) > 1:
        raise Stop(USAGE, "only one pattern can be provided" + more)
    if operands:
        criteria.pattern = operands[0]
    elif SELECTING.isdisjoint(request.switches):
        raise Stop(USAGE, "no matching criteria specified" + more)
    if "ns" in request.values:
        listed = request.values.get("nslist")
        kinds = listed.split(",") if listed is not None else None
        criteria.namespaces = reference_namespaces(view, request.values["ns"], kinds)
    if "A" in request.switches:
        criteria.ignored = ancestors(view)
    try:
        if criteria.pattern is not None:
            criteria.matches = pattern_test(criteria, criteria.pattern)
    except ValueError as error:
        raise Stop(USAGE, f"regex error: {error}") from None
    return request


def read_option(request: Request, option: str, value: str, view: View) -> None:
    criteria = request.criteria
    if option in ("h", "V"):
        raise Stop(0, option, usage=option == "h")
    if option == "i" and "i" in request.switches:
        raise Stop(0, usage=True)  # as there
    modes = {"n", "o", "v"} & request.switches
    if option == "?" or (option in ("n", "o", "v") and modes):
        raise Stop(USAGE, usage=True)
    if value == "" and option in (*NUMBERED, "p", "t", "cgroup", "nslist", "env"):
        raise Stop(USAGE, usage=True)
    request.switches.add(option)
    request.values[option] = value
    words = value.split(",")

    if option in NUMBERED:
        criteria.numbers[NUMBERED[option]] = frozenset([number(option, word) for word in words])
    elif option == "p":
        criteria.pids.append(frozenset([number(option, word) for word in words]))
    elif option == "t":
        from ct0_shims.terminal import terminal_number

        numbers = [terminal_number(view.host, word) for word in words]
        criteria.ttys = frozenset([number for number in numbers if number is not None])
    elif option == "nslist":
        if not set(words).issubset(NAMESPACES + MORE_NAMESPACES):
            raise Stop(USAGE)
    elif option == "cgroup":
        criteria.cgroups = words
    elif option == "env":
        criteria.environment = words
    elif option == "r":
        criteria.states = value or " "  # no state: nobody
    elif option == "O":
        criteria.older = leading_number(value)
    elif option in FLAGS:
        setattr(criteria, FLAGS[option], True)


FLAGS = {
    "f": "full",
    "x": "exact",
    "i": "ignore_case",
    "v": "inverse",
    "n": "newest",
    "o": "oldest",
    "w": "threads",
}


def number(option: str, word: str) -> int:
    """A number, or the user or group of that name. 0 as group or session is the caller's own."""
    digits = word[1:] if word[:1] in ("+", "-") else word
    if not digits.strip("0123456789") and len(digits) < 20 and int(digits or 0) < MOST:
        found = int(digits or 0) * (-1 if word.startswith("-") else 1)
        if found == 0 and option == "g":
            return posix.getpgrp()
        if found == 0 and option == "s":
            return posix.getsid(0)
        return found
    try:
        if option in ("u", "U"):
            import pwd

            return pwd.getpwnam(word).pw_uid
        if option == "G":
            import grp

            return grp.getgrnam(word).gr_gid
    except KeyError:
        pass
    raise Stop(USAGE, WRONG[option] % word)


def read_pidfile(path: str, must_be_locked: bool) -> int | None:
    """The number a pidfile begins with; None if it is no file that holds one, or is not locked."""
    import stat
    from os.path import exists

    try:
        if path == "-" and not exists(path):
            file = posix.dup(0)
        else:
            file = posix.open(
                path, posix.O_RDONLY | posix.O_NOCTTY | posix.O_NONBLOCK | posix.O_CLOEXEC
            )
    except OSError:
        return None
    try:
        if path != "-" and not stat.S_ISREG(posix.fstat(file).st_mode):
            return None
        if must_be_locked and not is_locked(file):
            return None
        text = posix.read(file, LONGEST_PIDFILE).decode("ascii", "replace")
    except OSError:
        return None
    finally:
        posix.close(file)
    end = len(text) - len(text.lstrip())
    start = end
    while end < len(text) and text[end] in "0123456789":
        end += 1
    if end == start or (end < len(text) and not (text[end].isspace() or text[end] == "\0")):
        return None
    return int(text[start:end]) or None


def is_locked(file: int) -> bool:
    """Whether another process holds a lock on it, by flock(2) or by fcntl(2): daemons use either.

    A lock that is asked for here ends with the descriptor.
    """
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    try:
        fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    return False


def reference_namespaces(view: View, text: str, kinds: list[str] | None) -> dict[str, str | None]:
    """The links of the process --ns names, None for one that cannot be read: nobody shares it.

    `--ns` of one of CT0's own means "CT0's own" to everybody who writes it, and that is who is
    looked at anyway: nothing more is asked without --nslist, nor for `pid` with it. The incumbent
    asks for all six, misses every service with PrivateTmp=, and finds nobody where even root may
    not read PID 1's links.
    """
    process = view.open(leading_number(text)) if leading_number(text) > 0 else None
    if process is None:
        return dict.fromkeys(kinds or NAMESPACES)
    with process:
        try:
            own = view.settings.scope == "host" and view.excluded(process) is None
        except ProcessLookupError:
            own = False
        if own and kinds is None:
            return {}
        asked = [kind for kind in kinds or NAMESPACES if not (own and kind == "pid")]
        return {kind: namespace(process, kind) for kind in asked}


def namespace(process: Process, kind: str) -> str | None:
    try:
        return process.link(f"ns/{kind}")
    except (PermissionError, ProcessLookupError):
        return None


def ancestors(view: View) -> frozenset[int]:
    """The PIDs of my parent, its parent and so on."""
    found: set[int] = set()
    pid = posix.getppid() if view.host.live else 0
    while pid > 0 and pid not in found:
        found.add(pid)
        process = view.open(pid)
        if process is None:
            break
        with process:
            try:
                pid = process.stat().ppid
            except ProcessLookupError:
                break
    return frozenset(found)


def explain(command: str, stop: Stop, usage: str) -> int:
    """Say on the right stream why nothing was done; returns the exit status."""
    text = str(stop)
    if text == "V":
        from ct0 import __version__

        report.out(f"{command} from ct0 {__version__}\n")
    elif stop.status == 0:
        report.out(usage)
    else:
        report.complain((f"{command}: {text}\n" if text else "") + (usage if stop.usage else ""))
    return stop.status
