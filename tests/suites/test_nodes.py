"""A URL made into targets: recorded hosts, reached by commands that really run a shell."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Callable

import pytest

from ct0.errors import Unavailable
from ct0.host import Host
from ct0_suites import nodes
from ct0_suites.expectations.files import Wrong
from ct0_suites.nodes import Closed, Machine, node_of, probe, ssh_options, way_to
from ct0_suites.records import Subject, Unreachable
from ct0_suites.transport import Output, Transport
from ct0_suites.urls import parse_url
from suites.fake_commands import lay_out
from suites.scripted import Scripted

Hosts = Callable[[str], Path]
Recorded = Callable[[str], None]


class Recording(Host):
    """What a snapshot gives."""

    trouble: tuple[str, ...] = ()


@pytest.fixture
def recorded(host: Hosts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recorded:
    """recorded("openvz6"): every machine is that one, and has all engines' commands; its shell is
    this machine's."""
    lay_out(tmp_path / "bin")
    (tmp_path / "bin/id").write_text("#!/bin/sh\necho 0\n", encoding="ascii")
    (tmp_path / "bin/id").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    def be(name: str) -> None:
        @contextmanager
        def snapshot(way: Transport) -> Iterator[Host]:
            way.run("true")
            yield Recording(str(host(name)))

        monkeypatch.setattr(nodes, "snapshot", snapshot)

    return be


def ids(url: str) -> list[tuple[str, str, str]]:
    with node_of(url).open() as targets:
        return [(each.subject.id, each.subject.kind, each.state) for each in targets]


OPENVZ6 = [
    ("node1/web1", "ct", "running"),
    ("node1/db1.example.com", "ct", "running"),
    ("node1/tiny", "ct", "running"),
    ("node1/stopped.example.com", "ct", "stopped"),
]
CT0 = ("node1", "ct0", "running")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ct+ssh://root@node1", [CT0, *OPENVZ6]),
        ("ct+ssh://root@node1?container=*", OPENVZ6),
        ("openvz+ssh://node1", [CT0, *OPENVZ6]),
        ("ct+ssh://node1?container=0", [CT0]),
        ("ssh://root@node1", [CT0]),
        ("ct+ssh://node1?container=web1", OPENVZ6[:1]),
        ("ct+ssh://node1?container=101", OPENVZ6[:1]),
        ("ct+ssh://node1?container=10[34]", OPENVZ6[2:]),
        ("virtuozzo+ssh://node1?container=t*", OPENVZ6[2:3]),
    ],
)
def test_whom_a_url_means(
    recorded: Recorded, url: str, expected: list[tuple[str, str, str]]
) -> None:
    recorded("openvz6")
    assert sorted(ids(url)) == sorted(expected)
    assert ids(url)[: len(expected) - 4] == expected[: len(expected) - 4]


@pytest.mark.parametrize(
    ("url", "pattern"),
    [
        ("ct+ssh://node1?container=web9", "web9"),
        ("ct+ssh://node1?container=WEB*", r"WEB\*"),
        ("lxc-attach+ssh://node1?container=*", r"\*"),
        ("ct+ssh://node1?container=%20", " "),
    ],
)
def test_a_pattern_that_matches_nobody_is_an_error(
    recorded: Recorded, url: str, pattern: str
) -> None:
    recorded("openvz6")
    with pytest.raises(Unavailable, match=f"^no container matches {pattern}$"):
        ids(url)


def test_the_containers_are_those_that_vzlist_saw(recorded: Recorded) -> None:
    """A real host's, recorded: CTID NPROC STATUS IP_ADDR HOSTNAME."""
    recorded("openvz6")
    text = (Path(__file__).parent / "transcripts/vzlist-a").read_text(encoding="ascii")
    rows = [line.split() for line in text.splitlines()]
    listed = {row[0]: row[2] for row in rows if len(row) == 5 and row[0].isdigit()}
    assert len(listed) == 4
    with node_of("openvz+ssh://node1?container=*").open() as targets:
        assert {each.subject.ctid: each.state for each in targets} == listed


def test_subjects(recorded: Recorded) -> None:
    recorded("openvz6")
    with node_of("ct+ssh://root@node1:2222").open() as targets:
        machine, first = targets[:2]
        assert machine.subject == Subject("node1:2222", "ct0", "openvz")
        assert first.subject == Subject("node1:2222", "ct", "openvz", "101", "web1")
        assert first.machine is machine


