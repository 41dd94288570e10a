"""Whom to judge, read from files: URLs, each with what kind it is and its name where that is said.

nodes.yaml                  our own
ansible:hosts.ini           an Ansible inventory, as ansible-inventory reads it
ansible:hosts.ini:db        one group of it
list:cts.json               what `ct0 list --json` printed here
list:root@node1=cts.json    and on a node; - is standard input
"""

from __future__ import annotations

from ct0_suites.inventory.address import Entry


def read_inventory(path: str) -> list[Entry]:
    """Every entry of an inventory, each URL once, in its order. Raises Wrong."""
    # An inventory of Ansible takes no jsonschema, ours no subprocess.
    form, colon, rest = path.partition(":")
    if colon and form == "ansible":
        from ct0_suites.inventory.ansible import read_ansible

        entries = read_ansible(rest)
    elif colon and form == "list":
        from ct0_suites.inventory.listed import read_listed

        entries = read_listed(rest)
    else:
        from ct0_suites.inventory.yaml import read_nodes

        entries = read_nodes(path)
    return list(dict.fromkeys(entries))
