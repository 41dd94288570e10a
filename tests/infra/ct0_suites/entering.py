"""How a command is run in a container, engine by engine: one literal table.

Each way gives the command line, for the container's machine, that runs a shell's text inside as
root with its own status and standard input, without a terminal. Sources: vzctl(8) "exec2",
prlctl(8) "exec", pct(1) "exec", lxc-attach(1), incus(1) and lxc(1) "exec", systemd-run(1),
nsenter(1), docker-exec(1), podman-exec(1).

* `vzctl exec2`, not `exec`: that one gives 8 for every failure.
* `machinectl shell` gives 0 for every failure. `systemd-run --machine` passes the status on and has
  the container's own systemd start the command, under the container's limits and rights; where no
  systemd runs inside, only nsenter is left.
* nsenter leaves the command all of root's capabilities, where an engine's own way takes them away:
  it is the last resort, and a container's root must then be trusted as far as its CT0's.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Container, Sequence
from typing import Callable, NamedTuple

from ct0.container import CT
from ct0.errors import Unavailable
from ct0.text import plain

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LXCPATH = "/var/lib/lxc"

Enter = Callable[[str], list[str]]


class Way(NamedTuple):
    """`argv` runs `text` in a CT; `command` is the program of the machine that it needs."""

    command: str
    argv: Callable[[CT, str], list[str]]
    fits: Callable[[CT], bool] = lambda ct: True


def sh(text: str) -> list[str]:
    return ["/bin/sh", "-c", text]


def one_word(text: str) -> str:
    """For a program that gives its words, joined with blanks, to a shell of the container's."""
    return f"exec /bin/sh -c {shlex.quote(text)}"


def vzctl(ct: CT, text: str) -> list[str]:
    return ["vzctl", "exec2", ct.ctid, one_word(text)]


def prlctl(ct: CT, text: str) -> list[str]:
    """Its dispatcher runs `vzctl --quiet exec2 CTID` and the words (prl-disp-service, vzexec)."""
    return ["prlctl", "exec", ct.ctid, one_word(text)]


def pct(ct: CT, text: str) -> list[str]:
    return ["pct", "exec", ct.ctid, "--", *sh(text)]


def lxc_attach(ct: CT, text: str) -> list[str]:
    folder = os.path.dirname(os.path.dirname(ct.config)) if ct.engine == "lxc" else ""
    where = ["-P", folder] if folder not in ("", LXCPATH) else []
    return ["lxc-attach", *where, "-n", ct.ctid, "--clear-env", "--", *sh(text)]


def incus(ct: CT, text: str) -> list[str]:
    return ["incus", *project(ct), "--", *sh(text)]


def lxd(ct: CT, text: str) -> list[str]:
    return ["lxc", *project(ct), "--", *sh(text)]


def project(ct: CT) -> list[str]:
    """A CTID of Incus' and LXD's is NAME, or PROJECT_NAME in another project than the first."""
    project, _, name = ct.ctid.rpartition("_")
    return ["exec", name, "--project", project or "default", "--mode=non-interactive"]


def systemd_run(ct: CT, text: str) -> list[str]:
    # A $ of its command line is systemd's to expand, but not a doubled one.
    words = sh(text.replace("$", "$$"))
    options = ["--pipe", "--wait", "--quiet", "--collect"]
    return ["systemd-run", f"--machine={ct.ctid}", *options, "--", *words]


def docker(ct: CT, text: str) -> list[str]:
    return [ct.engine, "exec", "-i", "--user", "0", ct.ctid, *sh(text)]


def nsenter(ct: CT, text: str) -> list[str]:
    return ["nsenter", "-t", str(ct.init_pid), "-a", "-r", "--", *sh(text)]


def running(ct: CT) -> bool:
    return ct.init_pid > 0


# Engine -> its ways, the best first.
WAYS: dict[str, tuple[Way, ...]] = {
    "openvz": (Way("vzctl", vzctl), Way("prlctl", prlctl)),
    "proxmox": (Way("pct", pct), Way("lxc-attach", lxc_attach)),
    "lxc": (Way("lxc-attach", lxc_attach),),
    "incus": (
        Way("incus", incus, lambda ct: "/lxd/" not in ct.config),
        Way("lxc", lxd, lambda ct: "/incus/" not in ct.config),
    ),
    "nspawn": (Way("systemd-run", systemd_run), Way("nsenter", nsenter, running)),
    "docker": (Way("docker", docker),),
    "podman": (Way("podman", docker),),
    "containerd": (Way("nsenter", nsenter, running),),
    "libvirt": (Way("nsenter", nsenter, running),),
}
ANY = (Way("nsenter", nsenter, running),)
COMMANDS = sorted({way.command for ways in WAYS.values() for way in ways})


def entering(ct: CT, present: Container[str], only: Sequence[str] = ()) -> Enter:
    """The command line of a CT's best way, for a text; `present` are the machine's commands, `only`
    those that may be used. Raises Unavailable when there is none."""
    if ct.ctid.startswith("-") or not ct.ctid.isprintable():
        raise Unavailable(f"{plain(ct.ctid)}: not entered: no CTID of any engine")
    ways = [
        way
        for way in (ANY if "nsenter" in only else WAYS.get(ct.engine, ANY))
        if way.fits(ct) and (not only or way.command in only)
    ]
    for way in ways:
        if way.command in present:
            return lambda text: way.argv(ct, f"PATH={PATH}; export PATH\n{text}")
    if not ways:
        by = " or ".join(only) or "anything known"
        raise Unavailable(f"{plain(ct.ctid)}: {ct.engine} CTs of this kind are not entered by {by}")
    needed = " or ".join(way.command for way in ways)
    raise Unavailable(f"{plain(ct.ctid)}: cannot be entered: its machine has no {needed}")