@pytest.mark.parametrize(
    ("name", "first", "engine"),
    [
        ("debian12-lxc", ("web1", "running"), "lxc"),
        ("debian12-proxmox", None, "proxmox"),
        ("debian12-docker", None, "docker"),
        ("debian12-podman", None, "podman"),
    ],
)
def test_other_engines(
    recorded: Recorded, name: str, first: tuple[str, str] | None, engine: str
) -> None:
    recorded(name)
    with node_of("ct+ssh://node1").open() as targets:
        assert targets[0].subject.kind == "ct0"
        assert engine in {each.subject.engine for each in targets[1:]}
        running = [each for each in targets[1:] if each.state == "running"]
        # It is entered by what says that it does what the engine's command does.
        assert all(each.run("echo here; exit 3").status == 3 for each in running)
        if first:
            assert first in {(each.subject.name, each.state) for each in targets}


def test_a_command_inside_a_container_of_a_node(recorded: Recorded) -> None:
    recorded("openvz6")
    with node_of("ct+ssh://node1?container=web1").open() as (target,):
        assert target.run("cat; exit 7", b"it's $(here)") == Output(7, b"it's $(here)", b"")


def test_a_stopped_container_is_a_target_and_says_what_its_engine_says(recorded: Recorded) -> None:
    recorded("openvz6")
    with node_of("ct+ssh://node1?container=104").open() as (target,):
        assert target.state == "stopped"
        with pytest.raises(Unreachable, match=r"stopped\.example\.com: Container is not running"):
            target.run("true")


def test_what_an_inventory_says_of_a_machine_counts(recorded: Recorded) -> None:
    recorded("openvz6")
    node = node_of("ct+ssh://10.0.0.1", kind="host", name="shop")
    assert node.name == "shop"
    with node.open() as targets:
        assert targets[0].subject == Subject("shop", "host")
        assert targets[1].subject.id == "shop/web1"


def test_this_machine_is_called_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "build7")
    assert node_of("local://").name == node_of("ct://web*").name == "build7"


def test_a_wrong_url_is_said_before_anything_is_reached() -> None:
    with pytest.raises(Wrong, match="no scheme"):
        node_of("telnet://node1")


def answers(present: str = "", user: str = "0") -> Scripted:
    return Scripted({"id -u": f"{present}\n{user}\n"})


def test_what_a_machine_has() -> None:
    found = answers("vzctl nsenter rm")
    assert probe(found) == (frozenset(("vzctl", "nsenter")), "0")
    for wrong in ("", "\n", "vzctl\n"):
        with pytest.raises(Unavailable, match="no id"):
            probe(Scripted({"id -u": wrong}))


@pytest.mark.parametrize(
    ("present", "kind", "engine"),
    [
        ("lxc-attach nsenter", "ct0", "lxc"),
        ("pct lxc-attach", "ct0", "proxmox"),
        ("nsenter systemd-run lxc podman docker", "host", ""),
    ],
)
def test_a_machine_without_containers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, present: str, kind: str, engine: str
) -> None:
    """One with an engine is a CT0 all the same."""
    empty(tmp_path, monkeypatch)
    found = nodes.look(answers(present), "node1")
    assert found.machine.subject == Subject("node1", kind, engine)


def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which nothing runs but its init."""
    init = tmp_path / "proc/1"
    (init / "ns").mkdir(parents=True)
    (init / "ns/pid").symlink_to("pid:[4026531836]")
    (init / "status").write_text("Name:\tinit\nPid:\t1\nNSpid:\t1\n", encoding="ascii")
    (init / "stat").write_text("1 (init) S 0 " + "0 " * 48, encoding="ascii")
    (init / "cgroup").write_text("0::/\n", encoding="ascii")
    (init / "cmdline").write_text("init\0", encoding="ascii")

    @contextmanager
    def snapshot(way: Transport) -> Iterator[Host]:
        yield Recording(str(tmp_path))

    monkeypatch.setattr(nodes, "snapshot", snapshot)


def test_only_root_sees_all_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    empty(tmp_path, monkeypatch)
    found = nodes.look(answers("", "1000"), "node1")
    with pytest.raises(Unavailable, match="log in as root, or sudo=true"):
        nodes.members(found, parse_url("ct+ssh://node1"))
    assert nodes.members(found, parse_url("ssh://node1")) == []
    assert found.machine.subject.kind == "host"


def test_a_container_that_cannot_be_entered_costs_itself_only(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded("openvz6")
    monkeypatch.setattr(nodes, "probe", lambda way: (frozenset({"lxc-attach"}), "0"))
    with node_of("ct+ssh://node1").open() as targets:
        assert targets[0].run("true").status == 0
        assert len(targets) == 5
        with pytest.raises(Unreachable, match=r"node1/web1: .*its machine has no vzctl or prlctl"):
            targets[1].run("true")


def test_an_engines_folder_that_does_not_answer_is_never_ok(
    recorded: Recorded, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stopped container that nobody sees would be one that nobody misses."""
    recorded("openvz6")
    monkeypatch.setattr(Recording, "trouble", ("/var/lib/lxc",))
    with node_of("ct+ssh://node1?container=web1").open() as (first, last):
        assert first.subject.name == "web1"
        assert last.subject.id == "node1//var/lib/lxc"
        with pytest.raises(Unreachable, match="node1: /var/lib/lxc does not answer"):
            last.run("true")
    assert ids("ct+ssh://node1?container=0") == [CT0]


