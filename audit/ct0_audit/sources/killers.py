"""Daemons that choose processes to kill: by memory, by time, by user.

    EARLYOOM_ARGS="-r 3600"              /etc/default/earlyoom; --avoid is what spares anybody
    PT_USERKILL = "1"                    /etc/csf/csf.conf, ConfigServer's lfd
    ManagedOOMSwap=kill                  of -.slice, system.slice or machine.slice: systemd-oomd

systemd-oomd itself kills cgroups below the slices it is told to watch, and by default watches the
users' only. nohang, PRM and verynice are found by their configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import MISCOUNTS, Direct, Selector
from ct0_audit.sources.lines import Line, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in
from ct0_audit.sources.unit_files import parse_unit

KIND = "killer"

EARLYOOM = re.compile(r"\s*EARLYOOM_ARGS\s*=")
LFD = re.compile(
    r"""\s*(PT_USERKILL|PT_FORKBOMB|PT_USERPROC|PT_USERMEM|PT_USERTIME)\s*=\s*"(\d+)\""""
)
SLICES = tuple(
    f"{folder}/{slice}.slice.d"
    for folder in ("/etc/systemd/system", "/usr/lib/systemd/system")
    for slice in ("-", "system", "machine")
)
PRESENT = {
    "/etc/nohang/nohang.conf": "nohang",
    "/usr/local/prm/conf.prm": "PRM",
    "/etc/verynice.conf": "verynice",
    "/etc/ulatencyd/ulatencyd.conf": "ulatencyd",
}
MANAGED = ("ManagedOOMSwap", "ManagedOOMMemoryPressure")
EVERYBODY = Selector("everybody")


def read(host: Host) -> Found:
    yield from configured(
        host, ("/etc/default/earlyoom", "/etc/sysconfig/earlyoom"), parse_earlyoom
    )
    yield from configured(host, ("/etc/csf/csf.conf",), parse_lfd)
    yield from configured(host, PRESENT, parse_present)
    yield from configured(host, paths_in(host, *SLICES, ends=(".conf",)), parse_slice)


def parse_earlyoom(text: str, path: str) -> Iterator[Direct]:
    """earlyoom's arguments, if nobody is to be avoided."""
    said = False
    for line in without_comments(text, join=True):
        if EARLYOOM.match(line.text):
            said = True
            if "--avoid" not in line.text and "--ignore" not in line.text:
                detail = "earlyoom kills the largest process, whosever it is"
                yield direct(line, "CT108", detail, path, KIND, EVERYBODY)
    if not said:
        detail = "earlyoom without arguments kills the largest process, whosever it is"
        yield direct(Line(1, text.split("\n")[0]), "CT108", detail, path, KIND, EVERYBODY)


def parse_lfd(text: str, path: str) -> Iterator[Direct]:
    """lfd's process tracking: PT_USERKILL=1 kills, the other limits only report without it."""
    found = {}
    for line in without_comments(text):
        setting = LFD.match(line.text)
        if setting:
            found[setting[1]] = (int(setting[2]), line)
    kills, _ = found.get("PT_USERKILL", (0, None))
    for name, (number, line) in found.items():
        if not number:
            continue
        if name == "PT_USERKILL" or name == "PT_FORKBOMB":
            detail = "lfd kills processes of users, containers' too"
            yield direct(line, "CT108", detail, path, KIND, EVERYBODY)
        elif not kills:
            detail = "lfd reports processes of users, containers' too"
            yield direct(line, "CT108", detail, path, KIND, severity=MISCOUNTS)


def parse_present(text: str, path: str) -> Iterator[Direct]:
    """A configuration that is there: its daemon goes through all processes."""
    name = next((name for end, name in PRESENT.items() if path.endswith(end)), "it")
    first = next(without_comments(text), Line(1, ""))
    detail = f"{name} goes through all processes of the host, containers' too"
    yield direct(first, "CT108", detail, path, KIND, EVERYBODY)


def parse_slice(text: str, path: str) -> Iterator[Direct]:
    """systemd-oomd told to kill in a slice that containers may be in."""
    for setting in parse_unit(text, path):
        if setting.key in MANAGED and setting.value.text.strip() == "kill":
            line = Line(setting.value.number, f"{setting.key}=kill")
            detail = "systemd-oomd kills cgroups in this slice, containers' among them"
            yield direct(line, "CT108", detail, path, KIND)
