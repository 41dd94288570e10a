"""The minimal Debian of each release, which every root file system of the lab begins with: what
takes most of the time of building one is the same in all of them."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import cache
from .command import LabError, call, system_environment

MMDEBSTRAP = ("mmdebstrap", "--quiet", "--aptopt=Acquire::Retries 3")


def minimal(release: str) -> Path:
    """Its tree, with package lists, from the cache or built now."""

    def build(target: Path) -> None:
        options = ["--variant=minbase", "--skip=cleanup/apt/lists"]
        call([*MMDEBSTRAP, *options, release, str(target)], timeout=900, env=system_environment())

    return cache.built(f"minimal-{release}", release, build)


def extended(release: str, target: Path, options: Sequence[str]) -> None:
    """Fill `target` with the minimal system and what these options of mmdebstrap's add to it."""
    begin = f'--setup-hook=cp -a --reflink=auto {shlex.quote(str(minimal(release)))}/. "$1"'
    added = ["--variant=custom", "--skip=update", begin, *options]
    whole = ["--variant=minbase", *options]
    try:
        call([*MMDEBSTRAP, *added, release, str(target)], timeout=900, env=system_environment())
    except LabError:
        # Package lists from the cache may be older than the archive, which keeps no old packages.
        shutil.rmtree(target, ignore_errors=True)
        call([*MMDEBSTRAP, *whole, release, str(target)], timeout=900, env=system_environment())
