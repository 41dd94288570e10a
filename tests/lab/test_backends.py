"""The ways into containers, into real ones: here, and through a real sshd."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import testinfra
import testinfra.host

from ct0.container import CT as Record
from ct0.errors import Unavailable
from ct0_suites.backends import MACHINES, register
from ct0_suites.entering import PATH, entering
from ct0_suites.nodes import look, members, node_of
from ct0_suites.records import Unreachable
from ct0_suites.target import Target
from ct0_suites.transport import Inside, Local
from ct0_suites.urls import parse_url

from .command import wait_for
from .ct import CT
from .lxc import LxcCT, lxc_ct
from .node import MOUNT_CGROUPS
from .overlay import root_of
from .recipes import SYSTEMD, SYSVINIT, Recipe, rootfs
from .run import Run
from .sshd import Sshd, sshd

HOSTILE = 'it\'s "$HOME" `id` $(id) ${x} $$ \\ * ? [a] ~ !\n#<>|&;\t€ -n'


@pytest.fixture(scope="module")
def server(run: Run) -> Iterator[Sshd]:
    with sshd(run) as server:
        yield server


@pytest.fixture
def targets() -> Iterator[Any]:
    """targets(url) -> what it means, until the end of the test."""
    with ExitStack() as stack:
        yield lambda url: list(stack.enter_context(node_of(url).open()))


def through(server: Sshd, scheme: str, container: str = "") -> str:
    query = f"?ssh_config={server.config}" + (f"&container={container}" if container else "")
    return f"{scheme}+ssh://{server.name}{query}"


def check(target: Target, ct: CT | None = None) -> None:
    """A shell's text is run inside as it was said, with its own status and input."""
    mine = target.run("readlink /proc/self/ns/pid").text.strip()
    assert mine != os.readlink("/proc/self/ns/pid")
    if ct is not None:
        assert mine == os.readlink(f"/proc/{ct.init}/ns/pid")
    said = target.run(f"printf %s {shlex.quote(HOSTILE)}; cat; exit 3", b"in\0put\n")
    assert (said.status, said.stdout) == (3, HOSTILE.encode() + b"in\0put\n")
    assert target.run("echo out; echo err >&2").stderr == b"err\n"
    assert target.run("echo $PATH").text == f"{PATH}\n"
    assert target.run("id -u").text == "0\n"
    assert target.run("[ -t 0 ] || [ -t 1 ]").status == 1
    assert target.run("yes | head -c 3000000").stdout == b"y\n" * 1_500_000
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"no answer within 1 s"):
        target.run("sleep 120", timeout=1)
    assert time.monotonic() - began < 20
    assert target.run("exit 5").status == 5


@pytest.mark.parametrize("scheme", ["ct", "lxc-attach"])
def test_lxc(lxc: LxcCT, lxc_systemd: LxcCT, targets: Any, scheme: str) -> None:
    for ct in (lxc, lxc_systemd):
        (target,) = targets(f"{scheme}://{ct.ctid}")
        assert target.state == "running"
        assert target.subject[1:] == ("ct", "lxc", ct.ctid, ct.name)
        check(target, ct)


@pytest.mark.parametrize("scheme", ["ct", "lxc-attach"])
def test_lxc_through_sshd(lxc: LxcCT, server: Sshd, targets: Any, scheme: str) -> None:
    before = server.logins()
    (target,) = targets(through(server, scheme, lxc.ctid))
    assert target.subject.id == f"{server.name}/{lxc.name}"
    check(target, lxc)
    assert server.logins() == before + 1


def test_a_machine_and_its_containers_through_sshd(
    lxc: LxcCT, lxc_systemd: LxcCT, server: Sshd, targets: Any
) -> None:
    machine, *cts = targets(through(server, "ct"))
    assert machine.subject.kind == "ct0"
    assert {lxc.name, lxc_systemd.name} <= {each.subject.name for each in cts}
    assert machine.run("echo $PPID; exit 4").status == 4
    (alone,) = targets(f"ssh://{server.name}?ssh_config={server.config}")
    assert alone.subject == machine.subject


