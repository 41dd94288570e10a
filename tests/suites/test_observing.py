"""A snapshot is a file that loads, that is about whom was looked at, and that holds."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ct0.container import RUNNING
from ct0.errors import Unavailable
from ct0_suites.expectations.files import Wrong, parse_yaml
from ct0_suites.expectations.load import expectations
from ct0_suites.expectations.matching import applies
from ct0_suites.expectations.schema import schema
from ct0_suites.judging import Judge
from ct0_suites.naming import ids, label, scopes
from ct0_suites.observed import Snapshot, document, write
from ct0_suites.observing import main, observe
from ct0_suites.records import CT, CT0, KINDS, PASSED, NotApplicable, Subject, Unreachable
from ct0_suites.running import Node
from ct0_suites.suites import SUITES
from ct0_suites.target import Target
from suites.scripted import Scripted

NOW = datetime(2026, 11, 25, 17, 20, tzinfo=timezone.utc)


class Suite:
    """Sees what it is told to see; expects what it saw."""

    __doc__ = "scripted: what a test says."
    SCHEMA: Mapping[str, Any] = {
        "name": {"description": "Anything.", "type": "string"},
        "values": {"description": "Anything.", "type": "object"},
        "texts": {"description": "Anything.", "type": "array"},
    }
    REQUIRED: tuple[str, ...] = ()
    KINDS = KINDS

    def __init__(self, sees: Mapping[Subject, Sequence[Any]]) -> None:
        self.sees = sees

    def observe(self, target: Target) -> Iterator[Any]:
        for want in self.sees.get(target.subject, ()):
            if isinstance(want, Exception):
                raise want
            yield want

    def judge(self, want: Mapping[str, Any], target: Target) -> Iterator[str]:
        if want not in self.sees.get(target.subject, ()):
            yield "was never seen"


class Fleeting(Suite):
    def judge(self, want: Mapping[str, Any], target: Target) -> Iterator[str]:
        yield "is gone"


@contextmanager
def playing(**suites: Suite) -> Iterator[None]:
    """These in place of the real ones, of which only state stays."""
    nothing = Suite({})
    modules = {
        f"ct0_suites.suites.{name}": suites.get(name, nothing)
        for name in SUITES
        if name != "state" or name in suites
    }
    with mock.patch.dict(sys.modules, modules):
        yield


def target(subject: Subject, state: str = RUNNING) -> Target:
    return Target(subject, Scripted({"^true$": ""}), state)


def node(name: str, targets: Sequence[Target], error: Exception | None = None) -> Node:
    @contextmanager
    def opened() -> Iterator[Sequence[Target]]:
        if error:
            raise error
        yield targets

    return Node(name, opened)


NODE1 = Subject("node1", CT0, "lxc")
WEB1 = Subject("node1", CT, "lxc", "101", "web1")
OLD = Subject("node1", CT, "lxc", "102", "old")


def test_a_node_and_its_containers() -> None:
    sees: dict[Subject, Sequence[Any]] = {
        NODE1: [{"values": {"net.ipv4.ip_forward": 1}}],
        WEB1: [{"name": "sshd"}, {"name": "nginx"}, {"name": "sshd", "texts": ["yes", "1"]}],
        OLD: [{"name": "never asked"}],
    }
    fleet = [node("node1", [target(NODE1), target(WEB1), target(OLD, "stopped")])]
    with playing(sysctls=Suite(sees)):
        text = document(observe(fleet), NOW)
    assert (
        text
        == """\
# Seen by ct0 verify snapshot, 2026-11-25 17:20 UTC: node1; containers: 2.
# Leave what matters, and say why; ct0 verify -e THIS-FILE URL judges it.
version: 1

state:
  - id: node1-web1-state
    for: {node: node1, ct: web1}
    is: running
  - id: node1-old-state
    for: {node: node1, ct: old}
    is: stopped

sysctls:
  - id: node1-sysctls
    for: {node: node1, kind: ct0}
    values:
      net.ipv4.ip_forward: 1
  - id: node1-web1-sysctls-sshd
    for: {node: node1, ct: web1}
    name: sshd
  - id: node1-web1-sysctls-nginx
    for: {node: node1, ct: web1}
    name: nginx
  - id: node1-web1-sysctls-sshd-2
    for: {node: node1, ct: web1}
    name: sshd
    texts:
      - 'yes'
      - '1'
