"""A writable root of a recipe's for package tools to work on, and what its tree is like."""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .command import attempt
from .overlay import root_of
from .recipes import Recipe, rootfs
from .run import Run
from .shims import ct0

START = 'mount -t proc proc "$0/proc" && exec chroot "$0" env -i "$@"'
ENVIRONMENT = (
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LC_ALL=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
)
# What tools note about their own work.
NOTES = ("dev", "proc", "root", "run", "srv", "sys", "tmp", "var/cache", "var/lib/dpkg", "var/log")

# Where diversions and the shims leave their traces.
FOLDERS = ("etc", "usr/bin", "usr/sbin", "usr/lib/lsb", "usr/lib/ct0")
CT0 = 'ct0() { /usr/lib/ct0/ct0-shims "$@"; }\n'
INSTALL = f"/root/ct0-shims install >/dev/null\n{CT0}"

Facts = tuple[int, int, int, int, str]


class Chroot:
    def __init__(self, root: Path) -> None:
        self.root = root

    def run(self, program: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a piece of bash there, in namespaces of its own: nothing of it stays running."""
        alone = ["unshare", "--mount", "--pid", "--fork", "--net", "--kill-child"]
        line = [*alone, "sh", "-c", START, str(self.root), *ENVIRONMENT, "bash", "-ec", program]
        return attempt(line, timeout=timeout)

    def tree(self, folders: Sequence[str] = ("",)) -> dict[str, Facts]:
        """Path -> (mode, uid, gid, time, sum or goal) of everything below these folders.

        The time is 0 where it tells when the tools worked: a folder's, and that of what they made.
        """
        found = {}
        for folder in folders:
            for top, names, files in os.walk(self.root / folder):
                here = os.path.relpath(top, self.root)
                names[:] = [
                    name for name in names if os.path.normpath(f"{here}/{name}") not in NOTES
                ]
                for name in [*names, *files]:
                    path = os.path.normpath(f"{here}/{name}")
                    found[path] = facts(f"{top}/{name}")
        return found


def facts(path: str) -> Facts:
    seen = os.lstat(path)
    content = ""
    if stat.S_ISLNK(seen.st_mode):
        content = os.readlink(path)
    elif stat.S_ISREG(seen.st_mode):
        with open(path, "rb") as file:
            content = hashlib.sha256(file.read()).hexdigest()
    is_old = seen.st_mtime < time.time() - 86400 and not stat.S_ISDIR(seen.st_mode)
    return seen.st_mode, seen.st_uid, seen.st_gid, int(seen.st_mtime) if is_old else 0, content


def done(chroot: Chroot, program: str, timeout: float = 120) -> str:
    """What a program that ends well there prints."""
    run = chroot.run(program, timeout)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@contextmanager
def chroot_of(run: Run, name: str, recipe: Recipe) -> Iterator[Chroot]:
    """A root of its own, with the shims' one file as /root/ct0-shims; gone at the end."""
    with root_of(run, f"{run.prefix}-{name}", rootfs(recipe)) as root:
        file = root / "root/ct0-shims"
        file.write_text(ct0(["shims", "build"]).stdout)
        file.chmod(0o755)
        yield Chroot(root)


def differences(
    one: Mapping[str, tuple[object, ...]], other: Mapping[str, tuple[object, ...]]
) -> list[str]:
    """The paths that are not the same in both trees, and how."""
    return [
        f"{path}: {one.get(path)} and {other.get(path)}"
        for path in sorted(one.keys() | other.keys())
        if one.get(path) != other.get(path)
    ]
