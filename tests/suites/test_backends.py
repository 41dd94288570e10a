"""testinfra's hosts for containers, as `pytest --hosts=…` makes them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

import pytest
import testinfra
import testinfra.backend
import testinfra.host

from ct0.host import Host
from ct0_suites import backends, nodes
from ct0_suites.backends import ALL, MACHINES, class_name, register
from ct0_suites.records import Unreachable
from ct0_suites.transport import Transport
from suites.fake_commands import lay_out

CollectError = pytest.Collector.CollectError
THEIRS = dict(testinfra.backend.BACKENDS)


class Recording(Host):
    """What a snapshot gives."""

    trouble: tuple[str, ...] = ()


@pytest.fixture(autouse=True)
def machines(
    host: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[list[str]]:
    """Every machine is the recorded OpenVZ 6 host; the list has a word for each look at one."""
    lay_out(tmp_path / "bin")
    (tmp_path / "bin/id").write_text("#!/bin/sh\n[ $# = 1 ] && echo 0 || echo other\n")
    (tmp_path / "bin/id").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr("socket.gethostname", lambda: "here")
    looks: list[str] = []

    @contextmanager
    def snapshot(way: Transport) -> Iterator[Host]:
        looks.append("look")
        yield Recording(str(host("openvz6")))

    monkeypatch.setattr(nodes, "snapshot", snapshot)
    monkeypatch.setattr(testinfra.backend, "BACKENDS", dict(THEIRS))
    monkeypatch.setattr(testinfra.host.Host, "_host_cache", {})
    monkeypatch.setattr(testinfra.host.Host, "_hosts_cache", {})
    register()
    yield looks
    MACHINES.close()


def ids(*urls: str, **options: Any) -> list[str]:
    found = testinfra.get_hosts(list(urls), **options)
    return [each.backend.get_pytest_id() for each in found]


CTS = ("web1", "db1.example.com", "tiny", "stopped.example.com")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ct://*", [f"ct://{name}" for name in CTS]),
        ("ct://", ["ct://0", *(f"ct://{name}" for name in CTS)]),
        ("ct://0", ["ct://0"]),
        ("openvz://t*", ["openvz://tiny"]),
        ("ct://102", ["ct://db1.example.com"]),
        (
            "ct+ssh://root@node1?container=*",
            [f"ct+ssh://root@node1/{name}" for name in CTS],
        ),
        (
            "ct+ssh://root@node1:22",
            ["ct+ssh://root@node1:22", *(f"ct+ssh://root@node1:22/{name}" for name in CTS)],
        ),
        ("ct+ssh://node1?container=0", ["ct+ssh://node1"]),
        ("virtuozzo+ssh://[::1]?container=web1", ["virtuozzo+ssh://[::1]/web1"]),
    ],
)
def test_a_host_for_each_container(url: str, expected: list[str]) -> None:
    assert ids(url) == expected


def test_a_machine_is_looked_at_once(machines: list[str]) -> None:
    found = testinfra.get_hosts(["ct+ssh://root@node1?container=*"])
    assert [each.run("true").rc for each in found[:3]] == [0, 0, 0]
    testinfra.get_hosts(["openvz+ssh://root@node1?container=t*"])
    assert machines == ["look"]
    testinfra.get_hosts(["ct+ssh://root@node2?container=web1"])
    assert len(machines) == 2


@pytest.mark.parametrize("url", ["ct://web1", "ct+ssh://root@node1?container=web1", "ct://0"])
def test_status_and_output_are_the_commands_own(url: str) -> None:
    (host,) = testinfra.get_hosts([url])
    said = host.run("echo out; echo err >&2; exit 3")
    assert (said.rc, said.stdout, said.stderr) == (3, "out\n", "err\n")
    assert host.run("printf '%%s' %s %s", "it's", "$HOME `id` * €").stdout == "it's$HOME `id` * €"
    assert host.check_output("echo %s", "a b") == "a b"
    assert host.run("true").succeeded
    assert host.run("false").failed


def test_bytes_that_are_no_utf8_break_nothing() -> None:
    (host,) = testinfra.get_hosts(["ct://web1"])
    said = host.run(r"printf '\303\244\377\000'")
    assert said.stdout == "ä\\xff\0"
    assert said.stdout_bytes == b"\xc3\xa4\xff\0"


def test_testinfras_modules_work_there(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text("content\n", encoding="ascii")
    (host,) = testinfra.get_hosts(["ct+ssh://node1?container=web1"])
    file = host.file(str(tmp_path / "a file"))
    assert file.exists
    assert file.content_string == "content\n"
    assert not host.file(str(tmp_path / "none")).exists


def test_one_host_by_its_url() -> None:
    assert testinfra.get_host("ct+ssh://node1?container=t*").run("exit 5").rc == 5
    assert testinfra.get_host("ct+ssh://node1").run("exit 6").rc == 6
    with pytest.raises(CollectError, match=r"node1: 4 containers match \*"):
        testinfra.get_host("ct+ssh://node1?container=*")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ct://web9", "here: no container matches web9"),
        ("ct+ssh://node1?container=web9", "node1: no container matches web9"),
        ("incus://*", r"here: no container matches \*"),
        ("ct+ssh://root:secret@node1", "no passwords"),
        ("ct+ssh://?container=web1", "names no machine"),
        ("ct://web1?timeout=soon", "timeout is a number of seconds"),
        ("nsenter://web1", "needs the PID"),
    ],
)
def test_what_is_wrong_is_a_line_of_the_collection(url: str, why: str) -> None:
    with pytest.raises(CollectError, match=why) as raised:
        testinfra.get_hosts([url])
    assert str(raised.value).isprintable()


def test_an_engines_folder_that_does_not_answer_is_a_line_of_the_collection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Recording, "trouble", ("/var/lib/lxc",))
    with pytest.raises(CollectError, match="here: /var/lib/lxc does not answer"):
        testinfra.get_hosts(["ct://*"])
    assert ids("ct://0") == ["ct://0"]


def test_a_node_that_is_not_reached_is_a_line_of_the_collection(tmp_path: Path) -> None:
    text = "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n"
    (tmp_path / "bin/ssh").write_text(text, encoding="ascii")
    with pytest.raises(CollectError, match=r"node1: node1: Host key verification failed\."):
        testinfra.get_hosts(["ct+ssh://node1?container=*"])


def test_a_container_that_does_not_run_is_unreachable() -> None:
    (host,) = testinfra.get_hosts(["ct://104"])
    with pytest.raises(Unreachable, match=r"here/stopped\.example\.com: Container is not running"):
        host.run("true")


def test_a_command_has_a_time_limit() -> None:
    (host,) = testinfra.get_hosts(["ct://web1?timeout=0.5"])
    with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
        host.run("sleep 60")


def test_sudo_is_the_machines_and_a_user_the_containers(tmp_path: Path) -> None:
    log = tmp_path / "log"
    text = f'#!/bin/sh\necho "$1 $2" >>{log}\n[ "$1" = -u ] && shift\nshift\nexec "$@"\n'
    (tmp_path / "bin/sudo").write_text(text, encoding="ascii")
    (host,) = testinfra.get_hosts(["ct+ssh://admin@node1?container=web1"], sudo=True)
    log.write_text("", encoding="ascii")
    assert host.run("exit 4").rc == 4
    assert log.read_text(encoding="ascii") == "-n /bin/sh\n"
    with host.sudo():
        assert host.run("exit 5").rc == 5
    with host.sudo("nobody"):
        assert host.backend.get_command("id").startswith("sudo -u nobody /bin/sh -c")


def test_options_of_a_session_are_for_nodes_only() -> None:
    found = testinfra.get_hosts(
        ["ct://web1", "ct+ssh://node1?container=web1"], ssh_config="/c", ssh_identity_file="/k"
    )
    assert [each.run("exit 3").rc for each in found] == [3, 3]
    assert {each.ssh_config for each in MACHINES.ways} == {"", "/c"}


def test_a_process_by_its_pid(host: Callable[[str], Path]) -> None:
    pid = min(each for each in Host(str(host("openvz6"))).pids() if each > 1)
    (found,) = testinfra.get_hosts([f"nsenter://{pid}"])
    assert found.backend.get_pytest_id() == f"nsenter://{pid}"
    assert found.run("exit 7").rc == 7


def test_testinfras_own_backends_stay() -> None:
    now = testinfra.backend.BACKENDS
    assert {name: now[name] for name in THEIRS} == THEIRS
    assert set(now) == {*THEIRS, *ALL}
    register()
    assert now == testinfra.backend.BACKENDS


@pytest.mark.parametrize("scheme", ALL)
def test_every_scheme_has_its_class(scheme: str) -> None:
    found = testinfra.backend.get_backend_class(scheme)
    assert (found.NAME, found.__name__) == (scheme, class_name(scheme))
    assert getattr(backends, class_name(scheme)) is found
