"""Local diversions: where dpkg puts a package's program while the shim stands in its place.

dpkg knows a file by the name its package gives it: /bin/pidof up to Debian 12, /usr/bin/pidof from
13 on, one file where /bin is a link to usr/bin. A diversion of one spelling is lost on the way, and
two that lead to the same place make dpkg delete the program there as the old package's (DEP 17). So
both spellings are diverted, each to a place of its own:

    /bin/pidof      -> /bin/pidof.distrib
    /usr/bin/pidof  -> /usr/bin/pidof.distrib.usr-is-merged

Never with --rename, which moves whatever lies there at that moment: the shim, perhaps.
"""

from __future__ import annotations

import os

from ct0.errors import Malformed, Unavailable
from ct0.text import entries
from ct0_shims.delivery.tree import inside, read_file

NAME = "dpkg"
DATABASE = "/var/lib/dpkg"
DIVERSIONS = f"{DATABASE}/diversions"
LOCAL = ":"  # instead of a package's name


def spellings(path: str) -> list[str]:
    """The two names a package may give this file."""
    return [path, path[len("/usr") :] if path.startswith("/usr/") else f"/usr{path}"]


def kept(spelling: str) -> str:
    """Where the diversion of this spelling leads."""
    return f"{spelling}.distrib" + (".usr-is-merged" if spelling.startswith("/usr/") else "")


def shipped_as(root: str, path: str) -> str:
    """The spelling an installed package has this file by; "" if no package has it."""
    wanted = {spelling.encode(): spelling for spelling in spellings(path)}
    name = path.rpartition("/")[2].encode()
    for list_file in entries(inside(root, f"{DATABASE}/info/.")):
        if not list_file.endswith(".list"):
            continue
        text = read_file(root, f"{DATABASE}/info/{list_file}") or b""
        if name not in text:
            continue
        for line in text.split(b"\n"):
            if line in wanted:
                return wanted[line]
    return ""


def read_diversions(root: str) -> dict[str, tuple[str, str]]:
    """Path -> (where it is diverted to, package or ":"). Three lines each; raises Malformed."""
    text = (read_file(root, DIVERSIONS) or b"").decode("utf-8", "surrogateescape")
    lines = text.splitlines()
    if len(lines) % 3:
        raise Malformed(DIVERSIONS, lines[-1])
    return {lines[i]: (lines[i + 1], lines[i + 2]) for i in range(0, len(lines), 3)}


def missing(root: str, path: str) -> list[str]:
    """The spellings that are not diverted as they should be; raises Unavailable if by another."""
    registered = read_diversions(root)
    found = []
    for spelling in spellings(path):
        if spelling not in registered:
            found.append(spelling)
        elif registered[spelling] != (kept(spelling), LOCAL):
            goal, package = registered[spelling]
            by = "the admin" if package == LOCAL else package
            raise Unavailable(f"{spelling} is diverted by {by} already, to {goal}")
    return found


def says(root: str, path: str) -> tuple[str, bool]:
    """(the spelling a package has, "" if none has; whether what dpkg puts there goes aside)."""
    shipped, undiverted = shipped_as(root, path), missing(root, path)
    return shipped, shipped not in undiverted if shipped else len(undiverted) < 2


def add(root: str, path: str) -> None:
    """Divert both spellings, the package's own first: with the other alone, an upgrade to another
    spelling would put the new program aside and take the old one away."""
    shipped = shipped_as(root, path)
    for spelling in sorted(missing(root, path), key=lambda spelling: spelling != shipped):
        divert(root, "--divert", kept(spelling), "--add", spelling)


def take_away(root: str, path: str) -> None:
    shipped, registered = shipped_as(root, path), read_diversions(root)
    for spelling in sorted(spellings(path), key=lambda spelling: spelling == shipped):
        if registered.get(spelling) == (kept(spelling), LOCAL):
            divert(root, "--divert", kept(spelling), "--remove", spelling)


def divert(root: str, *arguments: str) -> None:
    import subprocess

    # Another root's own dpkg-divert is not run: it may be of another machine, or somebody else's.
    below = [] if root == "/" else ["--root", root]
    argv = ["dpkg-divert", *below, "--quiet", "--local", "--no-rename", *arguments]
    try:
        run = subprocess.run(argv, capture_output=True, check=False)
    except OSError as error:
        raise Unavailable(f"dpkg-divert: {error.strerror}") from error
    if run.returncode:
        said = " ".join(run.stderr.decode("utf-8", "replace").split())
        raise Unavailable(said or f"dpkg-divert {arguments[-1]}: exit {run.returncode}")


def is_here(root: str) -> bool:
    return os.path.isdir(inside(root, f"{DATABASE}/info/."))