"""
    )


def test_what_cannot_be_seen_or_does_not_hold_is_left_out_and_named() -> None:
    sees: dict[Subject, Sequence[Any]] = {
        NODE1: [{"name": "good"}, Unavailable("/etc/x: no\nsuch\x1b[2J file")],
        WEB1: [{"nme": "x"}, {"name": 7}, {"texts": [object()]}, NotApplicable("no Puppet here")],
        OLD: [KeyError("x")],
    }
    fleet = [
        node("node1", [target(NODE1), target(WEB1), target(OLD)]),
        node("node2", [], Unreachable("node2: no route\nto host")),
    ]
    with playing(sysctls=Suite(sees), ssh=Fleeting({NODE1: [{"name": "x"}]})):
        found = observe(fleet)
        text = document(found, NOW)
    assert [each.want for each in found.seen if each.suite == "sysctls"] == [{"name": "good"}]
    assert found.unreached == ["node2: node2: no route\nto host"]
    for line in (
        "# Not reached: node2: node2: no route?to host",
        "# Left out: node1: sysctls: /etc/x: no?such?[2J file",
        "# Left out: node1: ssh: failed when judged; is gone",
        "# Left out: node1/web1: sysctls: seen: Additional properties are not allowed ('nme' was"
        " unexpected)",
        "# Left out: node1/web1: sysctls: seen: name: 7 is not of type 'string'",
        "# Left out: node1/old: sysctls: KeyError: 'x' (a bug: please report it)",
    ):
        assert line in text.splitlines()
    assert "no Puppet" not in text


def test_a_node_that_is_named_twice_is_seen_once() -> None:
    fleet = [node("node1", [target(NODE1), target(WEB1)]), node("node1", [target(WEB1)])]
    with playing(sysctls=Suite({WEB1: [{"name": "x"}]})):
        found = observe(fleet)
    assert found.subjects == [NODE1, WEB1]
    assert [each.suite for each in found.seen] == ["state", "sysctls"]


def test_who_cannot_be_told_apart_is_left_out() -> None:
    twins = [Subject("n", CT, "lxc", "1", "2"), Subject("n", CT, "lxc", "2", "1")]
    with playing(sysctls=Suite({twins[0]: [{"name": "x"}]})):
        text = document(observe([node("n", [target(twin) for twin in twins])]), NOW)
    assert "# Left out: n/2: another has the same name\n" in text
    assert parse_yaml(text, "x", {}) == {"version": 1}


def test_scopes_prefer_names_and_add_engines_where_they_must() -> None:
    web, same = Subject("n", CT, "lxc", "101", "web"), Subject("n", CT, "docker", "f00", "web")
    number, other = Subject("n", CT, "openvz", "7"), Subject("n", CT, "proxmox", "7")
    star = Subject("n[1]", CT, "lxc", "9", "a*?[b]")
    found = scopes([web, same, number, other, star, Subject("n", CT0)])
    assert found[web] == {"node": "n", "ct": "101"}
    assert found[number] == {"node": "n", "ct": "7", "engine": "openvz"}
    assert found[star] == {"node": "n[[]1]", "ct": "a[*][?][[]b]"}
    assert found[Subject("n", CT0)] == {"node": "n", "kind": "ct0"}


def test_ids_do_not_depend_on_what_else_is_seen() -> None:
    entries = [(WEB1, "services", "sshd"), (NODE1, "puppet", ""), (WEB1, "ssh", "root key")]
    assert ids(entries) == ["node1-web1-services-sshd", "node1-puppet", "node1-web1-ssh-root-key"]
    assert ids(reversed(entries)) == list(reversed(ids(entries)))
    long = ids([(WEB1, "services", "x" * 40), (Subject("n" * 200, CT0), "puppet", "")])
    assert all(len(each) <= 100 for each in long)


def test_a_label_is_one_word_of_what_it_must_say() -> None:
    assert label({"to": "x", "unit": "cron"}, ("unit",)) == "cron"
    assert label({"values": {}, "name": "y"}, ("values",)) == "y"
    assert label({"port": 22}, ("port",)) == "22"
    assert label({"runs": True, "name": "z" * 50}, ("runs",)) == ""


characters = st.characters(exclude_categories=())
names = st.text("ab-*?[]", max_size=5) | st.text(characters, max_size=12)
cts = st.builds(
    Subject, st.just("n"), st.just(CT), st.sampled_from(["lxc", "docker"]), names, names
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | names,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)
wants = st.fixed_dictionaries(
    {},
    optional={"name": names, "values": st.dictionaries(names, values), "texts": st.lists(values)},
)


@settings(max_examples=60, deadline=None)
@given(st.lists(cts.filter(lambda ct: ct.ctid), max_size=4), names.filter(bool), st.data())
@example([Subject("n", CT, "lxc", "\ud800\n- id: x\n", "[!a]\u2028\x85\x00'\"#: {")], "y*", None)
def test_whatever_is_seen_loads_and_holds(
    containers: list[Subject], name: str, data: st.DataObject | None
) -> None:
    subjects = [Subject(name, CT0, "lxc")]
    subjects += dict.fromkeys(each._replace(node=name) for each in containers)
    if data is None:
        sees: Any = {each: [{"name": "\ud800\n\x00: {"}] for each in subjects}
    else:
        sees = {each: data.draw(st.lists(wants, max_size=3)) for each in subjects}
    fleet = [node(name, [target(each) for each in subjects])]
    with playing(sysctls=Suite(sees), ssh=Suite(sees)):
        found = observe(fleet)
        assert not found.left_out
        text = document(found, NOW)
        assert text.isascii()
        assert text.replace("\n", "").isprintable()
        expected = expectations(parse_yaml(text, "x", schema()), "x")
        whose = scopes(subjects)
        told = sum(1 for each in found.seen if each.subject in whose)
        assert len({each.id for each in expected}) == len(expected) == told
        for each in expected:
            assert sum(applies(each, subject) for subject in subjects) == 1
        for subject in subjects:
            results = list(Judge(expected).judge(target(subject)))
            assert {result.outcome for result in results} == {PASSED}


@settings(deadline=None)
@given(st.lists(st.tuples(cts, st.sampled_from(["ssh", "puppet"]), names)))
def test_ids_are_what_the_schema_takes(entries: list[tuple[Subject, str, str]]) -> None:
    found = ids(entries)
    assert len(set(found)) == len(entries)
    assert all(re.fullmatch("[A-Za-z0-9][A-Za-z0-9_.-]{0,99}", each) for each in found)


def test_a_file_is_not_overwritten_unless_it_is_said(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    write(str(path), "version: 1\n")
    with pytest.raises(Wrong, match=r"site\.yaml: is there already; --force overwrites it"):
        write(str(path), "version: 2\n")
    assert path.read_text() == "version: 1\n"
    write(str(path), "version: 3\n", force=True)
    assert path.read_text() == "version: 3\n"
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "absent")
    with pytest.raises(Wrong, match="is there already"):
        write(str(link), "version: 1\n")
    assert os.listdir(tmp_path) == sorted(os.listdir(tmp_path), key=["site.yaml", "link"].index)


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(Wrong, match=r"no/site\.yaml: No such file or directory"):
        write(str(tmp_path / "no/site.yaml"), "x")
    with pytest.raises(UnicodeEncodeError):
        write(str(tmp_path / "site.yaml"), "\xfc")
    assert not os.listdir(tmp_path)


def test_a_long_list_of_what_was_left_out_is_cut() -> None:
    text = document(Snapshot([NODE1], [], ["x"] * 1000, []), NOW)
    assert text.count("# Left out: x\n") == 200
    assert "# Left out: and 800 more\n" in text


@pytest.fixture
def given_nodes(monkeypatch: pytest.MonkeyPatch) -> list[Node]:
    """Those that a command line names, whatever it says."""
    nodes: list[Node] = []
    monkeypatch.setattr("ct0_suites.command.nodes_of", lambda options: nodes)
    return nodes


def test_the_command_writes_a_file(given_nodes: list[Node], tmp_path: Path) -> None:
    given_nodes.append(node("node1", [target(NODE1), target(WEB1)]))
    path = tmp_path / "site.yaml"
    with playing():
        assert main(["--output", str(path), "ct+ssh://node1"]) == 0
    document = parse_yaml(path.read_text(), str(path), {})
    assert [each["id"] for each in document["state"]] == ["node1-web1-state"]


def test_the_command_prints_without_a_file(
    given_nodes: list[Node], capsys: pytest.CaptureFixture[str]
) -> None:
    given_nodes.append(node("node1", [target(NODE1), target(WEB1)]))
    with playing(sysctls=Suite({NODE1: [Unavailable("no\x1b[2J way")]})):
        assert main(["--suite=state", "ct+ssh://node1"]) == 0
        assert main(["--suite=sysctls", "--suite=state", "ct+ssh://node1"]) == 0
    said = capsys.readouterr()
    assert said.out.count("id: node1-web1-state") == 2
    assert said.err == "ct0 verify snapshot: node1: sysctls: no?[2J way\n"


def test_a_node_that_is_not_reached_is_told_and_counts(
    given_nodes: list[Node], capsys: pytest.CaptureFixture[str]
) -> None:
    given_nodes.append(node("node2", [], Unreachable("node2: no route to host")))
    with playing(), pytest.raises(Wrong, match="nothing was seen: node2: node2: no route to host"):
        main(["x"])
    given_nodes.append(node("node1", [target(WEB1)]))
    with playing():
        assert main(["x"]) == 3
    assert "id: node1-web1-state" in capsys.readouterr().out


def test_nobody_is_asked_for_what_cannot_be_written(
    given_nodes: list[Node], tmp_path: Path
) -> None:
    with pytest.raises(Wrong, match="no nodes"):
        main([])
    given_nodes.append(node("node1", [], AssertionError("was asked")))
    with pytest.raises(Wrong, match="is there already"):
        main(["-o", str(tmp_path), "x"])
    with pytest.raises(SystemExit) as ended:
        main(["--suite=nonsense", "x"])
    assert ended.value.code == 3
