"""Writing a configuration file so that whoever reads it finds the old one or the new one, whole.

What is not changed is not touched: its time stays, and a path unit or a make that looks at it does
nothing.
"""

from __future__ import annotations

import difflib
import os
import re
import secrets
import stat

from ct0.errors import Unavailable
from ct0.text import LIMIT

LARGEST = 64 * LIMIT  # of a file that is there: some 50,000 CTs


class Refused(Exception):
    """The file that is there is not to be replaced; the text says why and what to do."""


def read_old(path: str) -> str | None:
    """The file that is there; None when there is none. Raises Refused for what is no file."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except FileNotFoundError:
        return None
    with open(file, "rb") as opened:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Refused(f"{path}: not a regular file")
        text = opened.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise Refused(f"{path}: larger than {LARGEST >> 20} MiB, not written by ct0")
    return text.decode("utf-8", "surrogateescape")


def guard(path: str, old: str, new: str, hosts: re.Pattern[str], most: str) -> None:
    """Raises Refused when too many of the old file's CTs would go, or all of them.

    `most`: a number of CTs, or a share of the old file's with a "%".
    """
    before, after = len(hosts.findall(old)), len(hosts.findall(new))
    if not before and old.strip() and not ours(old):
        raise Refused(f"{path}: not written by `ct0 monitoring generate`: --force replaces it")
    gone = before - after
    allowed = before * float(most[:-1]) / 100 if most.endswith("%") else float(most)
    if gone > allowed or (before and not after):
        raise Refused(
            f"{path}: has {before} containers and would have {after}: more than --max-shrink"
            f" {most} would go; --force if that is right"
        )


def ours(text: str) -> bool:
    """Whether a file without any CT is one of ours."""
    marks = "ct0 monitoring generate", '"ct0": null', '"entries": ['
    return any(mark in text[:1000] for mark in marks)


def replace(path: str, text: str) -> None:
    """Put a file in place by a rename, written out to the disk; owner and mode stay."""
    path = os.path.realpath(path)
    folder, name = os.path.split(path)
    fresh = os.path.join(folder, f".{name}.{secrets.token_hex(6)}")
    # O_EXCL: nobody can have put a link there.
    file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb") as opened:
            opened.write(text.encode("utf-8", "surrogateescape"))
            opened.flush()
            like(path, file)
            os.fsync(file)
        os.rename(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise
    there = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(there)
    finally:
        os.close(there)


def like(path: str, file: int) -> None:
    """Give the new file the old one's owner and mode; a first one is for all to read."""
    try:
        old = os.stat(path)
    except FileNotFoundError:
        os.fchmod(file, 0o644)
        return
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
        os.fchown(file, old.st_uid, old.st_gid)
    os.fchmod(file, stat.S_IMODE(old.st_mode))


def difference(path: str, old: str, new: str) -> str:
    """What would change, as diff -u says it."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), path, f"{path} (new)", lineterm=""
    )
    return "".join(f"{line}\n" for line in lines)


def target(output: str, name: str) -> str:
    """The file for --output, which may be a folder."""
    if os.path.isdir(output):
        return os.path.join(output, name)
    folder = os.path.dirname(output) or "."
    if not os.path.isdir(folder):
        raise Unavailable(f"{folder}: no such folder: make it, or give another --output")
    return output
