"""Usage:
    startproc [-fLqsvxed] [[-n ]+/-<prio>] [-o c<class>,n<data>] [-(t|T)<sec>] [-u user]
              [-g group] [-l log_file] [-p pid_file] [-i ignore_file] [-c root] [-w|-W <files>]
              /path/to/executable [arguments for executable]

Starts a program unless CT0 runs it already; that a container runs the same one does not count.

    -f  start in any case         -p  PID file (default /var/run/NAME.pid)
    -s  in a new session          -i  a session that does not count
    -e  minimal environment       -l  output to a file;  -q  to /dev/null
    -t  watch it so long (s,m,h)  -T  the same, but no longer than the started process lives
    -w  wait for its first process to end
    -W  wait for these files, separated by colons
    -u, -g  run as                -c  in this root directory
    -n  nice level                -o  I/O class and level: c2,n4
    -v  print its PIDs            -d  leave it the terminal for a pass phrase
    -L, -x  as in checkproc

    $ startproc -v /usr/sbin/cron
    4711

Exit status: 0 started or running already, 1 trouble, 2 usage, 4 no permission, 5 not installed,
7 it did not stay.
"""

from __future__ import annotations

import errno
import os
import time

from ct0_shims import report
from ct0_shims.options import UsageError, getopt
from ct0_shims.suse_find import Search, Unusable
from ct0_shims.suse_options import Options, Refused, refuse, warn
from ct0_shims.suse_start import Order, start
from ct0_shims.view import View

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process

USAGE = __doc__ or ""
LETTERS = "c:edp:l:hqvsu:g:t:n:o:fLi:T:wW:x"
UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


def main(arguments: list[str]) -> int:
    options = Options()
    order = Order()
    try:
        forced = read_command_line(arguments, options, order)
    except Refused as refused:
        return refuse("startproc", refused, USAGE)
    view = View()
    search = Search("startproc", view, options)
    order.program = search.path
    try:
        search.target()  # not installed is told apart from does not run
        running = [] if forced else find(search)
        report.log_skipped("startproc", view)
        if running:
            return 0
        if view.settings.dry_run:
            report.out(f"would start {' '.join(order.arguments)}\n")
            return 0
        return begin(search, order)
    except Unusable:
        return 1
    except OSError as error:
        return trouble(error)


def read_command_line(arguments: list[str], options: Options, order: Order) -> bool:
    """Fill in `options` and `order`; returns whether to start in any case. Raises Refused."""
    if arguments and arguments[0][:1] in ("-", "+") and arguments[0][1:].isdecimal():
        order.nice = nice_level(arguments[0])
        arguments = arguments[1:]
    try:
        found, operands = getopt(arguments, LETTERS, {"help": "help"}, in_order=True)
    except UsageError:
        raise Refused(USAGE, 2) from None
    forced = False
    for letter, value in found:
        if letter in ("h", "help"):
            raise Refused(USAGE, 0)
        if letter == "f":
            forced = True
        elif letter in ("L", "v", "x"):
            setattr(options, {"L": "follow", "v": "verbose", "x": "by_comm"}[letter], True)
        elif letter in ("e", "d", "q", "s", "w"):
            setattr(order, SWITCHES[letter], True)
        elif not value or (value.startswith("-") and letter != "n"):
            raise Refused(f"Option -{letter} requires {VALUES[letter]}\n", 2)
        else:
            take_value(letter, value, options, order)
    if order.dialog:
        order.watch = order.watch or 15
    if not operands or not operands[0]:
        raise Refused(USAGE, 2)
    options.operand = operands[0]
    order.arguments = operands
    order.root = options.root or ""
    return forced


SWITCHES = {
    "e": "minimal",
    "d": "dialog",
    "q": "silent",
    "s": "session",
    "w": "wait_for_first",
}
VALUES = {
    "c": "special root directory",
    "g": "group id or group name",
    "i": "pid file to read pid from",
    "l": "log file",
    "n": "a number as nice level",
    "o": "I/O nice level",
    "p": "pid file to read pid from",
    "t": "number of seconds",
    "T": "number of seconds",
    "u": "user id or user name",
    "W": "a file name or list of files separated by colons",
}


