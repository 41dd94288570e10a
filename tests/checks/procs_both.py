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
CHECKOUT = HERE.parent.parent
TABLES = HERE / "ps"
THEIRS = "/usr/lib/nagios/plugins/check_procs"
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}

# One interpreter for all of ours; each line in a child of it, as a process of its own.
OURS = """
import json, os, sys
sys.path[:0] = {roots!r}
from ct0_checks.procs import command
jobs = json.load(sys.stdin)
for job in jobs:
    pipes = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.chdir(job["folder"])
            os.environ.update(job["environment"])
            for number, (_, writing) in enumerate(pipes, 1):
                os.dup2(writing, number)
            sys.argv = [{theirs!r}, *job["argv"]]
            os._exit(command())
        finally:
            os._exit(99)
    texts = []
    for reading, writing in pipes:
        os.close(writing)
    for reading, writing in pipes:
        with os.fdopen(reading, "rb") as file:
            texts.append(file.read().decode("latin-1"))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([*texts, status, child]), flush=True)
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
    """What theirs and ours say to each line. The original leaves out its own PID, so a line is
    played again where a player's is by chance one of the table's."""
    theirs = [once(line, folder, pids, environment) for line in lines]
    jobs: list[dict[str, object]] = [
        {"argv": list(line), "folder": str(folder), "environment": environment} for line in lines
    ]
    while True:
        ours = all_of_ours(jobs)
        if not any(pid in pids for _, pid in ours):
            return [(their, our) for their, (our, _) in zip(theirs, ours)]


def once(
    line: Sequence[str], folder: Path, pids: frozenset[int], environment: dict[str, str]
) -> Said:
    while True:
        player = subprocess.Popen(
            [THEIRS, *line],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            cwd=folder,
            env={**ENVIRONMENT, **environment},
        )
        out, error = player.communicate(timeout=60)
        if player.pid not in pids:
            return Said(out.decode("latin-1"), error.decode("latin-1"), player.returncode)


def all_of_ours(jobs: list[dict[str, object]]) -> list[tuple[Said, int]]:
    program = OURS.format(roots=[str(CHECKOUT / "core"), str(CHECKOUT / "checks")], theirs=THEIRS)
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-IS", "-c", program],
        input=json.dumps(jobs),
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
        timeout=600,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return [(Said(out, error, status), pid) for out, error, status, pid in answers]


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
