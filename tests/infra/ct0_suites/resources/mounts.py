"""What is mounted where: /proc/self/mountinfo, and how full it is: df -P.

    36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue

https://docs.kernel.org/filesystems/proc.html, 3.5: blanks, tabs, newlines and backslashes in a path
are octal (\\040). A mount that another one covers is listed still, and nobody can reach it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from ct0.errors import Malformed, Unavailable
from ct0_suites.target import Target

PATH = "/proc/self/mountinfo"
OCTAL = re.compile(r"\\([0-7]{3})")
# Filesystem 1024-blocks Used Available Capacity Mounted on
DF = re.compile(r"\s(\d{1,20})\s+(\d{1,20})\s+(-?\d{1,20})\s+(?:\d{1,3}%|-)\s+/")


class Mount(NamedTuple):
    """`options` are the mount's own and its file system's; it is "ro" if either is."""

    number: int
    parent: int
    point: str
    type: str
    source: str
    options: frozenset[str]


def read_mounts(target: Target) -> list[Mount]:
    """All mounts, covered ones too. Raises Unavailable, Malformed, Unreachable."""

    def read() -> list[Mount]:
        said = target.run(f"cat {PATH}")
        if said.status != 0:
            raise Unavailable(f"{PATH}: {said.trouble}")
        return parse_mountinfo(said.text)

    return target.once("mounts", read)


def parse_mountinfo(text: str, path: str = PATH) -> list[Mount]:
    """Raises Malformed; also for a text without any mount, which no process has."""
    found = []
    for line in text.split("\n"):
        if not line:
            continue
        before, dash, after = line.partition(" - ")
        fields, rest = before.split(" "), after.split(" ")
        if not dash or len(fields) < 6 or len(rest) < 3 or not numbers(fields[:2]):
            raise Malformed(path, line)
        own, shared = set(fields[5].split(",")), set(rest[2].split(","))
        options = own | shared
        options.discard("rw" if "ro" in options else "")
        found.append(
            Mount(
                int(fields[0]),
                int(fields[1]),
                unescaped(fields[4]),
                rest[0],
                unescaped(rest[1]),
                frozenset(options),
            )
        )
    if not found or not text.endswith("\n"):
        raise Malformed(path, text[-80:])
    return found


def numbers(fields: Sequence[str]) -> bool:
    return all(field.isascii() and field.isdigit() and len(field) < 20 for field in fields)


def unescaped(text: str) -> str:
    return OCTAL.sub(lambda match: chr(int(match[1], 8)), text)


def read_place(target: Target, path: str) -> str:
    """The path without links in it, as far as it is there. Raises Unreachable."""
    said = target.run(f"readlink -f -- {shlex.quote(path)}")
    place = said.text.rstrip("\n")
    return place if said.status == 0 and place.startswith("/") else path


def mounted_at(mounts: Sequence[Mount], path: str) -> Mount | None:
    """The mount that whoever goes to `path` is in, if it is mounted right there; links are not
    followed.

    The way there is gone as the kernel goes it, so that what is covered is not found.
    """
    children: dict[tuple[int, str], Mount] = {}
    known = {mount.number for mount in mounts}
    here: Mount | None = None
    for mount in mounts:
        if mount.parent not in known or mount.parent == mount.number:
            here = mount if mount.point == "/" and here is None else here
        else:
            children[mount.parent, mount.point] = mount
    if here is None:
        return None
    place = ""
    names = [name for name in path.split("/") if name]
    for name in ["", *names]:
        place = f"{place}/{name}" if name else "/"
        for _ in mounts:  # as many as can lie on each other
            above = children.get((here.number, place))
            if above is None:
                break
            here = above
        place = place.rstrip("/")
    return here if here.point == "/" + "/".join(names) else None


def read_free(target: Target, path: str) -> float:
    """Percent of a file system that anybody may still use. Raises Unavailable, Unreachable."""
    said = target.run(f"LC_ALL=C df -Pk -- {shlex.quote(path)}")
    if said.status != 0:
        raise Unavailable(f"{path}: {said.trouble}")
    return parse_df(said.text, path)


def parse_df(text: str, path: str) -> float:
    """As df's own Capacity counts, without what is root's. Raises Unavailable for a file system
    that has no size, Malformed."""
    lines = text.rstrip("\n").split("\n")
    match = DF.search(lines[-1]) if len(lines) > 1 else None
    if match is None:
        raise Malformed(f"df of {path}", lines[-1])
    used, free = int(match[2]), max(0, int(match[3]))
    if used + free == 0:
        raise Unavailable(f"{path}: this file system has no size")
    return 100 * free / (used + free)
