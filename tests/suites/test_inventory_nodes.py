"""Our own inventory and what `ct0 list` printed: URLs, or what is wrong, with its place."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ct0.cli.__main__ import main
from ct0_suites.expectations.files import Wrong
from ct0_suites.inventory import read_inventory
from ct0_suites.inventory.address import Entry, Machine, entry
from ct0_suites.inventory.listed import parse_listed
from ct0_suites.inventory.yaml import parse_nodes
from ct0_suites.urls import parse_url

GOOD = """\
version: 1
nodes:
  - root@node1.example
  - node2.example:2222
  - "[2001:db8::1]:22"
  - ct+ssh://root@node3?container=web*
  - host: node4
    name: shop
    user: verify
    sudo: true
    port: 2200
    kind: ct0
    containers: "web*"
    identity_file: keys/of nodes
    ssh_config: /etc/ct0/ssh_config
  - {host: "2001:db8::2", kind: host}
  - {url: "local://", kind: host, name: here}
  - root@node1.example
"""


def test_nodes_in_their_order_each_once(tmp_path: Path) -> None:
    path = tmp_path / "nodes.yaml"
    path.write_text(GOOD)
    assert read_inventory(str(path)) == [
        Entry("ct+ssh://root@node1.example"),
        Entry("ct+ssh://node2.example:2222"),
        Entry("ct+ssh://[2001:db8::1]:22"),
        Entry("ct+ssh://root@node3?container=web*"),
        Entry(
            "ct+ssh://verify@node4:2200?container=web*&ssh_config=/etc/ct0/ssh_config"
            f"&ssh_identity_file={tmp_path}/keys/of%20nodes&sudo=true",
            "ct0",
            "shop",
        ),
        Entry("ssh://[2001:db8::2]", "host"),
        Entry("local://", "host", "here"),
    ]


def test_what_is_written_is_what_the_url_says() -> None:
    (shop,) = parse_nodes("version: 1\nnodes:\n" + GOOD[GOOD.index("  - host: node4") :], "/x/n")[
        :1
    ]
    address = parse_url(shop.url)
    assert address.destination == "verify@node4"
    assert (address.port, address.pattern, address.sudo) == (2200, "web*", True)
    assert address.ssh_identity_file == "/x/keys/of nodes"


def test_no_nodes_are_no_nodes() -> None:
    assert parse_nodes("version: 1\nnodes: []\n", "x") == []


@pytest.mark.parametrize(
    ("node", "told"),
    [
        ("''", "x.yaml:4: nodes[1]: '' "),
        ("'a b'", "x.yaml:4: nodes[1]: ct+ssh://a%20b: no machine's name: 'a b'"),
        ("-oProxyCommand=id", "x.yaml:4: nodes[1]: "),
        ("'root@-oProxyCommand=id'", "no machine's name"),
        ("'2001:db8::1'", "'2001:db8::1' is neither a URL nor [user@]host[:port]"),
        ("host:99999", "x.yaml:4: nodes[1]: "),
        ("ftp://node", "x.yaml:4: nodes[1]: ftp://node: no scheme 'ftp'"),
        ("'ct+ssh://node?containers=x'", "no option 'containers'"),
        ("7", "x.yaml:4: nodes[1]: 7 is not of type 'string', 'object'"),
        ("{}", "x.yaml:4: nodes[1]: which node? give host or url"),
        ("{host: a, port: no}", "x.yaml:4: nodes[1].port: False is not of type 'integer'"),
        ("{host: a, port: 0}", "nodes[1].port: 0 is less than"),
        ("{host: a, pot: 1}", "('pot' was unexpected)"),
        ("{host: a, kind: vm}", '"vm" is none of ct0, ct, host'),
        ("{host: a, kind: host, containers: x}", "containers of a machine of kind host"),
        ("{url: 'ct+ssh://a', user: root}", "nodes[1]: user beside url"),
        ("{host: a, user: 'root:secret'}", "x.yaml:4: nodes[1]: "),
        ("{host: a, user: ''}", "x.yaml:4: nodes[1].user: "),
        ('{host: "a\\u202eb"}', "nobody can see"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(node: str, told: str) -> None:
    with pytest.raises(Wrong) as caught:
        parse_nodes(f"version: 1\nnodes:\n  - good\n  - {node}\n", "x.yaml")
    assert told in str(caught.value)
    assert str(caught.value).startswith("x.yaml:4: nodes[1]")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "x.yaml: None is not of type 'object'"),
        ("nodes: []\n", "x.yaml: 'version' is a required property"),
        ("version: 2\nnodes: []\n", "x.yaml:1: version: 1 was expected"),
        ("version: 1\nnodes: [a\n", "x.yaml:3:1: "),
        ("version: 1\nnodes: a\n", "x.yaml:2: nodes: 'a' is not of type 'array'"),
        ("[defaults]\nnodes=1\n", "x.yaml:"),
    ],
)
def test_what_is_no_inventory(text: str, told: str) -> None:
    with pytest.raises(Wrong) as caught:
        parse_nodes(text, "x.yaml")
    assert told in str(caught.value)


def test_a_file_that_is_not_there() -> None:
    for path in ("/absent.yaml", "list:/absent.json", "list:node=/absent.json"):
        with pytest.raises(Wrong, match=r"/absent\.(yaml|json): No such file or directory"):
            read_inventory(path)


@given(
    st.text(min_size=1), st.text(), st.integers(0, 65535), st.text(), st.sampled_from(["", "host"])
)
@example("node", "a%2Fb", 22, "web&sudo=true", "")
@example("node?sudo=true", "", 0, "", "")
@example("node", "\ud800", 0, "\ud800", "")
@example("[::1", "", 0, "", "host")
def test_a_machine_is_refused_or_comes_out_as_it_went_in(
    host: str, user: str, port: int, containers: str, kind: str
) -> None:
    machine = Machine(host, user, port, kind, "" if kind else containers, identity_file=user)
    try:
        found = parse_url(entry(machine).url)
    except Wrong:
        return
    assert (found.user, found.port) == (user, port)
    assert found.host in (host, host[1:-1])
    assert found.pattern == machine.containers
    assert not found.sudo


@pytest.fixture
def listed(host: Callable[[str], Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What `ct0 list --json` prints of a recorded node."""
    assert main(["--root", str(host("openvz6")), "list", "--json"]) == 0
    path = tmp_path / "cts=.json"
    path.write_text(capsys.readouterr().out)
    return path


