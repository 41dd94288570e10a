"""What is measured: our command line, the incumbent's, and the ratio that was promised."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from bench.fill import DAEMON, SCRIPT
from bench.scene import Scene

# The incumbents as Debian installs them; by absolute path, so that none of ours is met by PATH.
PIDOF, PGREP, KILLALL = "/bin/pidof", "/usr/bin/pgrep", "/usr/bin/killall"
NOBODY = "benchnobody"

CHECK_PROCS = "/usr/lib/nagios/plugins/check_procs"
AS_NOBODY = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]

RATIO, MILLISECONDS, BOTH = "ratio", "ms", "both"


class Case(NamedTuple):
    name: str
    ours: list[str]
    theirs: list[str]  # [] when there is nothing to compare with
    finds: str  # "daemons", "script", "" for nothing
    incumbent: str = ""  # "" when `theirs` is no incumbent but the floor below any Python program
    # At most; (RATIO or MILLISECONDS of processor time, or BOTH: that ratio and of time passed, x).
    target: tuple[str, float] | None = None
    silent: bool = False  # found, but not printed
    says: str = ""  # the whole line, of a check


def cases(scene: Scene, shims: Path, programs: Path, python: str) -> list[Case]:
    """The cases of a scene; without those whose incumbent or shim is not there."""
    wanted = scans(scene.name, shims, programs) + checks(scene, shims.parent / "check_procs")
    if scene.name == "small":
        wanted += start_ups(shims, python)
    return [
        case
        for case in wanted
        if os.path.exists(case.ours[0])
        and (not case.theirs or os.path.exists(case.incumbent or case.theirs[0]))
    ]


def scans(scene: str, shims: Path, programs: Path) -> list[Case]:
    """Every command reads the whole table, whatever it looks for."""
    pidof = {"small": 2.5, "large": 1.1, "containers": 0.6}[scene]
    pgrep = {"large": (RATIO, 0.5)}.get(scene)
    command_lines = [
        ("pidof", [DAEMON], PIDOF, "daemons", (RATIO, pidof)),
        ("pidof", [f"{programs}/{DAEMON}"], PIDOF, "daemons", None),
        ("pidof", ["-x", SCRIPT], PIDOF, "script", None),
        ("pgrep", ["-x", DAEMON], PGREP, "daemons", pgrep),
        ("pgrep", ["-f", f"{DAEMON} inf"], PGREP, "daemons", None),
        ("killall", ["-0", DAEMON], KILLALL, "daemons", None),
    ]
    return [
        Case(
            " ".join([command, *arguments]).replace(f"{programs}/", "/PATH/"),
            [f"{shims}/{command}", *arguments],
            [incumbent, *arguments],
            finds,
            incumbent,
            target,
            silent=command == "killall",
        )
        for command, arguments, incumbent, finds, target in command_lines
    ]


def checks(scene: Scene, script: Path) -> list[Case]:
    """check_procs counting all, by name, and looking at each; as root and as plugins run.

    Whoever measures is its parent and does not count. Whether the containers' parents do depends on
    whether they could be given cgroups, so beside containers it is by name alone.
    That each process is read from all its files, as ps does it, carries no promise with thousands.
    """
    limit = {"small": 4.0, "large": 1.0}.get(scene.name)
    target = (BOTH, limit) if limit else None
    count = scene.own - 1
    lines = [
        (["-w", "9000", "-c", "9999"], f"PROCS OK: {count} processes | procs=#;9000;9999;0;"),
        (
            ["-c", "1:", "-C", DAEMON],
            f"PROCS OK: 2 processes with command name '{DAEMON}' | procs=#;;1:;0;",
        ),
        (
            ["-m", "VSZ", "-c", "9999999", "-a", "inf"],
            f"VSZ OK: {count} processes with args 'inf' | "
            "procs=#;;;0; procs_warn=0;;;0; procs_crit=0;;;0;",
        ),
    ]
    return [
        Case(
            " ".join(["check_procs", *arguments]) + ("  (as nobody)" if user else ""),
            [*user, str(script), *arguments],
            [*user, CHECK_PROCS, *arguments],
            "",
            CHECK_PROCS,
            target if "-a" not in arguments or limit != 1.0 else None,
            says=says.replace("#", says.split()[2]) + "\n",
        )
        for arguments, says in (lines[1:2] if scene.containers else lines)
        for user in ([], AS_NOBODY)
    ]


def start_ups(shims: Path, python: str) -> list[Case]:
    """What a shim costs before it looks at anybody, beside a Python that does nothing at all."""
    floor = [python, "-IS", "-c", "pass"]
    target = (MILLISECONDS, 13.0)
    return [
        Case("pidof -q", [f"{shims}/pidof", "-q"], floor, "", target=target),
        Case(f"pidof {NOBODY}", [f"{shims}/pidof", NOBODY], floor, "", target=target),
    ]
