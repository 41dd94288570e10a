"""What `ct0 list --json` printed, here or on a node, as URLs of those containers.

ssh root@node1 ct0 list --json --state running | ct0 verify -i list:root@node1=- -e site.yaml
[{"engine": "lxc", "ctid": "web1", "name": "web1", "state": "running", ...}]
"""

from __future__ import annotations

import glob
import json
import os
import sys

from ct0.errors import reason
from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.inventory.address import Entry, entry, machine, quoted
from ct0_suites.urls import parse_url

LARGEST = 16 << 20  # bytes; one container takes less than a thousand


def read_listed(text: str) -> list[Entry]:
    """PATH, NODE=PATH or URL=PATH; a PATH of - is standard input. Raises Wrong."""
    node, path = "", text
    if text != "-" and not os.path.exists(text):
        # A path may have an = itself, and so may a URL.
        cuts = [number for number, letter in enumerate(text) if letter == "="]
        fitting = (at for at in cuts if text[at + 1 :] == "-" or os.path.exists(text[at + 1 :]))
        at = next(fitting, text.rfind("="))
        node, path = text[: max(at, 0)], text[at + 1 :]
    return parse_listed(read(path), f"list:{plain(path)}", node)


def read(path: str) -> bytes:
    try:
        if path == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with open(path, "rb") as file:
                content = file.read(LARGEST + 1)
    except OSError as error:
        raise Wrong(reason(error)) from error
    if len(content) > LARGEST:
        raise Wrong(f"{path}: larger than {LARGEST >> 20} MiB")
    return content


def parse_listed(content: bytes, source: str, node: str = "") -> list[Entry]:
    """`node` is [user@]host[:port] or a URL of the machine, "" this one. Raises Wrong."""
    try:
        document = json.loads(content)
        ctids = [each["ctid"] for each in document if each["engine"]]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Wrong(f"{source}: not what `ct0 list --json` prints") from error
    if not isinstance(document, list) or not all(isinstance(each, str) for each in ctids):
        raise Wrong(f"{source}: not what `ct0 list --json` prints")
    begin = beginning(node)
    found = []
    for ctid in ctids:
        try:
            url = begin + quoted(glob.escape(ctid))
            parse_url(url)
        except Wrong as error:
            raise Wrong(f"{source}: {error}") from error
        found.append(Entry(url))
    return found


def beginning(node: str) -> str:
    """Of a URL that ends with a container's pattern."""
    if not node:
        return "ct://"
    url = node if "://" in node else entry(machine(node)).url
    address = parse_url(url)
    if address.scheme != "ct" or not address.host or address.pattern:
        raise Wrong(f"{plain(node)} is no node such as root@node1 or ct+ssh://root@node1?sudo=true")
    return f"{url}{'&' if '?' in url else '?'}container="
