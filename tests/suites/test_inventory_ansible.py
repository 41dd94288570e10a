"""Ansible's inventories, by what ansible-inventory printed of them (tests/suites/inventory)."""

from __future__ import annotations

import json
import os
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong
from ct0_suites.inventory import read_inventory
from ct0_suites.inventory.address import Entry
from ct0_suites.inventory.ansible import host, parse_list, strange

RECORDED = Path(__file__).parent / "inventory/ansible"
NEW, OLD = "core-2.19.14", "core-2.14.18"


def recorded(name: str, version: str = NEW) -> str:
    return (RECORDED / f"{name}.{version}.json").read_text()


KEY = f"ssh_identity_file={os.path.expanduser('~')}/.ssh/nodes%20key"
SITE = [
    Entry("ct+ssh://bastion.example:2222", "", "bastion.example"),
    Entry("ct+ssh://192.0.2.9", "", "db1"),
    Entry(f"ct+ssh://verify@[2001:db8::7]?{KEY}", "", "ipv6"),
    Entry("ct://", "", "localhost"),
    Entry(f"ct+ssh://root@node1.example?{KEY}", "", "node1.example"),
    Entry(f"ct+ssh://root@node2.example?{KEY}", "", "node2.example"),
]


@pytest.mark.parametrize("version", [NEW, OLD])
def test_every_host(version: str) -> None:
    assert parse_list(recorded("hosts.ini", version), "x") == SITE
    assert parse_list(recorded("hosts.ini", version), "x", "all") == SITE


@pytest.mark.parametrize(
    ("group", "names"),
    [
        ("nodes", ["ipv6", "node1.example", "node2.example"]),
        ("production", ["db1", "ipv6", "node1.example", "node2.example"]),
        ("d?", ["db1"]),
        ("ungrouped", ["bastion.example"]),
        ("db1", ["db1"]),
        ("node*", ["ipv6", "node1.example", "node2.example"]),
    ],
)
def test_a_group_with_its_children_or_a_host(group: str, names: list[str]) -> None:
    assert [each.name for each in parse_list(recorded("hosts.ini"), "x", group)] == names


def test_a_group_that_is_not_there() -> None:
    with pytest.raises(Wrong, match=r"^x: no host and no group webs with hosts; groups: all, db"):
        parse_list(recorded("hosts.ini"), "x", "webs")


def test_a_script_and_a_folder() -> None:
    node = Entry("ct+ssh://root@192.0.2.1", "", "node1.example")
    assert parse_list(recorded("dynamic.sh"), "x") == [node]
    found = {each.name: each.url for each in parse_list(recorded("folder"), "x")}
    assert found["db1"] == "ct+ssh://deploy@192.0.2.9"
    assert found["bastion.example"] == "ct+ssh://deploy@bastion.example:2222"


def test_what_only_ansible_could_make_out_is_refused() -> None:
    text = recorded("hosts.yaml")
    node = parse_list(text, "x", "node1.example")
    assert node == [Entry("ct+ssh://root@node1.example:2200", "", "node1.example")]
    with pytest.raises(Wrong, match=r"^x: node2\.example: ansible_host is a template or a vault"):
        parse_list(text, "x")
    odd = recorded("odd.yaml")
    assert parse_list(odd, "x", "harmless")[0].url == "ct+ssh://harmless"
    assert parse_list(odd, "x", "numbered")[0].url == "ct+ssh://7:22"
    for name, told in {
        "vaulted": "ansible_user is a template or a vault's",
        "windows": "ansible_connection winrm is not ssh",
        "jumped": "ansible_ssh_common_args has -o ProxyJump=bastion.example, which is not",
    }.items():
        with pytest.raises(Wrong, match=f"^x: {name}: {told}"):
            parse_list(odd, "x", name)


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "ct+ssh://n"),
        (
            {"ansible_ssh_host": "h", "ansible_ssh_user": "u", "ansible_ssh_port": 3},
            "ct+ssh://u@h:3",
        ),
        ({"ansible_host": "a", "ansible_ssh_host": "b"}, "ct+ssh://a"),
        ({"ansible_host": None, "ansible_port": ""}, "ct+ssh://n"),
        ({"ansible_user": "me", "ansible_become": True}, "ct+ssh://me@n?sudo=true"),
        ({"ansible_user": "me", "ansible_become": "no"}, "ct+ssh://me@n"),
        ({"ansible_user": "root", "ansible_become": "yes"}, "ct+ssh://root@n"),
        ({"ansible_connection": "smart"}, "ct+ssh://n"),
        ({"ansible_private_key_file": "/k"}, "ct+ssh://n?ssh_identity_file=/k"),
    ],
)
def test_variables(variables: dict[str, Any], url: str) -> None:
    assert host("n", variables, "x").url == url


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"ansible_host": "-oProxyCommand=id"}, "no machine's name"),
        ({"ansible_host": "a b"}, "no machine's name"),
        ({"ansible_host": ["a"]}, r"ansible_host: \['a'\] is no text"),
        ({"ansible_port": "ssh"}, "ansible_port ssh is no number"),
        ({"ansible_port": 70000}, "no port"),
        ({"ansible_become": True, "ansible_become_user": "db"}, "becoming db by sudo"),
        ({"ansible_become": True, "ansible_become_method": "su"}, "becoming root by su"),
        ({"ansible_user": "{{ me }}"}, "is a template"),
    ],
)
def test_variables_that_lead_nowhere(variables: dict[str, Any], told: str) -> None:
    with pytest.raises(Wrong, match=rf"^x: n: .*{told}"):
        host("n", variables, "x")


