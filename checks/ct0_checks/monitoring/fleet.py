"""CT0 and its containers as the hosts that a monitoring server is to know.

A CT's name may have been chosen by its owner. A host's name here is made of letters, digits and
`_.-`; what names the CT to a plugin is an option that no configuration format and no shell reads as
anything else:

    --ct=web1                      the CTID, where it is harmless
    --include=web\\x0a\\x24\\x28id    a regular expression that it alone matches, where it is not
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ct0.container import CT
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import read_text
from ct0_checks.layer.cleaning import label, labels, shown
from ct0_checks.monitoring.services import OF_CT, Service

HARMLESS = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
NAME_FORMAT = "{name}"
DIGEST = re.compile(r"\.[0-9a-f]{16}$", re.IGNORECASE)
# NRPE takes lines of 2,047 characters. What is longer is cut, and matched by its length.
EXPRESSION = 1000


class Guest(NamedTuple):
    """One CT."""

    name: str  # its host's name in the monitoring
    display: str  # for people: web1 (lxc web1)
    engine: str
    option: str  # what names it to a plugin: --ct or --include
    value: str


class Node(NamedTuple):
    """One CT0 and its CTs, sorted by name."""

    name: str
    address: str
    guests: tuple[Guest, ...]
    services: tuple[Service, ...] = OF_CT  # those that its CTs have

    def having(self, service: Service) -> list[Guest]:
        """The CTs that have it."""
        return [each for each in self.guests if has(service, each)]

    def used(self) -> list[Service]:
        """The services that some CT has."""
        return [service for service in self.services if self.having(service)]


def has(service: Service, guest: Guest) -> bool:
    return not service.engines or guest.engine in service.engines


def node(
    name: str,
    address: str,
    cts: Sequence[CT],
    wanted: Callable[[CT], bool] = lambda ct: True,
    name_format: str = NAME_FORMAT,
    services: tuple[Service, ...] = OF_CT,
) -> Node:
    """The host with those of its CTs that are wanted.

    Give all CTs of the host, or one's name may change with the others that are wanted.
    """
    names = host_names(name, cts, name_format)
    guests = [
        Guest(names[ct.engine, ct.ctid], shown(ct), ct.engine, *choice(ct.ctid))
        for ct in cts
        if wanted(ct)
    ]
    return Node(name, address, tuple(sorted(guests)), services)


def host_names(
    ct0: str, cts: Iterable[CT], name_format: str = NAME_FORMAT
) -> dict[tuple[str, str], str]:
    """(engine, CTID) -> the name of its host: nobody else's, not CT0's either."""
    made = {
        (engine, ctid): name_format.replace("{ct0}", ct0)
        .replace("{engine}", engine)
        .replace("{name}", label(name))
        for (engine, ctid), name in labels(cts).items()
    }
    # A CT may be called as CT0 is, or as another's name is made; nobody as a digest is appended.
    used = Counter([ct0.lower(), *(name.lower() for name in made.values())])
    return {
        key: f"{name[:40]}.{digest(*key)}"
        if used[name.lower()] > 1 or DIGEST.search(name)
        else name
        for key, name in made.items()
    }


def digest(engine: str, ctid: str) -> str:
    whole = f"{engine}\0{ctid}".encode("utf-8", "backslashreplace")
    return hashlib.sha256(whole).hexdigest()[:16]


def choice(ctid: str) -> tuple[str, str]:
    """The option, and its value, by which a plugin finds this CT."""
    if HARMLESS.fullmatch(ctid):
        return "--ct", ctid
    pattern = "".join(map(escaped, ctid))
    if len(pattern) > EXPRESSION:
        head = ctid[: EXPRESSION // 10]
        pattern = "".join(map(escaped, head)) + f"[\\s\\S]{{{len(ctid) - len(head)}}}"
    return "--include", pattern


def escaped(character: str) -> str:
    """A character as a regular expression of letters, digits and backslashes.

    Not even a hyphen: where option and value are two words, `-rf` would be an option.
    """
    if character.isascii() and (character.isalnum() or character == "_"):
        return character
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def own_name(host: Host) -> str:
    """CT0's own name: the kernel's on the live host, else /etc/hostname's.

    Raises Unavailable where there is none.
    """
    name = os.uname().nodename if host.live else read_text(host.path("/etc/hostname"))
    made = label(name.strip())
    if not name.strip():
        raise Unavailable(f"{host.path('/etc/hostname')}: holds no name: give one with --name")
    return made
