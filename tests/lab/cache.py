"""One folder outside the checkout where built root file systems wait for the next run."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def folder() -> Path:
    """$CT0_LAB_CACHE, else /var/cache/ct0-lab for root, else ~/.cache/ct0-lab; made when absent."""
    chosen = os.environ.get("CT0_LAB_CACHE")
    if chosen:
        path = Path(chosen)
    elif os.geteuid() == 0:
        path = Path("/var/cache/ct0-lab")
    else:
        path = Path.home() / ".cache" / "ct0-lab"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def built(name: str, recipe: str, build: Callable[[Path], None]) -> Path:
    """The folder `build` filled for this recipe, from the cache or made now.

    The key is a hash of the recipe's text: a changed recipe builds anew, and an interrupted build
    leaves a folder with another name that nobody uses. Two runs at once build one after the other.
    """
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    done = folder() / f"{name}-{key}"
    with _lock(folder() / f".{name}.lock"):
        if not done.is_dir():
            unfinished = folder() / f".unfinished-{name}-{key}"
            _remove(unfinished)
            try:
                build(unfinished)
                unfinished.rename(done)
            finally:
                _remove(unfinished)
    return done


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    with open(path, "w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
