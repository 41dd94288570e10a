"""Which callers on this host would not meet the shims.

The shims work through PATH, and PATH leads to them in init scripts that read the distribution's
functions (the two hooks). Everything else calls the incumbent still:

* an absolute path: /bin/pidof, /usr/bin/killall;
* a name, in a file without the hook: cron, logrotate, units, maintainer scripts, init scripts;
* a name, after the script set its PATH again.

None of them does where the shim stands in the incumbent's own place (`ct0 shims divert`).

This is the short answer, line by line; `ct0 audit` reads scripts as a shell does.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import entries, read_text
from ct0_shims.delivery.diversions import FOLDERS, SHIM
from ct0_shims.delivery.tree import inside

COMMANDS = "pidof|killall5|killall|pgrep|pkill|killproc|checkproc|pidofproc|startproc"
CALL = re.compile(
    r"(?:^|[;&|({`!]|\$\(|=-?[@+!:-]*|\b(?:then|do|else|if|while|until|exec|xargs|sudo|env|nice)\b)"
    r"\s*(?:-\S+\s+)*((?:/usr)?/s?bin/)?(" + COMMANDS + r")(?![\w./-])"
)
PATH_SET = re.compile(r"^\s*(?:export\s+)?PATH=(?!.*\$\{?PATH)")
# The five times and the user before a job of a system crontab, crontab(5).
CRON = re.compile(r"^\s*(?:@\w+|[\d*/,-]+(?:\s+[\w*/,-]+){4})\s+[a-z_][\w-]*\s+")
SOURCES = re.compile(r"^\s*(?:\.|source)\s+\S*(/lib/lsb/init-functions|init\.d/functions)\b")
# Functions of the same names, which both distributions' function files define.
FUNCTIONS = {"killproc", "pidofproc", "checkproc"}

SCRIPTS = ("/etc/init.d", "/etc/rc.d/init.d")
OTHERS = (
    "/etc/cron.d",
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/logrotate.d",
    "/etc/systemd/system",
    "/lib/systemd/system",
    "/etc/network/if-up.d",
    "/etc/network/if-down.d",
    "/etc/ppp/ip-up.d",
    "/etc/ppp/ip-down.d",
    "/var/lib/dpkg/info",
)
SINGLE = ("/etc/crontab", "/etc/anacrontab", "/etc/rc.local", "/etc/logrotate.conf")
MAINTAINER = (".preinst", ".postinst", ".prerm", ".postrm")


class Bypass(NamedTuple):
    path: str
    line: int
    text: str
    reason: str


def bypasses(host: Host) -> Iterator[Bypass]:
    """Every line found, in the order of the files' names."""
    seen = set()
    ours = diverted(host)
    for path, is_script in candidates(host):
        place = os.path.realpath(host.path(path))
        if place in seen:
            continue  # rc.d/init.d and init.d are often one folder
        seen.add(place)
        try:
            text = read_text(host.path(path))
        except Unavailable:
            continue  # a dangling link, a folder, a socket
        if "\0" not in text:
            yield from scan(path, text, is_script, ours)


def diverted(host: Host) -> frozenset[str]:
    """The incumbents' paths that lead to the shims, and the names of which every path does."""
    found = set()
    for name in COMMANDS.split("|"):
        paths = [f"{folder}/{name}" for folder in FOLDERS]
        there = [path for path in paths if os.path.lexists(inside(host.root, path))]
        ours = [path for path in there if leads_to_shim(host.root, path)]
        found.update(ours)
        if ours and ours == there:
            found.add(name)
    return frozenset(found)


def leads_to_shim(root: str, path: str) -> bool:
    """An incumbent's own link may be on the way: pkill is one to pgrep."""
    for _ in range(8):
        try:
            goal = os.readlink(inside(root, path))
        except OSError:
            return False  # no link: a program
        if goal == SHIM:
            return True
        path = os.path.join(os.path.dirname(path), goal)
    return False


def candidates(host: Host) -> Iterator[tuple[str, bool]]:
    for folder in SCRIPTS:
        for name in entries(host.path(folder)):
            yield f"{folder}/{name}", True
    for folder in OTHERS:
        for name in entries(host.path(folder)):
            if folder != "/var/lib/dpkg/info" or name.endswith(MAINTAINER):
                yield f"{folder}/{name}", False
    for path in SINGLE:
        yield path, False


def scan(
    path: str, text: str, is_script: bool, ours: frozenset[str] = frozenset()
) -> Iterator[Bypass]:
    """The calls of one file that would not meet a shim; `ours` are met as they are called."""
    hooked = after_path = False
    for number, line in joined(text):
        line = CRON.sub("", line) if "cron" in path else line
        code = line.lstrip()
        if code.startswith(("#", "echo ", "log_")):
            continue
        if SOURCES.match(line):
            hooked, after_path = is_script, False
        elif hooked and PATH_SET.match(line):
            after_path = True
        for call in CALL.finditer(line):
            folder, name = call.group(1), call.group(2)
            if f"{folder or ''}{name}" in ours:
                continue
            if folder:
                reason = f"{folder}{name} by absolute path"
            elif hooked and not after_path:
                continue
            elif hooked:
                reason = f"{name} after PATH was set again"
            elif name in FUNCTIONS and is_script:
                continue  # a function of the script's own or of a file it reads
            else:
                reason = f"{name}, where PATH does not lead to the shims"
            yield Bypass(path, number, " ".join(line.split()), reason)


def joined(text: str) -> Iterator[tuple[int, str]]:
    """(line number, line) with continuation lines joined to their first."""
    pending, start = "", 0
    for number, line in enumerate(text.split("\n"), 1):
        start = start if pending else number
        if line.endswith("\\"):
            pending += line[:-1] + " "
            continue
        yield start, pending + line
        pending = ""
    if pending:
        yield start, pending
