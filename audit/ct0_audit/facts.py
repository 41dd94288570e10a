"""What the audited host has that decides what a command would do there."""

from __future__ import annotations

import json
from typing import NamedTuple

from ct0.host import Host
from ct0_audit import files

SHIMS = "/usr/lib/ct0/shims"
SHIM = "/usr/lib/ct0/ct0-shims"  # where a diverted incumbent's path leads
KEPT = (".distrib.usr-is-merged", ".distrib", ".ct0-real")  # how the incumbent is called then
MANIFEST = "/usr/lib/ct0/shims.manifest"
RHEL_INIT = "/etc/sysconfig/init"
DEBIAN_HOOK = "/lib/lsb/init-functions.d/99-ct0"
FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin")
STANDS_IN = (
    "pidof", "pgrep", "pkill", "killall", "killall5", "killproc", "checkproc", "pidofproc",
    "startproc",
)  # fmt: skip


class Facts(NamedTuple):
    pidof: str = ""  # "sysv", "procps", "busybox" or "" where it is not known
    debian: bool = True  # /lib/lsb/init-functions is Debian's, which asks PID files
    openrc: bool = False  # its start-stop-daemon leaves containers out
    shims: frozenset[str] = frozenset()  # the commands that are laid out in /usr/lib/ct0/shims
    rhel_hook: bool = False
    debian_hook: bool = False
    replaced: frozenset[str] = frozenset()  # paths of incumbents that lead to a shim
    everywhere: frozenset[str] = frozenset()  # commands of which every one in PATH does


def facts(host: Host) -> Facts:
    shims = frozenset(
        name
        for name in STANDS_IN
        if files.exists(host, f"{SHIMS}/{name}") and laid_out(host, f"{SHIMS}/{name}")
    )
    replaced, everywhere = set(), set()
    for name in STANDS_IN if laid_out(host, SHIM) else shims:
        places = [
            f"{folder}/{name}" for folder in FOLDERS if files.exists(host, f"{folder}/{name}")
        ]
        ours = {place for place in places if leads(host, place).startswith("/usr/lib/ct0/")}
        replaced |= ours
        if ours and len(ours) == len(places):
            everywhere.add(name)
    return Facts(
        pidof_of(host),
        files.exists(host, "/etc/debian_version") or not files.exists(host, "/etc/redhat-release"),
        files.exists(host, "/sbin/openrc-run") or files.exists(host, "/usr/bin/openrc-run"),
        shims,
        bool(shims) and SHIMS in text(host, RHEL_INIT),
        bool(shims) and files.exists(host, DEBIAN_HOOK),
        frozenset(replaced),
        frozenset(everywhere),
    )


def laid_out(host: Host, path: str) -> bool:
    """Whether the manifest names it: a file somebody put there is no shim."""
    try:
        return path in json.loads(text(host, MANIFEST))["files"]
    except (ValueError, KeyError, TypeError):
        return False


def pidof_of(host: Host) -> str:
    """sysvinit's pidof is a link to killall5; procps' a program of its own beside pgrep."""
    for path in ("/bin/pidof", "/usr/bin/pidof", "/sbin/pidof", "/usr/sbin/pidof"):
        place = leads(host, path)
        if place.startswith("/usr/lib/ct0/"):
            place = kept(host, path)
        if not place:
            continue
        name = place.rpartition("/")[2]
        if name.startswith("killall5"):
            return "sysv"
        if name.startswith(("busybox", "toybox")):
            return "busybox"
        return "procps" if name.startswith("pidof") else ""
    return ""


def kept(host: Host, path: str) -> str:
    """What the incumbent's own link says, or its name; "" where it is not kept at all.

    The link's goal may be diverted in its turn: killall5, which pidof is one to.
    """
    for name in (path + end for end in KEPT):
        goal = files.link(host, name)
        if goal or files.exists(host, name):
            return goal or name
    return ""


def leads(host: Host, path: str) -> str:
    try:
        return files.real(host, path)
    except files.Unreadable:
        return ""


def text(host: Host, path: str) -> str:
    try:
        return files.text(host, path)
    except files.Unreadable:
        return ""
