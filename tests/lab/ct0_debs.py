"""Our Debian packages, built where Debian's tools are, whatever this machine has.

    python -m tests.lab.ct0_debs build/packages

`built()` is the folder of packages, from the lab's cache or made now: it is keyed by what goes in.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from . import cache
from .command import LabError, attempt, call, system_environment
from .overlay import root_of
from .recipes import Recipe, rootfs
from .run import lab_run

PACKAGING = Path(__file__).parents[2] / "packaging"

# Debian 12's: what it builds installs on 11, 12 and 13.
BUILD_ROOT = Recipe(
    "deb-build",
    "bookworm",
    (
        "debhelper",
        "dh-python",
        "lintian",
        "python3",
        "python3-aiohttp",
        "python3-bcrypt",
        "python3-jsonschema",
        "python3-nagiosplugin",
        "python3-psutil",
        "python3-yaml",
        "rpm",
    ),
    (),
)

# As everywhere else in the lab: a command in the root sees processes of its own, and no network.
INSIDE = ["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child", "sh", "-c"]
START = 'mount -t proc proc "$0/proc" && exec chroot "$0" env -C "$@"'
ENVIRONMENT = ["-i", "HOME=/root", "LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]


def built(version: str | None = None) -> Path:
    """The folder with ct0_*_all.deb and the others, of this checkout or called another release."""
    with TemporaryDirectory(prefix="ct0-debs-") as scratch:
        tree = Path(scratch) / "ct0"
        write_tree(tree, version)
        return built_of(tree)


def built_of(tree: Path) -> Path:
    """The packages of a source tree."""
    recipe = f"{BUILD_ROOT} {digest(tree)}"
    return cache.built("ct0-debs", recipe, lambda target: build(tree, target))


def write_tree(tree: Path, version: str | None = None) -> None:
    words = [sys.executable, str(PACKAGING / "build.py"), "--tree", str(tree)]
    words += ["--version", version] if version is not None else []
    # Not the last commit's: a commit elsewhere must not build the same sources again.
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1767225600"}
    call(words, env=environment)


def digest(tree: Path) -> str:
    """A sum of every file's name, rights and content."""
    sums = hashlib.sha256()
    for path in sorted(tree.rglob("*")):
        if path.is_file():
            sums.update(f"{path.relative_to(tree)} {path.stat().st_mode:o}\n".encode())
            sums.update(hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()


def wheels() -> Path:
    """The wheels that ct0-audit carries, fetched once."""

    def fetch(target: Path) -> None:
        words = [sys.executable, str(PACKAGING / "wheels.py"), str(target)]
        call(words, timeout=300, env=dict(os.environ))

    return cache.built("ct0-wheels", (PACKAGING / "wheels.txt").read_text("ascii"), fetch)


def build(tree: Path, target: Path) -> None:
    with lab_run() as run, root_of(run, f"{run.prefix}-debs", rootfs(BUILD_ROOT)) as root:
        there = root / "build"
        shutil.copytree(tree, there / "ct0", symlinks=True)
        shutil.copytree(wheels(), there / "wheels")
        words = ["CT0_WHEELS=/build/wheels", "dpkg-buildpackage", "--build=binary", "--no-sign"]
        words += ["--no-check-builddeps"]  # build-essential: nothing here is compiled
        done = inside(root, words, cwd="/build/ct0")
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
            raise LabError(f"dpkg-buildpackage: exit {done.returncode}:\n{said}")
        target.mkdir()
        for path in sorted(there.iterdir()):
            if path.suffix in (".deb", ".changes", ".buildinfo"):
                shutil.copy2(path, target)


def inside(
    root: Path, words: list[str], *, cwd: str = "/", timeout: float = 600
) -> subprocess.CompletedProcess[str]:
    """Run a command in a root, in namespaces of its own; returns it whatever its exit status."""
    line = [*INSIDE, START, str(root), cwd, *ENVIRONMENT, *words]
    return attempt(line, timeout=timeout, env=system_environment())


def copied(
    arguments: list[str], usage: str | None, by_hand: str, made: Callable[[], Path], kind: str
) -> int:
    """The command line of what builds packages: the folder named gets them in place of older ones;
    `by_hand` is how they are built without root, `kind` how their names end."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(usage, file=sys.stderr)
        return 2
    if os.geteuid() != 0:
        print("not root: packages are built in a root of their own; or run", file=sys.stderr)
        print(by_hand, file=sys.stderr)
        return 1
    out = Path(arguments[0])
    out.mkdir(parents=True, exist_ok=True)
    for old in out.glob(f"*{kind}"):
        old.unlink()
    for path in sorted(made().glob(f"*{kind}")):
        shutil.copy2(path, out)
        print(out / path.name)
    return 0


def main(arguments: list[str]) -> int:
    by_hand = "packaging/build.py where debhelper is installed"
    return copied(arguments, __doc__, by_hand, built, ".deb")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
