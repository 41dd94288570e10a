"""A shim starts in some 10 ms: nothing it does daily imports what costs as much again.

Measured by what stands in sys.modules after a run, on each Python that is found here (the others
are named among the skipped): times depend on the machine, this does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import planted
from ct0_shims.__main__ import COMMANDS
from matrix import VERSIONS, found
from shims.incumbent import CHECKOUT, interpreter

SLOW = """
    argparse ast asyncio collections configparser contextlib copy ctypes dataclasses datetime
    decimal difflib enum fnmatch functools gettext glob hashlib importlib.metadata
    importlib.resources importlib.util inspect itertools json keyword locale logging
    multiprocessing operator optparse pathlib pickle pkgutil platform pprint random re reprlib
    runpy selectors shlex shutil signal site socket ssl string struct subprocess tempfile textwrap
    threading tokenize traceback types typing urllib uuid warnings weakref zipfile
"""

ARGUMENTS = {
    "killall5": ["-15"],
    "killall": ["-v", "sleep", "nosuch"],
    "ct0-pids": ["-n", "sleep", "20"],
}

PROGRAM = """
import sys
sys.path[:0] = [{core!r}, {shims!r}]
from ct0_shims.__main__ import run
status = run(sys.argv[1], sys.argv[2:])
sys.stderr.write("\\n--modules--\\n" + "\\n".join(sys.modules))
sys.exit(status)
"""


def interpreters() -> dict[str, str]:
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return {**found(), here: interpreter()}


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("host")
    planted.process(root, 1, "init", exe="/sbin/init")
    planted.process(root, 20)
    foreign = "pid:[4026532555]"
    planted.process(root, 30, cgroup="0::/lxc.payload.web1\n", namespace=foreign)
    return root


def modules(python: str, command: str, arguments: list[str], root: Path) -> set[str]:
    program = PROGRAM.format(core=str(CHECKOUT / "core"), shims=str(CHECKOUT / "shims"))
    done = subprocess.run(
        [python, "-I", "-S", "-c", program, command, *arguments],
        env={"CT0_ROOT": str(root), "PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert "gave up" not in done.stderr, done.stderr
    loaded = set(done.stderr.partition("--modules--")[2].split())
    assert f"ct0_shims.{command.replace('-', '_')}" in loaded
    assert "ct0.owner" in loaded, f"it did not get to its work: {done.stderr}"
    return loaded


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_run_imports_nothing_slow(version: str, command: str, host: Path) -> None:
    python = interpreters().get(version)
    if python is None:
        pytest.skip(f"no Python {version} here; there are {', '.join(sorted(interpreters()))}")
    loaded = modules(python, command, ARGUMENTS.get(command, ["sleep"]), host)
    assert loaded & set(SLOW.split()) == set()


def test_what_the_test_calls_slow_is_seen(host: Path) -> None:
    """killall -r needs an expression: were the test blind, it would not be there."""
    assert "re" in modules(interpreter(), "killall", ["-r", "^sle"], host)