def test_containers_that_were_listed(listed: Path) -> None:
    ctids = [each["ctid"] for each in json.loads(listed.read_text())]
    assert len(ctids) > 2
    here = read_inventory(f"list:{listed}")
    assert here == [Entry(f"ct://{ctid}") for ctid in ctids]
    there = read_inventory(f"list:root@node1:2222={listed}")
    assert there == [Entry(f"ct+ssh://root@node1:2222?container={ctid}") for ctid in ctids]
    by_sudo = read_inventory(f"list:ct+ssh://me@node1?sudo=true={listed}")
    assert by_sudo[0].url == f"ct+ssh://me@node1?sudo=true&container={ctids[0]}"


def test_a_list_on_standard_input(listed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for given_ in ("list:-", "list:node1=-"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(listed.read_bytes())))
        assert len(read_inventory(given_)) == len(json.loads(listed.read_text()))


def test_a_listed_name_is_no_pattern_and_no_option() -> None:
    text = json.dumps(
        [{"engine": "lxc", "ctid": ctid} for ctid in ("web[1]*", "a&sudo=true", "ü/?")]
    )
    found = [parse_url(each.url) for each in parse_listed(text.encode(), "x", "node1")]
    assert [each.pattern for each in found] == ["web[[]1][*]", "a&sudo=true", "ü/[?]"]
    assert not any(each.sudo for each in found)


@pytest.mark.parametrize(
    "text", ["", "[", "{}", "7", "[7]", '[{"ctid": 7, "engine": "lxc"}]', "[[]]"]
)
def test_what_is_no_list(text: str) -> None:
    if text == "{}":
        text = '{"a": 1}'
    with pytest.raises(Wrong, match=r"^x: not what `ct0 list --json` prints$"):
        parse_listed(text.encode(), "x")


def test_a_listed_name_that_is_no_text() -> None:
    for ctid in ("\\ud800", "\\u001b[2J", ""):
        with pytest.raises(Wrong, match=r"^x: "):
            parse_listed(f'[{{"engine": "lxc", "ctid": "{ctid}"}}]'.encode(), "x", "n")


@pytest.mark.parametrize("node", ["local://", "ssh://node1", "ct://", "ct+ssh://a?container=b"])
def test_containers_are_listed_of_a_node(node: str) -> None:
    with pytest.raises(Wrong, match="is no node such as"):
        parse_listed(b"[]", "x", node)


@given(st.binary())
def test_a_garbled_list_is_wrong_or_a_list(content: bytes) -> None:
    try:
        parse_listed(content, "x")
    except Wrong:
        pass


@given(st.text())
def test_a_garbled_inventory_is_wrong_or_one(text: str) -> None:
    try:
        parse_nodes(text, "x")
        parse_nodes(f"version: 1\nnodes:\n- {text}", "x")
    except Wrong:
        pass
