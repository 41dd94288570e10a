"""A CT's own writable view of a cached root file system, for a few milliseconds and kilobytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .command import attempt, call
from .run import Run


@contextmanager
def root_of(run: Run, name: str, base: Path) -> Iterator[Path]:
    """A writable root made from `base`, with the run's daemon in it; gone at the end.

    The mount's source is the run's prefix, so that a killed run's mounts are found by it.
    """
    place = run.folder / "roots" / name
    root, upper, work = place / "root", place / "upper", place / "work"
    for part in (root, upper, work):
        part.mkdir(parents=True)
    # volatile: nothing is synced to the disk (dpkg asks for that all the time); Linux 5.10.
    options = f"lowerdir={base},upperdir={upper},workdir={work},volatile"
    try:
        mounted = attempt(["mount", "-t", "overlay", "-o", options, run.prefix, str(root)])
        if mounted.returncode != 0:
            # No overlayfs here (a CT without it, an odd file system): a whole copy does as well.
            root.rmdir()
            call(["cp", "-a", "--reflink=auto", str(base), str(root)], timeout=300)
        run.install_daemon(root)
        yield root
    finally:
        attempt(["umount", "--lazy", str(root)])
        shutil.rmtree(place, ignore_errors=True)
