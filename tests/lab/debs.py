"""Debian packages unpacked and not installed: their daemons are the lab's to start, and nothing
else that they want (exim4, apache2) comes with them."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from . import cache
from .command import LabError, call, system_environment

DEPENDS = ["apt-cache", "depends", "--no-recommends", "--no-suggests", "--no-enhances"]
DEPENDS += ["--no-conflicts", "--no-breaks", "--no-replaces"]
# Ours to unpack beside the system's: every library but the C library, which the running loader is.
LIBRARY = re.compile(r"^ +\|?(?:(?:Pre)?Depends: )?(lib\S+)$", re.MULTILINE)


def unpacked(name: str, packages: Sequence[str]) -> Path:
    """The packages and the libraries they need as one tree, from the cache or downloaded now."""

    def build(target: Path) -> None:
        target.mkdir()
        archives = target / "archives"
        archives.mkdir()
        try:
            download(packages, archives)
        except LabError:
            # The package lists are older than the archive, or there are none at all.
            call(["apt-get", "-qq", "update"], timeout=300, env=system_environment())
            download(packages, archives)
        for archive in sorted(archives.iterdir()):
            call(["dpkg-deb", "-x", str(archive), str(target)])
            archive.unlink()
        archives.rmdir()
        target.chmod(0o755)

    release = Path("/etc/os-release").read_text(encoding="utf-8")
    return cache.built(f"debs-{name}", f"{packages} {release}", build)


def download(packages: Sequence[str], folder: Path) -> None:
    # apt-get download knows no target but the current folder.
    there = ["env", f"--chdir={folder}", "apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    wanted = with_libraries(packages)
    call([*there, "download", *wanted], timeout=300, env=system_environment())


def with_libraries(packages: Sequence[str]) -> list[str]:
    """The packages and all `lib*` ones that they need, and those need in turn."""
    found: set[str] = set(packages)
    fresh = found
    while fresh:
        said = call([*DEPENDS, *sorted(fresh)], env=system_environment()).stdout
        fresh = set(LIBRARY.findall(said)) - found - {"libc6"}
        found |= fresh
    return sorted(found)


def library_path(tree: Path) -> str:
    """LD_LIBRARY_PATH for the tree's programs."""
    folders = sorted(tree.glob("usr/lib/*-linux-gnu*")) + sorted(tree.glob("lib/*-linux-gnu*"))
    if not folders:
        raise LabError(f"{tree}: holds no library folder; remove it to have it built anew")
    return os.pathsep.join(map(str, folders))
