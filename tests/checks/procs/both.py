"""Play check_procs' command lines with monitoring-plugins' and with ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[2]
TABLES = HERE / "ps"
THEIRS = "/usr/lib/nagios/plugins/check_procs"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

# One process plays all lines, theirs and ours as its children: each leaves out its own PID and its
# parent's, so none of these may by chance be in the table.
PLAYER = """
import json, os, sys
sys.path[:0] = {roots!r}
from ct0_checks.procs import command
order = json.load(sys.stdin)
os.chdir(order["folder"])
os.environ.update(order["environment"])
pids = set(order["pids"])
if os.getpid() in pids:
    sys.exit(9)

def play(line, ours):
    pipes = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            for number, (_, writing) in enumerate(pipes, 1):
                os.dup2(writing, number)
            if ours:
                sys.argv = [{theirs!r}, *line]
                os._exit(command())
            os.execv({theirs!r}, [{theirs!r}, *line])
        finally:
            os._exit(99)
    for _, writing in pipes:
        os.close(writing)
    texts = []
    for reading, _ in pipes:
        with os.fdopen(reading, "rb") as file:
            texts.append(file.read().decode("latin-1"))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return None if child in pids else [*texts, status]

def played(line, ours):
    while True:
        said = play(line, ours)
        if said is not None:
            return said

json.dump([[played(line, False), played(line, True)] for line in order["lines"]], sys.stdout)
"""


class Said(NamedTuple):
    stdout: str  # bytes as Latin-1, so that all of them can be compared
    stderr: str
    status: int


def incumbent() -> str:
    """Where monitoring-plugins 2.3's check_procs is; skips the test where it is not."""
    if not os.path.exists(THEIRS):
        pytest.skip(f"no {THEIRS}: install monitoring-plugins-basic")
    version = subprocess.run([THEIRS, "-V"], capture_output=True, text=True, check=False).stdout
    if not version.startswith("check_procs v2.3.3"):
        pytest.skip(f"another version: {version.strip()}")
    return THEIRS


def play(
    lines: Sequence[Sequence[str]], folder: Path, pids: frozenset[int], environment: dict[str, str]
) -> list[tuple[Said, Said]]:
    """What theirs and ours say to each line."""
    order = {
        "lines": [list(line) for line in lines],
        "folder": str(folder),
        "environment": environment,
        "pids": sorted(pids),
    }
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "checks")]
    program = PLAYER.format(roots=roots, theirs=THEIRS)
    while True:
        done = subprocess.run(
            [os.path.realpath(sys.executable), "-IS", "-c", program],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            timeout=600,
            check=False,
        )
        if done.returncode != 9:
            break
    assert done.returncode == 0, done.stderr
    return [(Said(*theirs), Said(*ours)) for theirs, ours in json.loads(done.stdout)]


def table_pids(path: Path) -> frozenset[int]:
    """The PIDs of a recorded table, but for its first two processes', which nobody here gets."""
    words = [line.split() for line in path.read_text(errors="replace").splitlines()[1:]]
    return frozenset(int(w[2]) for w in words if len(w) > 2 and w[2].isdigit()) - {1, 2}


def differences(theirs: Said, ours: Said) -> list[str]:
    found = []
    for field in Said._fields:
        want, got = getattr(theirs, field), getattr(ours, field)
        if field == "stdout":
            want, got = without_usage(want), without_usage(got)
        if want != got:
            found.append(f"{field}:\n  theirs {want!r}\n  ours   {got!r}")
    return found


def without_usage(text: str) -> str:
    """Usage and help are in words of our own; that they come, and what stands before, is not."""
    head, usage, _ = text.partition("Usage:\n")
    return head + usage
