"""The shims as they are delivered, laid out in a folder of the run's, and run from there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PARTS = Path(__file__).parent.parent.parent
PYTHON = "/usr/bin/python3"
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Shims:
    """`folder` holds a link for each command; `library` the shell functions."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.file = root / "usr/lib/ct0/ct0-shims"
        self.folder = root / "usr/lib/ct0/shims"
        self.library = root / "usr/lib/ct0/functions"

    def run(
        self, argv: Sequence[str], *, user: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a shim, `argv[0]` being its name; as another user by uid."""
        return _run([str(self.folder / argv[0]), *argv[1:]], user, self._environment(environment))

    def shell(self, program: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a piece of shell with the shims first in PATH, as an init script with the hook."""
        return _run(["sh", "-c", program], 0, self._environment(environment))

    def _environment(self, more: dict[str, str]) -> dict[str, str]:
        return {
            "PATH": f"{self.folder}:{SYSTEM_PATH}",
            "CT0_SHIMS": str(self.folder),
            "CT0_FUNCTIONS": str(self.library),
            **more,
        }


@contextmanager
def laid_out(root: Path) -> Iterator[Shims]:
    """Install below `root`, a folder of ours that everybody may read, and remove again."""
    (root / "usr/bin").mkdir(parents=True)
    (root / "usr/bin/python3").symlink_to(PYTHON)
    ct0(["shims", "install", "--root", str(root)])
    try:
        yield Shims(root)
    finally:
        ct0(["shims", "remove", "--root", str(root)])
        shutil.rmtree(root)


def ct0(words: Sequence[str], user: int = 0) -> subprocess.CompletedProcess[str]:
    """The ct0 command of this checkout; a status other than 0 is an error that shows why."""
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "shims"))
    environment = {"PATH": SYSTEM_PATH, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    python = sys.executable if user == 0 else PYTHON
    done = _run([python, "-S", "-m", "ct0.cli", *words], user, environment)
    if done.returncode:
        raise AssertionError(f"ct0 {' '.join(words)}: {done.returncode}: {done.stderr}")
    return done


def _run(
    argv: Sequence[str], user: int, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    become = (
        ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--"] if user else []
    )
    return subprocess.run(
        [*become, *argv],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