@pytest.mark.parametrize("kind", ["lxc", "lxc_systemd", "nspawn", "bare"])
def test_nsenter(kind: str, server: Sshd, targets: Any, request: pytest.FixtureRequest) -> None:
    ct: CT = request.getfixturevalue(kind)
    for url in (f"nsenter://{ct.init}", through(server, "nsenter", str(ct.init))):
        (target,) = targets(url)
        check(target, ct)


@pytest.mark.parametrize(
    ("kind", "scheme", "command"),
    [
        ("docker", "docker-exec", "docker"),
        ("podman", "podman-exec", "podman"),
        ("lxd", "lxd", "lxc"),
    ],
)
def test_engines_with_a_client(
    kind: str,
    scheme: str,
    command: str,
    targets: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Their clients are told where the run's engine is; the rest is as anywhere."""
    ct: CT = request.getfixturevalue(kind)
    client = tmp_path / command
    client.write_text(
        f'#!/bin/sh\nexec {shlex.join(ct.enter[: ct.enter.index("exec")])} "$@"\n', encoding="ascii"
    )
    client.chmod(0o755)
    path = os.environ["PATH"]
    client.write_text(client.read_text(encoding="ascii").replace("exec", f"PATH={path}; exec", 1))
    monkeypatch.setenv("PATH", f"{tmp_path}:{path}")
    for url in (f"{scheme}://{ct.ctid}", f"ct://{ct.ctid}"):
        (target,) = targets(url)
        assert target.state == "running"
        check(target, ct)


NSPAWN_NODE = Recipe(
    "nspawn-node", "bookworm", (*SYSTEMD.packages, "systemd-container"), SYSTEMD.hooks
)


@pytest.fixture(scope="module")
def nspawn_node(run: Run) -> Iterator[LxcCT]:
    """A CT0 with systemd and machined in a CT, whose machine m1 is booted."""
    with root_of(run, f"{run.prefix}-m1", rootfs(SYSTEMD)) as root:
        bind = f"lxc.mount.entry = {root} var/lib/machines/m1 none bind,create=dir 0 0"
        with lxc_ct(run, "nspawnnode", NSPAWN_NODE, [bind]) as node:
            mounted = node.run(["sh", "-c", MOUNT_CGROUPS])
            assert mounted.returncode == 0, mounted.stderr
            boot = ["systemd-nspawn", "--boot", "--private-network", "-M", "m1"]
            node.run(["systemd-run", "--unit=m1", "--property=Delegate=yes", *boot])
            wait_for("m1 to be up", lambda: is_running(node, "m1"), 60)
            yield node


def is_running(node: CT, name: str) -> bool:
    asked = ["systemctl", "-M", name, "is-system-running"]
    return node.run(asked).stdout.strip() in ("running", "degraded")


def test_nspawn_by_its_own_systemd(nspawn_node: LxcCT) -> None:
    """$ and % are systemd's to expand, unless they are told from them."""
    here = Local()
    config = str(nspawn_node.lxcpath / nspawn_node.ctid / "config")
    enter = entering(Record("lxc", nspawn_node.ctid, config=config), {"lxc-attach"})
    found = look(Inside(here, enter, "node1"), "node1")
    assert found.systemd == {("nspawn", "m1")}
    ((ct, target),) = members(found, parse_url("nspawn+ssh://node1?container=m1"))
    line = entering(ct, found.present)("true")
    assert line[0] == "systemd-run"
    assert target.run("printf %s '$x ${x} $$ %n %% %i'").text == "$x ${x} $$ %n %% %i"
    check(target)


def test_containerd_by_nsenter(containerd: CT, targets: Any) -> None:
    (target,) = targets(f"containerd://{containerd.ctid}")
    assert target.run("exit 3").status == 3
    mine = target.run("readlink /proc/self/ns/pid").text.strip()
    assert mine == os.readlink(f"/proc/{containerd.init}/ns/pid")


def test_a_stopped_container(run: Run, server: Sshd, targets: Any) -> None:
    with lxc_ct(run, "stops", SYSVINIT) as ct:
        (target,) = targets(through(server, "ct", ct.ctid))
        assert target.run("true").status == 0
        ct.stop()
        with pytest.raises(Unreachable, match=ct.ctid):
            target.run("true")


@pytest.mark.parametrize("scheme", ["ct", "lxc-attach", "openvz"])
def test_a_pattern_that_matches_nobody(server: Sshd, targets: Any, scheme: str) -> None:
    with pytest.raises(Unavailable, match=r"^no container matches nobody-\*$"):
        targets(through(server, scheme, "nobody-*"))


def test_a_host_key_that_is_not_known_is_not_believed(server: Sshd, targets: Any) -> None:
    other = server.folder / "other_config"
    text = server.config.read_text(encoding="ascii").replace("known_hosts", "unknown_hosts")
    other.write_text(text, encoding="ascii")
    with pytest.raises(Unreachable, match=r"Host key verification failed"):
        targets(f"ssh://{server.name}?ssh_config={other}")
    assert not (server.folder / "unknown_hosts").exists()


def test_a_key_that_is_not_allowed_in(server: Sshd, targets: Any, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-f", tmp_path / "key"], check=True)
    other = server.folder / "third_config"
    text = server.config.read_text(encoding="ascii")
    other.write_text(text.replace(f"{server.folder}/key\n", f"{tmp_path}/key\n"), encoding="ascii")
    with pytest.raises(Unreachable, match=r"Permission denied \(publickey\)"):
        targets(f"ssh://{server.name}?ssh_config={other}")


def test_nobody_answers(targets: Any) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1: .*Connection refused"):
        targets("ct+ssh://root@127.0.0.1:9?container=*")
    assert time.monotonic() - began < 15


def test_nothing_is_left_of_a_connection(server: Sshd) -> None:
    before = set(os.listdir("/tmp"))
    with node_of(f"ssh://{server.name}?ssh_config={server.config}").open() as (target,):
        folder = (set(os.listdir("/tmp")) - before).pop()
        assert os.stat(f"/tmp/{folder}").st_mode & 0o777 == 0o700
        (socket,) = os.listdir(f"/tmp/{folder}")
        assert target.run("true").status == 0
    assert not os.path.exists(f"/tmp/{folder}")
    assert socket


def test_testinfra(lxc: LxcCT, lxc_systemd: LxcCT, server: Sshd) -> None:
    register()
    try:
        found = testinfra.get_hosts([through(server, "ct", f"{lxc.ctid[:10]}*")])
        names = {each.backend.get_pytest_id() for each in found}
        assert {f"ct+ssh://{server.name}/{ct.name}" for ct in (lxc, lxc_systemd)} <= names
        (host,) = testinfra.get_hosts([f"lxc-attach://{lxc_systemd.ctid}"])
        assert host.service("dbus").is_running
        assert host.file("/etc/debian_version").exists
        assert host.system_info.distribution == "debian"
        assert host.run("exit 42").rc == 42
        assert host.run("echo %s", HOSTILE).stdout == f"{HOSTILE}\n"
    finally:
        MACHINES.close()
        testinfra.host.Host._hosts_cache.clear()


TESTS = """\
def test_name(host):
    assert host.run("cat /etc/ct0-name").stdout == host.backend.target.subject.name


def test_status(host):
    assert host.run("exit 3").rc == 3
"""


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_pytest_with_hosts(
    lxc: LxcCT, lxc_systemd: LxcCT, server: Sshd, tmp_path: Path, workers: list[str]
) -> None:
    (tmp_path / "test_hosts.py").write_text(TESTS, encoding="ascii")
    (tmp_path / "conftest.py").write_text(
        "from ct0_suites.backends import register\nregister()\n", encoding="ascii"
    )
    for ct in (lxc, lxc_systemd):
        (ct.root / "etc/ct0-name").write_text(ct.name, encoding="ascii")
    root = Path(__file__).parents[2]
    urls = [f"ct://{lxc.ctid}", through(server, "ct", lxc_systemd.ctid)]
    argv = ["-m", "pytest", "-v", "-p", "no:cacheprovider", f"--hosts={','.join(urls)}", *workers]
    done = subprocess.run(
        [sys.executable, *argv, "test_hosts.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}/core:{root}/tests/infra"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    assert f"[ct+ssh://{server.name}/{lxc_systemd.name}]" in done.stdout

    nobody = ["-m", "pytest", "-p", "no:cacheprovider", "--hosts=ct://nobody*", "test_hosts.py"]
    done = subprocess.run(
        [sys.executable, *nobody],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": f"{root}/core:{root}/tests/infra"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "no container matches nobody*" in done.stdout
    assert "Traceback" not in done.stdout
