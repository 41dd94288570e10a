"""check_procs starts without what costs more than all it does."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from checks.procs.both import CHECKOUT, TABLES

SLOW = {"argparse", "re", "enum", "json", "typing", "traceback", "subprocess", "nagiosplugin"}
PROGRAM = """
import sys
sys.path[:0] = {roots!r}
sys.argv = ["check_procs", {words}]
from ct0_checks.procs import command
command()
print(*sys.modules, file=sys.stderr)
"""


def loaded(*words: str) -> set[str]:
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "checks")]
    program = PROGRAM.format(roots=roots, words=", ".join(map(repr, words)))
    done = subprocess.run(
        [os.path.realpath(sys.executable), "-IS", "-c", program],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "words",
    [
        ("-c", "1:", "-C", "sshd"),
        ("-w", "250", "-c", "400", "-k", "-u", "root"),
        ("-m", "CPU", "-c", "90", "-a", "x", "-v"),
        (f"--input-file={TABLES / 'ps.host'}",),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(words: tuple[str, ...]) -> None:
    assert SLOW.isdisjoint(loaded(*words))


def test_an_expression_needs_re() -> None:
    """Were the test blind, it would not be there."""
    assert "re" in loaded("--ereg-argument-array", "x")


def test_the_layer_of_the_other_plugins_finds_it_too() -> None:
    """There it runs in a child, whose parent's parent is the one to leave out."""
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "checks")]
    program = f"""
import sys
sys.path[:0] = {roots!r}
from ct0_checks.launch import launch
sys.exit(launch("check_procs", sys.argv[1:]))
"""
    # Its parent is a process of its own: this one may have children that other tests left.
    python = os.path.realpath(sys.executable)
    parent = f"""
import os, subprocess
arguments = ["-IS", "-c", {program!r}, "-c", "1:", "-p", str(os.getpid())]
os._exit(subprocess.call([{python!r}, *arguments]))
"""
    done = subprocess.run(
        [python, "-IS", "-c", parent],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("PROCS CRITICAL: 0 processes with PPID = ")
    assert done.returncode == 2
