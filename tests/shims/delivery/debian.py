"""A small Debian below a folder: real dpkg, and packages of ours that are laid out as Debian's."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import NamedTuple


class Layout(NamedTuple):
    """How a release lays the incumbents out: path -> a link's goal, or "" for a program."""

    merged: bool
    packages: dict[str, dict[str, str]]


PROCPS = {"/usr/bin/pgrep": "", "/usr/bin/pkill": "pgrep", "/usr/bin/pidwait": ""}
PSMISC = {"/usr/bin/killall": ""}
# Without it dpkg takes the links /bin and /sbin away with the last file below them.
BASE = {"/bin/base": "", "/sbin/base": ""}
OLD = {"/sbin/killall5": "", "/bin/pidof": "/sbin/killall5"}
NEW = {"/usr/sbin/killall5": "", "/usr/bin/pidof": "../sbin/killall5"}

BULLSEYE = Layout(False, {"sysvinit-utils": OLD, "procps": PROCPS, "psmisc": PSMISC})
BOOKWORM = Layout(True, BULLSEYE.packages)
TRIXIE = Layout(True, {"sysvinit-utils": NEW, "procps": PROCPS, "psmisc": PSMISC})

# Command -> its package and where it lies on a merged system.
INCUMBENTS = {
    "pidof": ("sysvinit-utils", "/usr/bin/pidof"),
    "killall5": ("sysvinit-utils", "/usr/sbin/killall5"),
    "pgrep": ("procps", "/usr/bin/pgrep"),
    "pkill": ("procps", "/usr/bin/pkill"),
    "killall": ("psmisc", "/usr/bin/killall"),
}


class Debian:
    """A root; `archives` holds its packages, made when first asked for."""

    def __init__(self, root: Path, archives: Path, merged: bool) -> None:
        self.root = root
        self.archives = archives
        for folder in ("usr/bin", "usr/sbin", "usr/lib/lsb/init-functions.d", "var/lib/dpkg/info"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/updates").mkdir()
        (root / "var/lib/dpkg/status").touch()
        for path in ("usr/bin/python3", "usr/sbin/another"):  # dpkg removes a folder that is empty
            (root / path).touch()
        for folder in ("bin", "sbin", "lib") if merged else ():
            (root / folder).symlink_to(f"usr/{folder}")

        self.install(Layout(merged, {"base": BASE}), "1")

    def copy(self, to: Path) -> Debian:
        """The same root once more."""
        shutil.copytree(self.root, to, symlinks=True)
        twin = object.__new__(Debian)
        twin.root, twin.archives = to, self.archives
        return twin

    def dpkg(self, *arguments: str) -> None:
        argv = ["dpkg", f"--root={self.root}", f"--log={self.archives}/log"]
        argv += ["--force-not-root", "--force-unsafe-io"]
        run = subprocess.run([*argv, *arguments], capture_output=True, text=True, check=False)
        assert run.returncode == 0, run.stderr

    def install(self, layout: Layout, version: str, *packages: str) -> None:
        """Install or upgrade these packages, or all."""
        names = packages or tuple(layout.packages)
        self.dpkg("--install", *(self.archive(name, layout, version) for name in names))

    def archive(self, name: str, layout: Layout, version: str) -> str:
        made = self.archives / f"{name}_{version}.deb"
        if made.exists():
            return str(made)
        tree = self.archives / "tree"
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN/control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: all\n"
            "Maintainer: nobody <nobody@example.org>\nDescription: incumbents\n"
        )
        for path, goal in layout.packages[name].items():
            place = tree / path[1:]
            place.parent.mkdir(parents=True, exist_ok=True)
            if goal:
                place.symlink_to(goal)
            else:
                place.write_text(f"#!/bin/sh\n# {path.rpartition('/')[2]} {version}\n")
                place.chmod(0o755)
            os.utime(place, (10**9, 10**9), follow_symlinks=False)
        build = ["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(tree), str(made)]
        subprocess.run(build, check=True, capture_output=True)
        shutil.rmtree(tree)
        return str(made)

    def picture(self) -> dict[str, tuple[int, int, int, str]]:
        """Path -> (mode, owner, time, content or goal) of all but dpkg's database."""
        found = {}
        for path in sorted(self.root.rglob("*")):
            name = str(path.relative_to(self.root))
            if name.startswith("var/lib/dpkg"):
                continue
            facts = path.lstat()
            text, time = "", facts.st_mtime_ns
            if path.is_symlink():
                text = os.readlink(path)
            elif path.is_dir():
                time = 0  # a folder's tells when a name came or went
            else:
                text = path.read_text(errors="replace")
            found[name] = (stat.S_IMODE(facts.st_mode), facts.st_uid, time, text)
        return found

    def diversions(self) -> list[str]:
        place = self.root / "var/lib/dpkg/diversions"
        return place.read_text().splitlines() if place.exists() else []

    def text(self, path: str) -> str:
        """What is read at a path, its links resolved below the root; "" where nothing is."""
        for _ in range(8):
            place = self.root / path.lstrip("/")
            if not place.is_symlink():
                break
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(place)))
        return place.read_text(errors="replace") if place.exists() else ""
