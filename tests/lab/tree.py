"""A file tree by its marks, so that what was before and what is after can be told apart."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from pathlib import Path

Tree = dict[str, str]  # path -> kind, mode, owner and content; two equal trees are the same files


def tree(root: Path, apart: Collection[str] = ()) -> Tree:
    """Every file, folder and link below `root` that does not lie in one of the folders `apart`."""
    return {path: mark(root, path) for path in sorted(paths(root, "", apart))}


def paths(root: Path, folder: str, apart: Collection[str]) -> Iterator[str]:
    with os.scandir(f"{root}{folder}/") as entries:
        for entry in entries:
            path = f"{folder}/{entry.name}"
            if path in apart:
                continue
            yield path
            if entry.is_dir(follow_symlinks=False):
                yield from paths(root, path, apart)


def mark(root: Path, path: str) -> str:
    """A file's time counts too; a folder's changes with whatever comes and goes in it."""
    place = f"{root}{path}"
    try:
        facts = os.lstat(place)
    except FileNotFoundError:
        return "gone while looking"
    who = f"{stat.filemode(facts.st_mode)} {facts.st_uid}:{facts.st_gid}"
    if stat.S_ISLNK(facts.st_mode):
        return f"{who} -> {os.readlink(place)}"
    if not stat.S_ISREG(facts.st_mode):
        return who
    with open(place, "rb") as file:
        digest = hashlib.blake2b(file.read(), digest_size=12).hexdigest()
    return f"{who} {int(facts.st_mtime)} {digest}"


def difference(before: Tree, after: Tree) -> list[str]:
    """Lines that say what came, went or changed; none when nothing did."""
    lines = []
    for path in sorted({*before, *after}):
        old, new = before.get(path), after.get(path)
        if old != new:
            lines.append(f"{path}: {old or 'was not there'} => {new or 'is gone'}")
    return lines
