"""The command lines and the voice of SUSE's killproc, checkproc, pidofproc and startproc.

killproc(8), checkproc(8), startproc(8) of openSUSE's sysvinit-tools: getopt without long options.
Their complaints go to standard error where that is a terminal, to syslog (local7) elsewhere.
"""

from __future__ import annotations

import os

from ct0_shims import report
from ct0_shims.options import UsageError, getopt


class Options:
    """What killproc, checkproc and pidofproc were told; options they do not have keep defaults."""

    __slots__ = (
        "by_comm",
        "follow",
        "group",
        "ignore",
        "kernel",
        "like_killproc",
        "netfs",
        "operand",
        "pidfile",
        "quiet",
        "root",
        "session",
        "verbose",
        "wait",
        "zombies",
    )

    def __init__(self) -> None:
        self.operand = ""
        self.root: str | None = None
        self.pidfile: str | None = None
        self.ignore: list[str] = []
        self.by_comm = self.follow = self.kernel = self.netfs = self.zombies = False
        self.group = self.session = False
        self.quiet = self.verbose = self.like_killproc = False
        self.wait = 5


class Refused(Exception):
    """The command line is wrong (or asks for help): what to say, and the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.text = text
        self.status = status


SWITCHES = {
    "L": "follow",
    "G": "session",
    "N": "netfs",
    "g": "group",
    "k": "like_killproc",
    "n": "kernel",
    "q": "quiet",
    "v": "verbose",
    "x": "by_comm",
    "z": "zombies",
}


def read_options(arguments: list[str], letters: str, usage: str, wrong: int) -> Options:
    """Read a command line of the getopt string `letters`; `wrong`: the status for a wrong one.

    Raises Refused.
    """
    try:
        found, operands = getopt(arguments, letters, {"help": "help"})
    except UsageError:
        raise Refused(usage, wrong) from None
    options = Options()
    for letter, value in found:
        if letter in ("h", "help"):
            raise Refused(usage, 0)
        if letter == "l":
            raise Refused("", 0)
        if letter in SWITCHES:
            setattr(options, SWITCHES[letter], True)
        elif letter == "c":
            if value.startswith("-") or not value or options.root is not None:
                raise Refused("Option -c requires special root directory\n", 2)
            options.root = value
        elif letter == "i":
            if value.startswith("-") or not value:
                raise Refused("Option -i requires pid file to read pid from\n", 2)
            options.ignore.append(value)
        elif letter == "p":
            if options.pidfile is not None:
                raise Refused("Option -p requires pid file to read pid from\n", wrong)
            options.pidfile = value
        elif letter == "t":
            options.wait = leading_number(value)
            if options.wait < 1:
                raise Refused(usage, wrong)
    if options.group and options.session:
        raise Refused(usage, wrong)
    # An empty name would be every process whose name is empty; the incumbent takes it for a path.
    if not operands or not operands[0]:
        raise Refused(usage, wrong)
    options.operand = operands[0]
    return options


def leading_number(text: str) -> int:
    """What atoi(3) makes of it: `15s` is 15, `s` is 0."""
    digits = text.lstrip(" \t")
    sign = -1 if digits[:1] == "-" else 1
    digits = digits[1:] if digits[:1] in ("-", "+") else digits
    end = 0
    while digits[end : end + 1].isascii() and digits[end : end + 1].isdigit():
        end += 1
    return sign * int(digits[:end] or "0")


def refuse(command: str, refused: Refused, usage: str) -> int:
    """Say why and return the exit status; help that was asked for goes to standard output."""
    if refused.text is usage:
        if refused.status:
            report.complain(usage.partition("\n\n")[0] + "\n")
        else:
            report.out(usage)
    else:
        warn(command, refused.text)
    return refused.status


def warn(command: str, text: str) -> None:
    """One complaint, which brings its own newline."""
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    if os.isatty(2):
        report.complain(f"{command}: {text}")
        return
    import syslog

    syslog.openlog(command, 0, syslog.LOG_LOCAL7)
    syslog.syslog(syslog.LOG_WARNING, text.rstrip("\n"))
    syslog.closelog()
