"""Releases of ct0 as pip and Puppet get them: a folder of wheels, and the one file ct0.pyz."""

from __future__ import annotations

import importlib.metadata
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from . import cache
from .command import call, system_environment

PACKAGING = Path(__file__).parents[2] / "packaging"
PARTS = ("core", "shims", "exporters", "checks", "audit", "tests/infra")
PLUGINS_NEED = "nagiosplugin"


def wheelhouse(target: Path, releases: Sequence[str]) -> None:
    """This checkout as wheels of these releases, and beside them what the plugins need."""
    target.mkdir()
    for path in fetched().iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    for release in releases:
        with TemporaryDirectory(prefix="ct0-wheel-") as folder:
            write_tree(Path(folder), release)
            hatchling = [sys.executable, "-m", "hatchling", "build", "-t", "wheel"]
            call(["env", "-C", folder, *hatchling, "-d", str(target)])


def zipapp(target: Path, release: str) -> None:
    """This checkout as one file, called that release."""
    with TemporaryDirectory(prefix="ct0-zipapp-") as folder:
        write_tree(Path(folder), release)
        places = os.pathsep.join(f"{folder}/{part}" for part in PARTS)
        program = [sys.executable, f"{folder}/packaging/zipapp.py", str(target)]
        call(["env", f"PYTHONPATH={places}", *program])


def write_tree(folder: Path, release: str) -> None:
    build = [sys.executable, str(PACKAGING / "build.py")]
    call([*build, "--tree", str(folder), "--version", release])


def fetched() -> Path:
    """nagiosplugin's wheel, of the version that is tested with."""
    wanted = f"{PLUGINS_NEED}=={importlib.metadata.version(PLUGINS_NEED)}"

    def fetch(target: Path) -> None:
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        call([*pip, "--dest", str(target), wanted], timeout=300, env=dict(system_environment()))

    return cache.built("wheels", wanted, fetch)