def test_only_options_of_ssh_that_lead_nowhere_else_are_passed_over() -> None:
    assert not list(strange("-C -o ControlMaster=auto -oControlPersist=60s"))
    for way in (
        "-J b",
        "-F f",
        "-o ProxyCommand='ssh -W %h:%p b'",
        "-p 3",
        "-o",
        "-oHostname=x",
        "'",
    ):
        assert list(strange(way)), way


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A command ansible-inventory in the PATH, to be written."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "ansible-inventory"


def write(command: Path, text: str) -> None:
    command.write_text(f"#!/bin/sh\n{text}\n")
    command.chmod(0o755)


def test_the_command_is_asked_strictly(command: Path, tmp_path: Path) -> None:
    log, site = tmp_path / "log", tmp_path / "si te"
    site.write_text("")
    answer = shlex.quote(str(RECORDED / f"hosts.ini.{NEW}.json"))
    write(
        command,
        f'printf "%s\\n" "$@" $ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED >{log}; cat {answer}',
    )
    assert read_inventory(f"ansible:{site}") == SITE
    assert log.read_text() == f"--list\n-i\n{site}\n1\n"
    assert [each.name for each in read_inventory(f"ansible:{site}:db")] == ["db1"]
    (tmp_path / "a:b").mkdir()
    assert len(read_inventory(f"ansible:{tmp_path}/a:b")) == len(SITE)


def test_what_the_command_cannot_read_is_wrong(command: Path, tmp_path: Path) -> None:
    site = tmp_path / "hosts"
    site.write_text("")
    write(command, "echo '[ERROR]: Completely failed to parse inventory source' >&2; exit 1")
    with pytest.raises(Wrong, match=r"hosts: ansible-inventory: .ERROR.: Completely failed"):
        read_inventory(f"ansible:{site}")
    write(command, "echo nothing of the kind")
    with pytest.raises(Wrong, match=r"not what ansible-inventory prints"):
        read_inventory(f"ansible:{site}")


def test_without_the_command_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Wrong, match="not installed: apt-get install ansible-core, or pip install"):
        read_inventory(f"ansible:{tmp_path}")
    with pytest.raises(Wrong, match=r"^/absent: No such file"):
        read_inventory("ansible:/absent")


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(documents, st.text())
def test_garbage_is_wrong_or_a_list(inner: object, group: str) -> None:
    whole = json.loads(recorded("hosts.ini"))
    for text in (
        json.dumps(inner),
        json.dumps({**whole, "db": inner}),
        json.dumps({**whole, "_meta": {"hostvars": inner}}),
        json.dumps({**whole, "_meta": {"hostvars": {"db1": {"ansible_host": inner}}}}),
    ):
        try:
            parse_list(text, "x", group)
        except Wrong:
            pass


@given(st.integers(0, 900))
def test_what_is_cut_off_is_wrong(length: int) -> None:
    with pytest.raises(Wrong):
        parse_list(recorded("hosts.ini")[:length], "x")
