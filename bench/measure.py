"""Run two commands in turn and take what the kernel says they cost."""

from __future__ import annotations

import os
import subprocess
import time
from typing import NamedTuple

from bench.cases import Case

QUIET = [(os.POSIX_SPAWN_OPEN, fd, "/dev/null", os.O_RDWR, 0) for fd in (0, 1, 2)]
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Cost(NamedTuple):
    """Of one run: milliseconds of processor time (user and system) and of time passed."""

    cpu: float
    wall: float


class Pair(NamedTuple):
    ours: Cost
    theirs: Cost | None  # None: there is nothing to compare with


def run_once(argv: list[str]) -> Cost:
    """Start one process, wait for it, and read its own account: wait4(2), not a sum of children."""
    begin = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, ENVIRONMENT, file_actions=QUIET)
    usage = os.wait4(pid, 0)[2]
    wall = time.perf_counter() - begin
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000)


def measure(ours: list[str], theirs: list[str], runs: int) -> list[Pair]:
    """`runs` pairs, ours and theirs in turn so that both meet the same load; the first pair, which
    warms the caches, is not among them."""
    pairs = []
    for _ in range(runs + 1):
        pairs.append(Pair(run_once(ours), run_once(theirs) if theirs else None))
    return pairs[1:]


def check(case: Case, wanted: list[int]) -> None:
    """A figure for a wrong answer is worth nothing: ours must find CT0's own and nobody else."""
    ours = subprocess.run(case.ours, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if case.says:
        if (ours.stdout, ours.stderr, ours.returncode) != (case.says, "", 0):
            raise SystemExit(f"bench: {case.name}: says {ours.stdout} {ours.stderr}")
        return
    found = sorted(int(word) for word in ours.stdout.split())
    expected = [] if case.silent else sorted(wanted)
    if found != expected or ours.returncode != (0 if wanted else 1) or ours.stderr:
        answer = f"{ours.stdout.strip()} {ours.stderr.strip()}".strip() or "nothing"
        raise SystemExit(f"bench: {case.name}: says {answer} (exit {ours.returncode})")
    if case.theirs and case.incumbent:
        theirs = subprocess.run(case.theirs, env=ENVIRONMENT, capture_output=True, check=False)
        if theirs.returncode != ours.returncode:
            raise SystemExit(f"bench: {case.name}: the incumbent exits {theirs.returncode}")
