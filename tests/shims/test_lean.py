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
from ct0_shims.commands import COMMANDS
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

# Each command in a child of its own: what one imports is not there for the next.
PROGRAM = """
import os, sys
sys.path[:0] = {roots!r}
for words in sys.argv[1:]:
    reader, writer = os.pipe()
    if os.fork() == 0:
        before = set(sys.modules)
        from ct0_shims.__main__ import run
        os.dup2(writer, 2)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
        command, *arguments = words.split()
        status = run(command, arguments)
        os.write(2, b"--modules-- " + " ".join(set(sys.modules) - before).encode())
        os._exit(0)
    os.close(writer)
    said = b""
    while more := os.read(reader, 65536):
        said += more
    os.wait()
    sys.stdout.write(words.split()[0] + chr(0) + said.decode() + chr(1))
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


def modules(python: str, commands: list[str], root: Path) -> dict[str, set[str]]:
    """Command -> what a run of it imported."""
    program = PROGRAM.format(roots=[str(CHECKOUT / "core"), str(CHECKOUT / "shims")])
    done = subprocess.run(
        [python, "-I", "-S", "-c", program, *commands],
        env={"CT0_ROOT": str(root), "PATH": os.defpath, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {}
    for answer in done.stdout.split("\1")[:-1]:
        command, said = answer.split("\0")
        text, mark, names = said.partition("--modules-- ")
        assert mark, said
        assert "gave up" not in text, said
        loaded[command] = set(names.split())
        assert f"ct0_shims.{command.replace('-', '_')}" in loaded[command]
        assert "ct0.owner" in loaded[command], f"it did not get to its work: {text}"
    return loaded


@pytest.fixture(scope="module")
def loaded(host: Path) -> dict[str, dict[str, set[str]]]:
    """Version -> command -> modules."""
    words = [" ".join([name, *ARGUMENTS.get(name, ["sleep"])]) for name in COMMANDS]
    return {version: modules(python, words, host) for version, python in interpreters().items()}


@pytest.mark.may_skip  # which Pythons there are is the machine's affair
@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("version", VERSIONS)
def test_run_imports_nothing_slow(
    version: str, command: str, loaded: dict[str, dict[str, set[str]]]
) -> None:
    if version not in loaded:
        pytest.skip(f"no Python {version} here; there are {', '.join(sorted(loaded))}")
    assert loaded[version][command] & set(SLOW.split()) == set()


def test_what_the_test_calls_slow_is_seen(host: Path) -> None:
    """killall -r needs an expression: were the test blind, it would not be there."""
    assert "re" in modules(interpreter(), ["killall -r ^sle"], host)["killall"]
