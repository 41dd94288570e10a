"""What an init script says its daemon is called and where the daemon's PID is, by its text alone.

    # processname: named
    # pidfile: /var/run/named.pid
    DAEMON=/usr/sbin/named
    PIDFILE=/run/named/$NAME.pid
    status_of_proc -p ${PIDFILE} $DAEMON $NAME

Only names are looked for: the script is read, not run, and what it computes is passed over.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from ct0_suites.resources.backing import COMMON

MANY = 20  # names or files, enough for any script
LONGEST, LINE = 128 << 10, 300  # characters of a script, and of its lines

ASSIGNED = re.compile(
    r"^\s*(?:export\s+|readonly\s+|local\s+)?([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|[^\s;&|]*)"
)
HEADER = re.compile(r"^#\s*(processname|pidfile):\s*(\S+)")
VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?[-=]([^}]*))?\}|(\w+))")
# A variable whose value is what runs, by its name; in any case, OpenRC has small letters.
DAEMONS = re.compile(r"(daemon|prog|program|exec|binary|bin|process|procname|command)\d?")
WORD = r"[\"']?([\w./${][\w./${}:+=-]*)"
OPTIONS = r"(?:-[bop]\s+\S+\s+|-[\w-]+(?:=\S+)?\s+)*"
CALLED = re.compile(
    r"(?:^|[\s;&|(`])(?:--name|-n|--exec|-x|--startas|-a|/?(?:\w+/)*pidof|killproc|daemon|pidofproc"
    rf"|status_of_proc|status|pgrep|killall)\s+{OPTIONS}{WORD}"
)
TEST = re.compile(r"(?:\[|\btest)\s+!?\s*-x\s+\S+")
PIDFILE = re.compile(rf"(?:^|\s)(?:-p|--pidfile)[\s=]+{WORD}")
NAME = re.compile(r"[A-Za-z0-9][\w.+-]{1,63}")


class Script(NamedTuple):
    names: tuple[str, ...]  # of processes
    pidfiles: tuple[str, ...]
    words: frozenset[str]  # all that is in it


def parse_script(name: str, text: str) -> Script:
    """Of the service `name`. Never raises: what cannot be made out is not known."""
    variables: dict[str, str] = {"RC_SVCNAME": name, "SVCNAME": name}
    names: list[str] = []
    pidfiles: list[str] = []
    for line in text[:LONGEST].split("\n"):
        line = TEST.sub("", line[:LINE])
        if header := HEADER.match(line):
            (names if header[1] == "processname" else pidfiles).append(header[2])
        if line.lstrip().startswith("#"):
            continue
        if (found := ASSIGNED.match(line)) and found[1] != "PATH":
            value = expanded(found[2].strip("\"'"), variables)
            if value is not None:
                variables[found[1]] = value
                if "pid" in found[1].lower():
                    pidfiles.append(value)
                elif DAEMONS.fullmatch(found[1].lower()):
                    names.append(value.partition(" ")[0])
            continue
        names += filter(None, (expanded(each, variables) for each in CALLED.findall(line)))
        pidfiles += filter(None, (expanded(each, variables) for each in PIDFILE.findall(line)))
    called = unique([os.path.basename(each) for each in names])
    called = [each for each in called if NAME.fullmatch(each) and each not in COMMON][:MANY]
    # ssh is the client's name: the service's own counts only where no other is found.
    called = called or [name]
    for each in unique([*called, name]):
        pidfiles += [f"/run/{each}.pid", f"/run/{each}/{each}.pid", f"/var/run/{each}.pid"]
    known = [each for each in unique(pidfiles) if is_file(each)][:MANY]
    return Script(tuple(called), tuple(known), frozenset(re.findall(r"[\w.+-]+", text[:LONGEST])))


def expanded(text: str, variables: dict[str, str]) -> str | None:
    """With the variables that are known; None when one is not, or a command is in it."""
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        known = variables.get(found[1] or found[3], found[2])
        if known is None:
            missing = True
        return known or ""

    text = VARIABLE.sub(value, text[:200])
    if "$" in text:  # ${PIDFILE:-/run/$NAME.pid}
        text = VARIABLE.sub(value, text)
    return None if missing or re.search(r"[$`*?\\]", text) or len(text) > 200 else text


def is_file(path: str) -> bool:
    """A pidfile is where what changes is; the name of a variable alone says little."""
    return bool(re.fullmatch(r"/(run|var|tmp|opt|srv|home|vz)/[\w./+-]+", path))


def unique(values: list[str]) -> list[str]:
    return list(dict.fromkeys(values))