def test_nsenter_means_a_process(recorded: Recorded, host: Hosts) -> None:
    recorded("openvz6")
    pid = min(each for each in Host(str(host("openvz6"))).pids() if each > 1)
    with node_of(f"nsenter+ssh://node1?container={pid}").open() as (target,):
        assert target.subject.kind == "ct"
        assert target.run("exit 4").status == 4
    with (
        pytest.raises(Unavailable, match="no process 4194305"),
        node_of("nsenter+ssh://node1?container=4194305").open(),
    ):
        pass


def test_sudo_is_around_all_that_the_machine_runs(recorded: Recorded, tmp_path: Path) -> None:
    recorded("openvz6")
    log = tmp_path / "log"
    (tmp_path / "bin/sudo").write_text(
        f'#!/bin/sh\necho sudo >>{log}\nshift\nexec "$@"\n', encoding="ascii"
    )
    with node_of("ct+ssh://admin@node1?container=web1&sudo=true").open() as (target,):
        log.write_text("", encoding="ascii")
        assert target.run("exit 6").status == 6
    assert log.read_text(encoding="ascii") == "sudo\n"


def test_sudo_that_asks_for_a_password_is_no_status(recorded: Recorded, tmp_path: Path) -> None:
    recorded("openvz6")
    text = "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n"
    (tmp_path / "bin/sudo").write_text(text, encoding="ascii")
    with pytest.raises(Unreachable, match="node1: sudo: a password is required"):
        ids("ssh://admin@node1?sudo=true")


class Slow:
    def __init__(self) -> None:
        self.limits: list[float] = []

    def run(self, command: str, stdin: bytes = b"", timeout: float = 30.0) -> Output:
        self.limits.append(timeout)
        return Output(0, b"", b"")


def test_a_time_limit_is_for_one_command_and_longer_ones_grow_with_it() -> None:
    way = Slow()
    machine = Machine(way, parse_url("ssh://node1?timeout=10"), "node1")
    machine.run("true")
    machine.run("true", timeout=60)
    Machine(way, parse_url("ssh://node1"), "node1").run("true")
    assert way.limits == [10.0, 20.0, 30.0]


def test_a_machines_own_path_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    with way_to(parse_url("local://"), "here") as way:
        path = way.run("echo $PATH").text.strip().split(":")
    assert path[:2] == ["/usr/bin", "/bin"]
    assert {"/usr/sbin", "/sbin", "/snap/bin"} <= set(path)


def test_options_for_ssh() -> None:
    address = parse_url("ssh://[::1]:22?ssh_config=/c&ssh_identity_file=/k")
    assert ssh_options(address) == (
        *("-F", "/c"),
        *("-i", "/k", "-o", "IdentitiesOnly=yes"),
        *("-p", "22"),
    )


def test_the_connections_folder_is_private_short_and_gone_at_the_end(
    recorded: Recorded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded("openvz6")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / ("x" * 100)))
    made = []
    real = shutil.rmtree

    def removed(folder: str, ignore_errors: bool = False) -> None:
        made.append((folder, stat.S_IMODE(os.stat(folder).st_mode)))
        real(folder)

    monkeypatch.setattr(shutil, "rmtree", removed)
    with way_to(parse_url("ssh://node1"), "node1") as way:
        way.run("true")
    ((folder, mode),) = made
    assert mode == 0o700
    assert len(folder) < 49
    assert not os.path.exists(folder)


def test_closed_says_why() -> None:
    with pytest.raises(Unreachable, match="because"):
        Closed("because").run("true")
