"""ct0.pyz: each command by its name, the shims laid out from it, the same bytes twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ct0 import __version__
from ct0_shims.delivery.contents import functions, sources
from entry_points import entry_points

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "packaging/zipapp.py"
ALONE = ("-I", "-S")  # nothing counts of what is installed beside


def made(folder: Path) -> Path:
    """With this Python named in its first line: the system's may be another."""
    out = folder / "ct0.pyz"
    words = [sys.executable, str(PROGRAM), "--python", sys.executable, str(out)]
    subprocess.run(words, check=True)
    return out


@pytest.fixture(scope="module")
def zipapp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("zipapp"))


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, check=False, env=environment
    )


def test_it_is_ct0_and_runs_where_nothing_is_installed(zipapp: Path) -> None:
    assert run(zipapp, "--version").stdout == f"ct0 {__version__}\n"
    with zipfile.ZipFile(zipapp) as archive:
        parts = {name.partition("/")[0] for name in archive.namelist()}
    assert {"ct0", "ct0_checks", "ct0_shims", "nagiosplugin"} <= parts
    assert not {"ct0_audit", "ct0_suites", "ct0_exporters", "tree_sitter", "yaml"} & parts
    done = run(sys.executable, *ALONE, zipapp, "check_ct_state", "--version")
    assert done.stdout == f"check_ct_state (ct0) {__version__}\n"


def test_a_link_is_the_command_that_it_is_named_after(zipapp: Path, tmp_path: Path) -> None:
    commands = entry_points()["console_scripts"]
    theirs = [name for name, goal in commands.items() if goal.startswith(("ct0.", "ct0_checks."))]
    assert len(theirs) == 10
    for name in theirs:
        link = tmp_path / name
        link.symlink_to(zipapp)
        if name == "ct0-read":
            assert run(link, "word").stderr == "ct0-read takes no arguments\n"
        else:
            done = run(link, "--version")
            assert done.stdout.startswith((f"{name} (ct0", f"{name} {__version__}")), done


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can read all of a host")
def test_the_reader_begins_anew_without_the_environment(zipapp: Path) -> None:
    done = run(sys.executable, zipapp, "ct0-read", PYTHONPATH="/nowhere")
    assert json.loads(done.stdout)["version"] == 1


def test_a_part_that_is_not_in_it_is_named(zipapp: Path) -> None:
    done = run(sys.executable, *ALONE, zipapp, "audit")
    assert done.returncode == 1
    assert done.stderr == (
        "ct0 audit: ct0_audit: not installed: install ct0-audit, or pip install 'ct0[audit]'\n"
    )


def test_the_shims_it_lays_out_are_those_of_the_sources(zipapp: Path, tmp_path: Path) -> None:
    python = tmp_path / sys.executable.lstrip("/")
    python.parent.mkdir(parents=True)
    python.touch()
    words = ("--root", tmp_path, "--python", sys.executable)
    assert run(zipapp, "shims", "check", *words).returncode == 1
    assert run(zipapp, "shims", "install", *words).returncode == 0
    assert run(zipapp, "shims", "check", *words).returncode == 0
    ours = run(sys.executable, "-m", "ct0.cli", "shims", "build", "--python", sys.executable)
    assert (tmp_path / "usr/lib/ct0/ct0-shims").read_text("ascii") == ours.stdout
    assert len(sources()) > 40
    assert "lsb.sh" in functions()


def test_twice_the_same_bytes(zipapp: Path, tmp_path: Path) -> None:
    assert made(tmp_path).read_bytes() == zipapp.read_bytes()
