"""Our own inventory:

version: 1
nodes:
  - root@node1.example                   # a machine, and its containers if it has any
  - ct+ssh://root@node2.example:2222     # any URL
  - host: node3.example
    user: verify
    sudo: true
    port: 2222
    kind: ct0                            # host: a plain machine, not asked for containers
    containers: "web*"                   # these only, without the machine itself
    identity_file: keys/nodes            # relative to this file
    ssh_config: ssh_config
  - url: local://
    kind: host
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ct0_suites.expectations.files import Wrong, line, parse_yaml, read_text
from ct0_suites.expectations.schema import DRAFT
from ct0_suites.inventory.address import Entry, Machine, entry, machine
from ct0_suites.records import KINDS
from ct0_suites.urls import parse_url

TEXT = {"type": "string", "minLength": 1, "maxLength": 500}
NODE: dict[str, Any] = {
    "url": {"description": "Any URL that `ct0 verify` takes; beside it only kind, name.", **TEXT},
    "host": {"description": "Name or address, as ssh takes it.", **TEXT},
    "name": {"description": "What reports and `for:` call it; else as the URL does.", **TEXT},
    "user": {"description": "Who to be there; ssh's own choice unless given.", **TEXT},
    "sudo": {"description": "Whether commands run by sudo there.", "type": "boolean"},
    "port": {"description": "Of sshd.", "type": "integer", "minimum": 1, "maximum": 65535},
    "kind": {
        "description": "What the machine is: ct0 (it has containers), host (it is not asked for"
        " any), ct (somebody else's container). Found out unless given.",
        "enum": list(KINDS),
    },
    "containers": {
        "description": "Only its containers of such a name or CTID, a shell pattern; without"
        " the machine itself.",
        **TEXT,
    },
    "identity_file": {"description": "A private key's file, relative to this one.", **TEXT},
    "ssh_config": {"description": "In place of ~/.ssh/config; relative to this file.", **TEXT},
}
BESIDE_URL = ("url", "kind", "name")


def schema() -> dict[str, Any]:
    return {
        "$schema": DRAFT,
        "title": "Nodes that ct0 verify judges",
        "type": "object",
        "properties": {
            "version": {"const": 1},
            "nodes": {
                "type": "array",
                "items": {
                    "type": ["string", "object"],
                    "minLength": 1,
                    "maxLength": 500,
                    "properties": NODE,
                    "additionalProperties": False,
                },
            },
        },
        "required": ["version", "nodes"],
        "additionalProperties": False,
    }


def read_nodes(path: str) -> list[Entry]:
    """Raises Wrong."""
    return parse_nodes(read_text(path), path)


def parse_nodes(text: str, path: str) -> list[Entry]:
    """Raises Wrong with file and line."""
    document = parse_yaml(text, path, schema())
    folder = os.path.dirname(os.path.abspath(path))
    found = []
    for number, node in enumerate(document["nodes"]):
        try:
            found.append(told(node, folder))
        except Wrong as error:
            where = f"{path}:{line(text, ('nodes', number))}: nodes[{number}]"
            raise Wrong(f"{where}: {error}") from error
    return found


def told(node: str | Mapping[str, Any], folder: str) -> Entry:
    """One node, as a text or as keys."""
    if isinstance(node, str):
        return urls(node) if "://" in node else entry(machine(node), folder)
    if "url" in node:
        beside = sorted(node.keys() - set(BESIDE_URL))
        if beside:
            raise Wrong(f"{', '.join(beside)} beside url: the URL has it, or host has")
        return urls(node["url"])._replace(kind=node.get("kind", ""), name=node.get("name", ""))
    if "host" not in node:
        raise Wrong("which node? give host or url")
    if "containers" in node and node.get("kind", "ct0") != "ct0":
        raise Wrong(f"containers of a machine of kind {node['kind']}: only a ct0 has any")
    keys = {key: value for key, value in node.items() if key != "name"}
    return entry(Machine(**keys), folder, node.get("name", ""))


def urls(text: str) -> Entry:
    parse_url(text)
    return Entry(text)