def take_value(letter: str, value: str, options: Options, order: Order) -> None:
    if letter == "c" and options.root is None:
        options.root = value
    elif letter == "p" and options.pidfile is None:
        options.pidfile = value
    elif letter == "l" and not order.log:
        order.log = value
    elif letter == "i":
        options.ignore.append(value)
    elif letter == "n":
        order.nice = nice_level(value)
    elif letter == "o":
        order.io_class, order.io_level = io_level(value)
    elif letter in ("t", "T"):
        order.watch = seconds(value)
        order.watch_first = letter == "T"
    elif letter == "u":
        order.user = account("pwd", value)
    elif letter == "g":
        order.group = account("grp", value)
    elif letter == "W":
        order.files = [name for name in value.split(":") if name]
    else:
        raise Refused(f"Option -{letter} requires {VALUES[letter]}\n", 2)


def nice_level(text: str) -> int:
    try:
        return max(-20, min(19, int(text)))
    except ValueError:
        raise Refused("Option -n requires a number as nice level\n", 2) from None


def io_level(text: str) -> tuple[int, int]:
    """`c2,n4`, `2,4`, `c3`, `n7`: class and level; best effort and 4 where not said."""
    number, level = 2, 4
    for place, word in enumerate(text.split(",", 1)):
        letter, digits = (word[0], word[1:]) if word[:1] in ("c", "n") else ("cn"[place], word)
        most = 3 if letter == "c" else 7
        if not digits.isdecimal() or int(digits) > most:
            raise Refused("Option -o requires I/O nice level\n", 2)
        if letter == "c":
            number = int(digits)
        else:
            level = int(digits)
    return number, level


def seconds(text: str) -> int:
    """`30`, `30s`, `5m`, `1h` in seconds."""
    digits = text.rstrip("smh")
    unit = text[len(digits) :]
    if unit not in UNITS or not digits.isdecimal():
        raise Refused("Option -t requires number of seconds\n", 2)
    return int(digits) * UNITS[unit]


def account(database: str, name: str) -> tuple[str, int, int]:
    """(name, UID, GID) of a user by name or number, or (name, -1, GID) of a group."""
    try:
        if database == "pwd":
            import pwd

            try:
                user = pwd.getpwnam(name)
            except KeyError:
                user = pwd.getpwuid(int(name))
            return user.pw_name, user.pw_uid, user.pw_gid
        import grp

        try:
            group = grp.getgrnam(name)
        except KeyError:
            group = grp.getgrgid(int(name))
        return group.gr_name, -1, group.gr_gid
    except (KeyError, ValueError, OverflowError):
        kind = "user or user" if database == "pwd" else "group or group"
        raise Refused(f"No such {kind} id: {name}\n", 2) from None


def find(search: Search) -> list[Process]:
    """A stale PID file does not count; one that -p names and that is stale: it does not run."""
    options = search.options
    found: list[Process] = []
    name = options.pidfile or f"{options.root or ''}/var/run/{search.base}.pid"
    try:
        size = os.stat(search.view.host.path(name)).st_size
        if size:
            found = search.from_pidfile(name)
        else:
            warn("startproc", f"Empty pid file {name} for {search.path}\n")
    except FileNotFoundError:
        pass  # it was not started, or not by somebody who leaves PID files
    found = search.without_ignored(found)
    if not found and not search.forced:
        found = search.without_ignored(search.scan())
    return found


def begin(search: Search, order: Order) -> int:
    """Start it and see that it stays as long as was asked for."""
    status = start(order)
    if status:
        return status
    watch = order.watch
    while True:
        running = search.without_ignored(search.scan())
        if not running:
            return 7
        if watch <= 0 or (order.watch_first and order.first_has_ended()):
            break
        for process in running:
            process.close()
        watch -= 1
        time.sleep(1)
    if search.options.verbose:
        report.out(" ".join([str(process.pid) for process in running]) + "\n")
    return 0


def trouble(error: OSError) -> int:
    if error.errno == errno.ENOENT:
        return 5
    return 4 if error.errno in (errno.EPERM, errno.EACCES) else 1
