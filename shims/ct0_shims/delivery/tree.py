"""Paths below a root that may be somebody else's: a chroot, an image, a container's root.

A link inside it may say `/usr/lib` and mean its own. Every path is walked with links resolved
inside the root, so nothing is written to or read from CT0 itself.
"""

from __future__ import annotations

import os

from ct0.errors import Unavailable


def inside(root: str, path: str) -> str:
    """The real place of an absolute `path` of the system below `root`; its end may not exist.

    The last component is not followed when it is a link: it is what would be replaced.
    Raises Unavailable when links go in a circle.
    """
    todo = [part for part in path.split("/") if part]
    done: list[str] = []
    hops = 0
    while todo:
        part = todo.pop(0)
        if part == ".":
            continue
        if part == "..":
            del done[-1:]
            continue
        here = "/".join([root.rstrip("/"), *done, part])
        if todo and os.path.islink(here):
            hops += 1
            if hops > 40:
                raise Unavailable(f"{path}: too many links below {root}")
            goal = os.readlink(here)
            if goal.startswith("/"):
                done = []
            todo = [piece for piece in goal.split("/") if piece] + todo
            continue
        done.append(part)
    return "/".join([root.rstrip("/"), *done]) or "/"


def without_links(root: str, path: str) -> str:
    """A path of the system below `root` as it is when no folder in it is a link."""
    return inside(root, path)[len(root.rstrip("/")) :]


def make_folders(root: str, path: str) -> list[str]:
    """Make the folders above `path`, mode 0755; returns those that were missing, outer first."""
    made = []
    parts = [part for part in path.split("/") if part][:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/" + "/".join(parts[:depth])
        place = inside(root, folder + "/.")
        if not os.path.isdir(place):
            os.mkdir(place, 0o755)
            # Under an installer's umask 077 nobody but root would get in, and be served by the
            # incumbents that stand behind in PATH.
            os.chmod(place, 0o755)
            made.append(folder)
    return made


def write_file(root: str, path: str, data: bytes, mode: int) -> None:
    """Write a file whole or not at all, with this mode, owned by the caller."""
    place = inside(root, path)
    draft = draft_of(place)
    drop_draft(place)
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(data)
            out.flush()
            os.fchmod(out.fileno(), mode)
            os.fsync(out.fileno())
        os.rename(draft, place)
    except OSError:
        os.unlink(draft)
        raise


def read_file(root: str, path: str) -> bytes | None:
    """A file's bytes, None when there is none."""
    try:
        with open(inside(root, path), "rb") as file:
            return file.read()
    except (FileNotFoundError, NotADirectoryError):
        return None


def relink(place: str, goal: str) -> None:
    """A link at this place, whatever was there; at every moment one of both is."""
    drop_draft(place)
    os.symlink(goal, draft_of(place))
    os.rename(draft_of(place), place)


def second_name(place: str, other: str) -> None:
    """Have one file, or one link, by two names; what was at the other gives way at once."""
    drop_draft(other)
    os.link(place, draft_of(other), follow_symlinks=False)
    os.rename(draft_of(other), other)
    drop_draft(other)  # rename(2) does nothing when both are one file already


def draft_of(place: str) -> str:
    return f"{place}.ct0-new"


def drop_draft(place: str) -> None:
    """What a run that was cut short left beside a place."""
    try:
        os.unlink(draft_of(place))
    except FileNotFoundError:
        pass
