"""A target's files, copied here as a recorded host, so that core reads them as it reads any other.

    grep -asH '' /proc/1/status ...        /proc/1/status:Name:\tsystemd
    find /proc/1/ns -printf '%p\\t%l\\n'     /proc/1/ns/pid\tpid:[4026531836]

`grep` puts the file's name before every line, so that no text in a file can pass for another file.
Whatever is read is somebody else's: it is written below a private folder, never outside it, and no
link is made that could lead out of it.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from ct0.errors import Unavailable
from ct0.host import Host
from ct0_suites.transport import Transport

PROCESSES = ("status", "stat", "comm", "cmdline", "cgroup")
WHOLE = ("/proc/stat", "/proc/uptime", "/proc/mounts", "/proc/filesystems")
# Where engines keep who exists. Globs are the shell's; what is not there costs nothing.
ENGINES = (
    "/etc/vz/vz.conf /etc/vz/conf/*.conf /etc/pve/lxc/*.conf /var/lib/lxc/*/config"
    " /var/lib/incus/containers/*/* /var/lib/lxd/containers/*/*"
    " /var/snap/lxd/common/lxd/containers/*/* /etc/systemd/nspawn/*.nspawn"
    " /run/systemd/machines/* /var/lib/docker/containers/*/config.v2.json"
)
FOLDERS = "/var/lib/machines /etc/vz/names /vz/dump /run/systemd/machines"
LIMIT = 1 << 20  # bytes of one file

# The links core asks for. They lead nowhere, or from one of a host's files to the next.
LINKS = re.compile(r"pid:\[[0-9]{1,20}\]|(?:(?:\.\./|/etc/vz/)conf/)?[A-Za-z0-9-]{1,64}\.conf")


@contextmanager
def snapshot(transport: Transport) -> Iterator[Host]:
    """The processes of a machine or container and its engines' files, as a recorded host.

    Raises Unreachable; Unavailable when it has no grep or shows no processes.
    """
    globs = " ".join(f"/proc/[0-9]*/{name}" for name in PROCESSES)
    # printf is the shell's own: no list is too long for it.
    command = (
        f"cd / && for f in {globs} {' '.join(WHOLE)} {ENGINES}; do"
        " [ -f \"$f\" ] && printf '%s\\0' \"$f\"; done | xargs -0 grep -asH '' ;"
        f" find /proc/[0-9]*/ns -name pid -type l -printf '%p\\t%l\\n' 2>/dev/null"
        " | sed 's/^/L:/' ;"
        f" find {FOLDERS} -maxdepth 1 -mindepth 1 -printf '%y:%p\\t%l\\n' 2>/dev/null"
        " | sed 's/^/F:/'"
    )
    said = transport.run(f"( {command} )", timeout=60)
    files, links = parse_lines(said.stdout)
    if "/proc/1/status" not in files:
        raise Unavailable(f"no processes to be seen: {said.trouble}")
    with tempfile.TemporaryDirectory(prefix="ct0-") as root:
        lay_out(root, files, links)
        yield Host(root)


def parse_lines(text: bytes) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Path -> content ("…/" is a folder's), and path -> a link's goal."""
    files: dict[str, list[bytes]] = {}
    links: dict[str, bytes] = {}
    for line in text.split(b"\n"):
        path, colon, rest = line.partition(b":")
        if path == b"L":
            name, _, link = rest.partition(b"\t")
            links[os.fsdecode(name)] = link
        elif path == b"F":
            kind, _, entry = rest.partition(b":")
            name, _, link = entry.partition(b"\t")
            if kind == b"d":
                files.setdefault(os.fsdecode(name) + "/", [])
            elif kind == b"l":
                links[os.fsdecode(name)] = link
        elif colon and path.startswith(b"/"):
            files.setdefault(os.fsdecode(path), []).append(rest)
    return {path: joined(path, lines) for path, lines in files.items()}, links


def joined(path: str, lines: list[bytes]) -> bytes:
    """grep ends every line, also a last one that the file does not end: /proc/PID/cmdline's."""
    return b"\n".join(lines if path.endswith("/cmdline") else [*lines, b""])


def lay_out(root: str, files: Mapping[str, bytes], links: Mapping[str, bytes]) -> None:
    """Write it all below a folder; a path with .. is nobody's and is passed over."""
    for path, content in files.items():
        place = below(root, path)
        if place is None:
            continue
        try:
            if path.endswith("/"):
                os.makedirs(place, exist_ok=True)
                continue
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "xb") as file:
                file.write(content[:LIMIT])
        except (OSError, ValueError):
            continue  # a name that is a file's and a folder's at once, or too long
    for path, link in links.items():
        place, goal = below(root, path), os.fsdecode(link)
        if place is not None and LINKS.fullmatch(goal):
            try:
                os.makedirs(os.path.dirname(place), exist_ok=True)
                os.symlink(goal, place)
            except (OSError, ValueError):
                continue


def below(root: str, path: str) -> str | None:
    parts = path.strip("/").split("/")
    return None if ".." in parts or not path.startswith("/") else os.path.join(root, *parts)


def quoted(words: Iterable[str]) -> str:
    return " ".join(map(shlex.quote, words))
