"""Archives of tar(1) that somebody else made, taken apart without trusting a field of them.

A header of 512 bytes before each member (POSIX, "ustar Interchange Format"): name, mode, owners,
size and time in octal, a checksum, the type, a link's goal. Names too long for it come before it:
GNU's as members of type L and K, POSIX's as records `30 path=…` of type x. Two blocks of NULs end
an archive; several in a row are read as one.

Python's tarfile passes over headers that are none when archives follow each other, and takes an
archive that breaks off for one that ends: neither may go unnoticed here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ct0.errors import Malformed

BLOCK = 512
MOST = 200_000  # members
FILE, LINK, HARD_LINK, OTHER = "file", "link", "hard link", "other"
KINDS = {b"0": FILE, b"\0": FILE, b"7": FILE, b"1": HARD_LINK, b"2": LINK}
WITHOUT_DATA = {b"1", b"2", b"3", b"4", b"5", b"6"}
RECORD = re.compile(rb"([0-9]{1,9}) ([^=\n]{1,200})=")


class Member(NamedTuple):
    """`name` is as it stands there: where it may lead is for the reader to see to."""

    name: str
    kind: str  # of FILE, LINK, HARD_LINK, OTHER: folders, devices, pipes, sparse files
    content: bytes = b""
    goal: str = ""  # of a link


def parse_tar(data: bytes, path: str) -> Iterator[Member]:
    """The members of archives that follow each other. Raises Malformed, after those before."""
    place, ended, count = 0, True, 0
    more: dict[str, bytes] = {}
    while place < len(data):
        header = data[place : place + BLOCK]
        if len(header) < BLOCK:
            raise Malformed(path, f"it breaks off at byte {place}")
        place += BLOCK
        if header == bytes(BLOCK):
            ended = True
            continue
        ended, count = False, count + 1
        if count > MOST:
            raise Malformed(path, f"more than {MOST} members")
        kind = header[156:157]
        size = 0 if kind in WITHOUT_DATA else size_of(header, more, path)
        if checksum(header) != number(header[148:156], path):
            raise Malformed(path, f"a header at byte {place - BLOCK} is damaged")
        content = data[place : place + size]
        if len(content) < size:
            raise Malformed(path, f"it breaks off at byte {len(data)}")
        place += -(-size // BLOCK) * BLOCK
        if kind == b"L":
            more["path"] = content.rstrip(b"\0")
        elif kind == b"K":
            more["linkpath"] = content.rstrip(b"\0")
        elif kind == b"x":
            more.update(records(content, path))
        elif kind != b"g":
            yield member(header, kind, content, more)
            more = {}
    if not ended:
        raise Malformed(path, "it has no end")


def member(header: bytes, kind: bytes, content: bytes, more: Mapping[str, bytes]) -> Member:
    name = text(header[:100])
    if header[257:263] == b"ustar\0" and header[345] != 0:
        name = f"{text(header[345:500])}/{name}"
    goal = text(more.get("linkpath", header[157:257]))
    name = text(more.get("path", name.encode("utf-8", "surrogateescape")))
    found = KINDS.get(kind, OTHER)
    if any(key.startswith("GNU.sparse") for key in more):
        found = OTHER
    return Member(name, found, content if found == FILE else b"", goal)


def size_of(header: bytes, more: Mapping[str, bytes], path: str) -> int:
    if "size" in more:
        given = more["size"]
        if not given.isdigit() or len(given) > 15:
            raise Malformed(path, f"a size of {given[:40]!r}")
        return int(given)
    field = header[124:136]
    if field[0] & 0x80:  # GNU's binary numbers, of what is larger than 8 GiB
        raise Malformed(path, "a member larger than 8 GiB")
    return number(field, path)


def number(field: bytes, path: str) -> int:
    digits = field.strip(b" \0")
    if not re.fullmatch(rb"[0-7]{0,12}", digits):
        raise Malformed(path, f"a number {field!r}")
    return int(digits or b"0", 8)


def checksum(header: bytes) -> int:
    return sum(header) - sum(header[148:156]) + 8 * 32


def records(content: bytes, path: str) -> dict[str, bytes]:
    """POSIX's extended header: LENGTH KEY=VALUE, each with a line end."""
    found, place = {}, 0
    while place < len(content):
        match = RECORD.match(content, place)
        if match is None:
            raise Malformed(path, f"an extended header {content[place : place + 40]!r}")
        end = place + int(match[1])
        if end > len(content) or end <= match.end() or content[end - 1 : end] != b"\n":
            raise Malformed(path, f"an extended header {content[place : place + 40]!r}")
        found[match[2].decode("utf-8", "surrogateescape")] = content[match.end() : end - 1]
        place = end
    return found


def text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")
