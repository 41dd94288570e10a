"""Plugins as a scheduler runs them: a process, its output, its exit status.

`LIBRARIES` are the versions of nagiosplugin that distributions have: 1.3.2 in Debian 12 and 13, and
the one that pip installs. The old one is put beside the virtual environment when it is made
(Makefile), or by the first test that needs it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
OLD = "1.3.2"
LIBRARIES = (OLD, "installed")
# One metric as icinga2 and Monitoring::Plugin read it: base units, plain decimals.
PERFDATA = re.compile(
    r"(?:'[A-Za-z0-9_.:-]+'|[A-Za-z0-9_]+)=-?[0-9]+(?:\.[0-9]+)?[B%sc]?(?:;[-@~:.0-9]*){0,4}"
)


class Ended(NamedTuple):
    status: int
    output: str
    errors: str

    @property
    def first(self) -> str:
        return self.output.partition("\n")[0]


@cache
def library(version: str) -> str | None:
    """The folder to be first on the path for this version; None for the installed one."""
    if version == "installed":
        return None
    folder = folder_of(version)
    if not (folder / "nagiosplugin/range.py").exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        wanted = ["--no-deps", "--target", str(folder), f"nagiosplugin=={version}"]
        subprocess.run([*pip, *wanted], check=True, timeout=300)
    return str(folder)


def folder_of(version: str) -> Path:
    """Beside the virtual environment of the checkout, else beside the one in use."""
    made = ROOT / ".venv" / f"nagiosplugin-{version}"
    return made if made.exists() else Path(sys.prefix) / made.name


def plugin(
    command: str, *arguments: str, version: str = "installed", env: dict[str, str] | None = None
) -> Ended:
    """Runs a plugin with that version of nagiosplugin."""
    paths = [library(version), str(ROOT / "core"), str(ROOT / "checks")]
    found = subprocess.run(
        [sys.executable, "-m", "ct0_checks", command, *arguments],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(env or {}),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
        check=False,
    )
    return Ended(
        found.returncode, found.stdout.decode("utf-8"), found.stderr.decode("utf-8", "replace")
    )
