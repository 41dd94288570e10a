"""What an inventory says of a machine, as a URL (`ct0_suites.urls`)."""

from __future__ import annotations

import os
import re
from typing import NamedTuple
from urllib.parse import quote

from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import CT, HOST
from ct0_suites.urls import parse_url

PLACE = re.compile(r"(?:([^@]+)@)?(\[[^\]]*\]|[^:]+)(?::([0-9]{1,5}))?")


class Entry(NamedTuple):
    """As `ct0_suites.nodes.node_of` takes it: the machine's `kind` (`ct0_suites.records.KINDS`) and
    what the inventory calls it; "" where nobody said."""

    url: str
    kind: str = ""
    name: str = ""


class Machine(NamedTuple):
    """What is "" or 0 is ssh's own choice."""

    host: str
    user: str = ""
    port: int = 0
    kind: str = ""
    containers: str = ""  # a shell pattern: these only, without the machine itself
    ssh_config: str = ""
    identity_file: str = ""
    sudo: bool = False


def entry(machine: Machine, folder: str = "", name: str = "") -> Entry:
    """`folder` is what its paths are relative to. Raises Wrong.

    A machine of which nobody says that it is a plain one is asked for its containers.
    """
    bare = unbracketed(machine.host)
    scheme = "ssh" if machine.kind in (HOST, CT) else "ct+ssh"
    user = f"{quoted(machine.user)}@" if machine.user else ""
    host = f"[{bare}]" if ":" in bare else quoted(bare)
    port = f":{machine.port}" if machine.port else ""
    url = f"{scheme}://{user}{host}{port}{query(machine, folder)}"
    if parse_url(url).host != bare:
        raise Wrong(f"{url}: no machine's name")
    return Entry(url, machine.kind, name)


def query(machine: Machine, folder: str) -> str:
    given = {
        "container": machine.containers,
        "ssh_config": absolute(machine.ssh_config, folder),
        "ssh_identity_file": absolute(machine.identity_file, folder),
        "sudo": "true" if machine.sudo else "",
    }
    pairs = [f"{key}={quoted(value, '/*')}" for key, value in given.items() if value]
    return f"?{'&'.join(pairs)}" if pairs else ""


def absolute(path: str, folder: str) -> str:
    return os.path.abspath(os.path.join(folder, os.path.expanduser(path))) if path else ""


def quoted(text: str, safe: str = "") -> str:
    """As a part of a URL. Raises Wrong."""
    try:
        return quote(text, safe)
    except UnicodeEncodeError as error:
        raise Wrong(f"{plain(text)!r} is no UTF-8") from error


def unbracketed(host: str) -> str:
    return host[1:-1] if host[:1] == "[" and host[-1:] == "]" else host


def machine(text: str) -> Machine:
    """root@node1:2222"""
    found = PLACE.fullmatch(text)
    if not found:
        raise Wrong(f"{plain(text)!r} is neither a URL nor [user@]host[:port]")
    return Machine(found[2], found[1] or "", int(found[3] or 0))
