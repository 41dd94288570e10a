"""An Ansible inventory, whatever its form: ansible-inventory reads it, we read what that prints.

    ansible-inventory --list -i hosts.ini
    {"_meta": {"hostvars": {"node1": {"ansible_host": "192.0.2.1", "ansible_user": "root"}}},
     "all": {"children": ["ungrouped", "nodes"]}, "nodes": {"hosts": ["node1"]}}

Its values are as they were written: what has a template or a vault in it is refused, not guessed.
https://docs.ansible.com/ansible/latest/cli/ansible-inventory.html
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.inventory.address import Entry, Machine, entry
from ct0_suites.records import Unreachable
from ct0_suites.transport import call

COMMAND = "ansible-inventory"
TIMEOUT = 120.0  # seconds: a dynamic inventory may ask a cloud
SSH = ("", "ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh")
LOCAL = ("local", "ansible.builtin.local")
ARGUMENTS = ("ansible_ssh_common_args", "ansible_ssh_extra_args", "ansible_ssh_args")
# ssh's options that change nothing of the way; any other could, and we have our own in their place.
FLAGS = frozenset(("-C", "-q", "-A", "-a", "-x", "-T", "-4", "-6", "-v"))
SETTINGS = (
    "control", "stricthostkeychecking", "serveralive", "connecttimeout", "connectionattempts",
    "forwardagent", "forwardx11", "compression", "loglevel", "preferredauthentications",
    "tcpkeepalive", "batchmode", "gssapi",
)  # fmt: skip


def read_ansible(text: str) -> list[Entry]:
    """PATH, or PATH:GROUP with a shell pattern of groups' or hosts' names. Raises Wrong."""
    path, group = text, ""
    if not os.path.exists(path):
        path, _, group = text.rpartition(":")
    if not os.path.exists(path):
        raise Wrong(f"{plain(text)}: No such file or directory")
    return parse_list(printed(path), f"ansible:{path}", group)


def printed(path: str) -> str:
    """What ansible-inventory says of it. Raises Wrong."""
    program = shutil.which(COMMAND)
    if program is None:
        raise Wrong(
            f"ansible:{path}: {COMMAND} is not installed: apt-get install ansible-core,"
            " or pip install ansible-core"
        )
    # Without the setting a file that nobody can parse is an empty inventory, and a success.
    strict = "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=1"
    argv = ["env", strict, "ANSIBLE_NOCOLOR=1", program, "--list", "-i", os.path.abspath(path)]
    try:
        said = call(argv, COMMAND, b"", TIMEOUT)
    except Unreachable as error:
        raise Wrong(f"ansible:{path}: {error}") from error
    if said.status:
        raise Wrong(f"ansible:{path}: {COMMAND}: {said.trouble}")
    return said.text


def parse_list(text: str, source: str, group: str = "") -> list[Entry]:
    """What `ansible-inventory --list` printed; `source` is for messages. Raises Wrong."""
    try:
        document = json.loads(text)
        variables = document["_meta"]["hostvars"]
        members = {
            name: (set(found.get("hosts", ())), set(found.get("children", ())))
            for name, found in document.items()
            if name != "_meta"
        }
        names = chosen(members, group)
        known = {name: dict(variables.get(name, {})) for name in names}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Wrong(f"{source}: not what {COMMAND} prints ({type(error).__name__})") from error
    if group and not known:
        groups = ", ".join(sorted(map(plain, members)))
        raise Wrong(f"{source}: no host and no group {plain(group)} with hosts; groups: {groups}")
    return [host(name, found, source) for name, found in known.items()]


def chosen(members: Mapping[str, tuple[set[str], set[str]]], pattern: str) -> list[str]:
    """Names of the hosts in groups that match, or that match themselves; in order of name."""
    every = {host for hosts, _ in members.values() for host in hosts}
    if pattern in ("", "all"):
        return sorted(every)
    found = {name for name in every if fnmatchcase(name, pattern)}
    left = [name for name in members if fnmatchcase(name, pattern)]
    seen: set[str] = set()
    while left:
        name = left.pop()
        if name not in seen:
            seen.add(name)
            hosts, children = members.get(name, (set(), set()))
            found |= hosts
            left += children
    return sorted(found)


def host(name: str, variables: Mapping[str, Any], source: str) -> Entry:
    """One host of it, by its variables. Raises Wrong."""
    source = f"{source}: {plain(name)}"

    def said(*keys: str) -> str:
        for key in keys:
            if key in variables and variables[key] is not None:
                return value(variables[key], f"{source}: {key}")
        return ""

    way = said("ansible_connection")
    if way in LOCAL:
        return Entry("ct://", name=name)
    if way not in SSH:
        raise Wrong(f"{source}: ansible_connection {plain(way)} is not ssh: choose a group without")
    for key in ARGUMENTS:
        for option in strange(said(key)):
            raise Wrong(
                f"{source}: {key} has {plain(option)}, which is not followed: say it in ssh's"
                " configuration (~/.ssh/config), or list the node in an inventory of ct0's own"
            )
    user = said("ansible_user", "ansible_ssh_user")
    port = said("ansible_port", "ansible_ssh_port")
    if port and not (port.isascii() and port.isdigit() and len(port) < 6):
        raise Wrong(f"{source}: ansible_port {plain(port)} is no number")
    machine = Machine(
        said("ansible_host", "ansible_ssh_host") or name,
        user,
        int(port or 0),
        identity_file=said("ansible_ssh_private_key_file", "ansible_private_key_file"),
        sudo=sudo(said, source) and user != "root",
    )
    try:
        return entry(machine, name=name)
    except Wrong as error:
        raise Wrong(f"{source}: {error}") from error


def value(given: object, source: str) -> str:
    """A variable as text; what only Ansible itself could make out is refused."""
    if isinstance(given, Mapping) or (isinstance(given, str) and ("{{" in given or "{%" in given)):
        raise Wrong(f"{source} is a template or a vault's, which {COMMAND} leaves as it is")
    if not isinstance(given, (str, int, float)):
        raise Wrong(f"{source}: {plain(repr(given))} is no text")
    return str(given).strip()


def sudo(said: Callable[..., str], source: str) -> bool:
    """Whether it is to be root there by sudo."""
    if said("ansible_become").lower() not in ("true", "yes", "on", "1"):
        return False
    method, user = said("ansible_become_method"), said("ansible_become_user")
    if method not in ("", "sudo", "ansible.builtin.sudo") or user not in ("", "root"):
        raise Wrong(
            f"{source}: becoming {plain(user or 'root')} by {plain(method or 'sudo')}:"
            " only root by sudo is known"
        )
    return True


def strange(arguments: str) -> Iterator[str]:
    """Options of ssh's that may lead elsewhere."""
    try:
        words = iter(shlex.split(arguments))
    except ValueError:
        yield arguments
        return
    for word in words:
        setting = next(words, "") if word == "-o" else word[2:] if word.startswith("-o") else ""
        if word not in FLAGS and not setting.lower().startswith(SETTINGS):
            yield f"{word} {setting}" if word == "-o" else word
