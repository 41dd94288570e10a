"""Sets of addresses that iptables' rules name, from `ipset save`: ipset(8).

create trusted hash:net family inet hashsize 1024 maxelem 65536 bucketsize 12 initval 0x5e8a3b1c
add trusted 10.0.0.0/8
add banned 192.0.2.7 timeout 3599 packets 0 bytes 0 comment "it was us"

Seeds, sizes, counters, comments and times to go are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ct0.errors import Malformed
from ct0.firewall.iptables_rule import split

# Options of an element that change what it matches or what becomes of the packet.
TELLING = ("nomatch", "skbmark", "skbprio", "skbqueue")


class Set(NamedTuple):
    kind: str  # hash:net, bitmap:port, …
    elements: tuple[str, ...] = ()  # sorted
    moves: bool = False  # its elements have times to go


def parse(text: str, path: str = "ipset save") -> dict[str, Set]:
    """Sets by name. Raises Malformed."""
    kinds: dict[str, tuple[str, bool]] = {}
    elements: dict[str, set[str]] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            words = [word.text for word in split(line.strip())]
            command, name, what, *options = words
            if command == "create" and name not in kinds:
                kinds[name] = what, "timeout" in options
                elements[name] = set()
            elif command == "add":
                elements[name].add(element(what, options))
            else:
                raise ValueError(command)
        except (ValueError, KeyError) as error:
            raise Malformed(f"{path}:{number}", line) from error
    return {
        name: Set(kind, tuple(sorted(elements[name])), moves)
        for name, (kind, moves) in kinds.items()
    }


def element(what: str, options: Sequence[str] = ()) -> str:
    """10.0.0.1/32 and 10.0.0.1 are one."""
    head, comma, rest = what.lower().partition(",")
    text = head.removesuffix("/32") if "." in head else head.removesuffix("/128")
    telling = [
        each if each == "nomatch" else f"{each} {options[at + 1]}"
        for at, each in enumerate(options)
        if each in TELLING and (each == "nomatch" or at + 1 < len(options))
    ]
    return " ".join([f"{text}{comma}{rest}", *telling])
