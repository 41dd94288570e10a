"""Run a Python program as PID 1 of a PID namespace of its own: whatever it signals, nobody is hurt.

The program finds core and the shims importable and, before its first line, that it is alone:
`SHIM` in it runs a shim as a process (`run([*SHIM, "killall5", "-15"])`).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from shims.incumbent import CHECKOUT, interpreter

PROLOGUE = """
import os, signal, subprocess, sys, time
assert os.getpid() == 1 and sorted(filter(str.isdigit, os.listdir("/proc"))) == ["1"]
sys.path[:0] = {roots!r}
SHIM = [
    {python!r}, "-IS", "-c", "import sys; sys.path[:0] = {roots!r}\\n"
    "from ct0_shims.__main__ import main; sys.exit(main())",
]
signal.signal(signal.SIGCHLD, signal.SIG_DFL)

def state(pid):
    try:
        with open(f"/proc/{{pid}}/stat", "rb") as file:
            return chr(file.read().rpartition(b")")[2].split()[0][0])
    except OSError:
        return "-"

def wait_for(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it does not come"
        time.sleep(0.002)

def start(*argv, **more):
    child = subprocess.Popen(argv, **more)
    wait_for(lambda: state(child.pid) in "SZ-")
    return child
"""


def run_private(program: str, *arguments: str, timeout: float = 120) -> str:
    """The program's standard output; fails the test with what it said when it failed."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare for a process table of its own")
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "shims")]
    prologue = PROLOGUE.format(roots=roots, python=interpreter())
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        + [interpreter(), "-IS", "-c", prologue + program, *arguments],
        capture_output=True,
        text=True,
        errors="surrogateescape",
        timeout=timeout,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        pytest.fail(f"exit status {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


def copy_of_sleep(folder: Path, name: str) -> str:
    """A program that sleeps, of a name of its own."""
    path = folder / name
    shutil.copy("/usr/bin/sleep", path)
    return str(path)
