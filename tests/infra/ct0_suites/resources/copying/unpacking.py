"""Somebody else's archive written below a private folder, never outside it.

Regular files first, then links, each made relative so that wherever it leads is below the folder,
however many links are on the way; never through a link that is there already. `/dev/null` alone
stays what it is: a unit that is switched off is told by it.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterable
from typing import NamedTuple

from ct0.errors import Malformed
from ct0_suites.resources.copying.host_files import PROGRAMS, THERE
from ct0_suites.resources.copying.tar import FILE, HARD_LINK, LINK, parse_tar

MENTIONED = re.compile(rb"(?<![A-Za-z0-9_./~*?-])/(?:[A-Za-z0-9_.+@:-]+/)*[A-Za-z0-9_.+@:-]+")
NOT_FILES = ("/proc/", "/sys/", "/dev/")
# What runs these is not followed by the audit: scripts of packages, programs.
NOT_FOLLOWED = ("/var/lib/dpkg/", *(f"{folder}/" for folder in PROGRAMS.split()))


IMPOSSIBLE = (
    errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOENT, errno.ENOTDIR,
)  # fmt: skip
IMPORTANT = frozenset(THERE.split())


# More than the audit reads of any file but rpm's database, which this one is none of.
SIZE = (48 << 20) + 1


class Led(NamedTuple):
    """Where what was copied leads: paths in texts, and goals of links."""

    mentioned: set[str]
    goals: set[str]


def unpack(root: str, data: bytes, led: Led) -> None:
    """Write an archive's files below a folder, its links when all files are there, and note where
    they lead. What would lie elsewhere is nobody's and is passed over. Raises Malformed."""
    links = []
    real = {""}
    for member in parse_tar(data, "the target's archive"):
        path = normal(member.name)
        if path is None:
            continue
        if member.kind == FILE:
            write(root, path, member.content, real)
            if not path.startswith(NOT_FOLLOWED):
                led.mentioned.update(map(decoded, MENTIONED.findall(member.content)))
        elif member.kind == HARD_LINK:
            again(root, path, normal(member.goal), real)
        elif member.kind == LINK:
            links.append((path, member.goal))
    for path, goal in links:
        place, whole = confined(path, goal)
        link(root, path, place, real)
        (led.mentioned if path.startswith(NOT_FOLLOWED) else led.goals).add(whole)
        if path in IMPORTANT:
            led.goals.add(whole)


def decoded(path: bytes) -> str:
    return path.rstrip(b".:").decode("ascii")


def normal(name: str) -> str | None:
    """./etc//x -> /etc/x; None for what leads up, or is the kernel's."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    path = "/" + "/".join(parts)
    if not parts or ".." in parts or "\0" in name or f"{path}/".startswith(NOT_FILES):
        return None
    return path


def folder_of(root: str, path: str, real: set[str]) -> bool:
    """Make the folders above a path; False if one of them is a link or a file. `real` are known."""
    above = path.rpartition("/")[0]
    if above in real:
        return True
    if not folder_of(root, above, real):
        return False
    try:
        os.mkdir(root + above)
    except FileExistsError:
        if os.path.islink(root + above) or not os.path.isdir(root + above):
            return False
    except OSError as error:
        return impossible(error)
    real.add(above)
    return True


def impossible(error: OSError) -> bool:
    """False for a path that is there already (EEXIST) or that no file of a host's can have.

    Raises all others: a file that is missing here for want of room would be taken for none.
    """
    if error.errno not in IMPOSSIBLE:
        raise error
    return False


def write(root: str, path: str, content: bytes, real: set[str]) -> None:
    if not folder_of(root, path, real):
        return
    try:
        file = os.open(root + path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        impossible(error)
        return
    with open(file, "wb") as stream:
        stream.write(content)


def again(root: str, path: str, first: str | None, real: set[str]) -> None:
    """A file's second name: a copy of what was written under the first."""
    if first is None or not folder_of(root, first, real) or os.path.islink(root + first):
        return
    try:
        with open(root + first, "rb") as stream:
            content = stream.read()
    except OSError as error:
        impossible(error)
        return
    write(root, path, content, real)


def confined(path: str, goal: str) -> tuple[str, str]:
    """A link's text that leads to the same place below the root, and that place as a path."""
    above = [part for part in path.rpartition("/")[0].split("/") if part]
    parts = [] if goal.startswith("/") else above[:]
    for part in goal.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    whole = "/" + "/".join(parts)
    if goal == "/dev/null":
        return goal, whole  # what is switched off is told by this very text
    return "../" * len(above) + "/".join(parts) or ".", whole


def link(root: str, path: str, goal: str, real: set[str]) -> None:
    if not folder_of(root, path, real):
        return
    try:
        os.symlink(goal, root + path)
    except ValueError:
        return  # a NUL in it
    except OSError as error:
        impossible(error)


def placeholders(root: str, text: str) -> None:
    """A file of more than the audit reads, without a block of it on disk."""
    real = {""}
    for line in text.split("\n"):
        path = normal(line)
        if path is None or not folder_of(root, path, real) or os.path.lexists(root + path):
            continue
        write(root, path, b"", real)
        try:
            os.truncate(root + path, SIZE)
        except OSError as error:
            raise Malformed(path, f"too large a file: {error.strerror}") from error


def missing(root: str, paths: Iterable[str]) -> set[str]:
    """Where these lead as far as it is known here, of those that are not here."""
    found = set()
    for path in paths:
        place = resolved(root, path)
        if place is not None and not f"{place}/".startswith(NOT_FILES):
            found.add(place)
    return found


def resolved(root: str, path: str) -> str | None:
    """The path with the links in it that are here gone through; None if something is there, or it
    leads in a circle."""
    todo, links = path.split("/")[::-1], 0
    done: list[str] = []
    while todo:
        name = todo.pop()
        if name == "..":
            del done[-1:]
        elif name not in ("", "."):
            done.append(name)
            place = root + "/" + "/".join(done)
            try:
                goal = os.readlink(place)
            except OSError:
                continue  # EINVAL: no link; ENOENT: to be asked for
            links += 1
            if links > 40 or goal.startswith("/"):  # /dev/null
                return None
            done.pop()
            todo += goal.split("/")[::-1]
    path = "/" + "/".join(done)
    return None if os.path.lexists(root + path) else path
