"""The man pages as man-db and mandoc read them, and completion as bash-completion loads it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from interactive_bash import Bash

from . import rpm_tools
from .command import call
from .ct0_debs import INSIDE, START, inside
from .overlay import root_of
from .run import Run

PACKAGING = Path(__file__).parents[2] / "packaging"
MAN = "/usr/local/share/man"
COMPLETIONS = "usr/share/bash-completion/completions"


@pytest.fixture(scope="module")
def root(run: Run) -> Iterator[Path]:
    """A root with the readers, our pages and our completion."""
    with root_of(run, f"{run.prefix}-pages", rpm_tools.root()) as root:
        for script, place in (("man.py", MAN[1:]), ("completion.py", COMPLETIONS)):
            call([sys.executable, str(PACKAGING / script), str(root / place)], env=dict(os.environ))
        yield root


def shell(root: Path, line: str) -> subprocess.CompletedProcess[str]:
    return inside(root, ["sh", "-c", line], cwd=MAN)


def test_mandoc_has_nothing_to_say(root: Path) -> None:
    done = shell(root, "mandoc -T lint -W style man?/*")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    wrong = shell(root, "printf '.TH X 1\\n.SH NAME\\n.XY\\n' | mandoc -T lint -W style")
    assert "skipping unknown macro" in wrong.stdout


def test_man_has_nothing_to_warn_of(root: Path) -> None:
    done = shell(root, "MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z man?/* 2>&1 >/dev/null")
    assert (done.returncode, done.stdout) == (0, "")


def test_whatis_finds_every_page(root: Path) -> None:
    pages = sorted(page.name for page in (root / MAN[1:]).glob("man?/*"))
    assert len(pages) > 30
    done = shell(root, "lexgrog man?/*")
    assert done.returncode == 0, done.stdout
    found = [line.split('"')[1] for line in done.stdout.splitlines()]
    assert sorted(line.split(" - ")[0] for line in found) == sorted(
        page.rpartition(".")[0] for page in pages
    )
    assert all(line.split(" - ")[1] for line in found)


def test_a_page_is_read_by_its_name(root: Path) -> None:
    text = shell(root, "MANWIDTH=80 man ct0-pidof | cat").stdout
    assert "\n       ct0-pidof - find the PIDs of CT0's own programs\n" in text
    assert "-s, --single-shot\n              Print one PID for each NAME.\n" in text


def test_completion_is_loaded_when_it_is_asked_for(root: Path) -> None:
    place = root / "work"
    place.mkdir()
    plugin = root / "usr/lib/ct0/plugins/check_ct_disk"
    plugin.parent.mkdir(parents=True)
    shutil.copy2("/usr/bin/true", plugin)
    environment = ["-i", "TERM=dumb", "LC_ALL=C.UTF-8", "PATH=/usr/bin:/bin"]
    line = [*INSIDE, START, str(root), "/work", *environment, "bash"]
    with Bash(". /usr/share/bash-completion/bash_completion", place, os.environ, line) as bash:
        assert bash.line("ct0 aud\t--format=sar\t") == "ct0 audit --format=sarif "
        assert bash.line("/usr/lib/ct0/plugins/check_ct_di\t--sour\tdir\t").endswith(
            "/check_ct_disk --source direct "
        )
        assert bash.line("startproc -u roo\t") == "startproc -u root "
        assert bash.line("ct0-exporter --labels.name=in\t") == "ct0-exporter --labels.name=info "
