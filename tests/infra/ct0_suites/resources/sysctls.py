"""The kernel's settings, as files below /proc/sys.

    /proc/sys/net/ipv4/ip_forward:1
    /proc/sys/net/ipv4/tcp_rmem:4096\t131072\t6291456

sysctl(8): in a name either of "." and "/" separates, whichever comes first; the other one then
stands for itself turned round, so that net.ipv4.conf.eth0/100.forwarding is of eth0.100.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from ct0.errors import Unavailable
from ct0_suites.target import Target

FOLDER = "/proc/sys"
ALWAYS = f"{FOLDER}/kernel/ostype"  # every kernel has it: without it nothing was read
SWAPPED = str.maketrans("./", "/.")


def path_of(name: str) -> str:
    """net.ipv4.ip_forward -> /proc/sys/net/ipv4/ip_forward."""
    first = next((letter for letter in name if letter in "./"), "")
    return f"{FOLDER}/{name.translate(SWAPPED) if first == '.' else name}"


def read_sysctls(target: Target, names: Iterable[str]) -> dict[str, str | None]:
    """Name -> value, its blanks as one each; None for what this kernel has not.

    Raises Unavailable where one is there and cannot be read, Unreachable.
    """
    paths = {name: path_of(name) for name in names}
    asked = " ".join(map(shlex.quote, dict.fromkeys([ALWAYS, *paths.values()])))
    there = 'for f; do [ ! -e "$f" ] || printf "E:%s\\n" "$f"; done'
    said = target.run(f"set -- {asked}; grep -asH '' -- \"$@\"; {there}")
    found, existing = parse_sysctls(said.text)
    if said.status != 0 or ALWAYS not in found or ALWAYS not in existing:
        raise Unavailable(f"{FOLDER}: {said.trouble}")
    for path in paths.values():
        if path in existing and path not in found:
            raise Unavailable(f"{path}: cannot be read")
    return {name: found.get(path) for name, path in paths.items()}


def parse_sysctls(text: str) -> tuple[Mapping[str, str], set[str]]:
    """Path -> value, and the paths that are there. Of several lines of a value each is kept."""
    found: dict[str, list[str]] = {}
    existing = set()
    for line in text.split("\n"):
        path, colon, value = line.partition(":")
        if not colon:
            continue
        if path == "E":
            existing.add(value)
        elif path.startswith(f"{FOLDER}/"):
            found.setdefault(path, []).append(value)
    return {path: normal("\n".join(lines)) for path, lines in found.items()}, existing


def normal(value: str) -> str:
    return " ".join(value.split())
