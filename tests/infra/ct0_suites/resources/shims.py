"""The shims as they are installed on a CT0, and which program a caller there really gets.

pidof /usr/lib/ct0/ct0-shims        a caller of this kind gets the shim
killall /usr/bin/killall            the incumbent, which sees containers' processes
killproc killproc                   a shell function
= /usr/lib/ct0/shims                CT0_SHIMS, where ct0's own functions are in force
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.entering import PATH
from ct0_suites.target import Target

FILE = "/usr/lib/ct0/ct0-shims"
INIT, PLAIN, ABSOLUTE = "init", "path", "absolute"
CALLERS = (INIT, PLAIN, ABSOLUTE)
SAID = {INIT: "in an init script", PLAIN: "by a plain PATH", ABSOLUTE: "by its absolute path"}

KNOWN = (
    "pidof", "pgrep", "pkill", "killall", "killall5", "killproc", "checkproc", "pidofproc",
    "startproc",
)  # fmt: skip
# RHEL's functions find by name with it, and it asks PATH's pidof. Debian's killproc believes a PID
# file only, and its pidofproc asks /bin/pidof.
BY_NAME = "__pids_pidof"

# What an init script has: the PATH that init gives it, and its distribution's functions.
RHEL = "/etc/rc.d/init.d/functions"
DEBIAN = "/lib/lsb/init-functions"
INIT_SCRIPT = f"""
PATH=/sbin:/usr/sbin:/bin:/usr/bin
if [ -r {RHEL} ]; then . {RHEL}; elif [ -r {DEBIAN} ]; then . {DEBIAN}; fi
"""
# What is found at an absolute path, whatever PATH says.
FIXED = """
at() {
    for folder in /usr/bin /bin /usr/sbin /sbin; do
        if [ -x "$folder/$1" ]; then echo "$folder/$1"; return; fi
    done
}
"""


class Status(NamedTuple):
    """`ct0 shims status --json`."""

    damaged: tuple[str, ...]
    hooks: Mapping[str, str]  # file -> active, not active, not of this system
    diversions: Mapping[str, str] = {}  # path -> active, or what is wrong


class Got(NamedTuple):
    """What a kind of caller gets: command -> its file, with all links followed, or a function's
    name; "" where there is none."""

    commands: Mapping[str, str]
    functions: str  # where ct0's shell functions look for the shims; "" if they are not in force


def read_status(target: Target) -> Status | None:
    """None: not installed. Raises Unavailable when the shims do not say how they are."""
    return target.once("shims", lambda: read(target))


def read(target: Target) -> Status | None:
    said = target.run(f"[ ! -e {FILE} ] && echo none && exit; {FILE} status --json", timeout=60)
    if said.text == "none\n":
        return None
    return parse_status(said.text, said.trouble)


def parse_status(text: str, trouble: str = "") -> Status | None:
    try:
        record = json.loads(text)
        if not record["installed"]:
            return None
        hooks = {str(path): str(state) for path, state in record["hooks"].items()}
        diversions = {
            str(each["path"]): str(each["state"])
            for each in record.get("diversions", ())  # not of an earlier release
        }
        return Status(tuple(map(str, record["damaged"])), hooks, diversions)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Unavailable(f"{FILE} status: no answer: {plain(trouble or text)}") from None


def callers_of(target: Target) -> tuple[str, ...]:
    """Those that the shims' hooks reach where nobody says otherwise."""
    there = target.once(
        "shims: functions",
        lambda: target.run(f"[ -r {RHEL} ] || [ -r {DEBIAN} ] && echo yes").text.strip(),
    )
    return (INIT,) if there == "yes" else (PLAIN,)


def called(caller: str, text: str) -> str:
    """A shell's text as a caller of a kind runs it, without this connection's environment."""
    before = {INIT: INIT_SCRIPT, PLAIN: f"PATH={PATH}\n", ABSOLUTE: f"PATH={PATH}\n{FIXED}"}
    return f"exec env -i /bin/sh -c {shlex.quote(before[caller] + text)} </dev/null"


def program(caller: str, command: str) -> str:
    """How it names a command, in the text of `called`."""
    return f'"$(at {command})"' if caller == ABSOLUTE else command


def read_got(target: Target, caller: str) -> Got:
    """Raises Unavailable when the functions of its init scripts do not let themselves be read."""
    find = "at" if caller == ABSOLUTE else "command -v"
    text = f"""
for c in {" ".join([*KNOWN, BY_NAME])}; do
    p=$({find} "$c")
    case $p in /*) p=$(readlink -f "$p") ;; esac
    echo "$c $p"
done
echo "= ${{CT0_SHIMS:-}}"
"""
    return target.once(f"shims: {caller}", lambda: parse_got(target.run(called(caller, text)).text))


def parse_got(text: str) -> Got:
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "=":
            return Got(found, value)
        if name in KNOWN or name == BY_NAME:  # the functions may print something themselves
            found[name] = value
    raise Unavailable("an init script's functions ended before it could look for a command")
