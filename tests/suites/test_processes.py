"""Processes by owner: what counts, what only mimics, and what is said of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Callable

import jsonschema
import pytest

import planted
from ct0.errors import Unavailable
from ct0.owner import CONTAINER, OWN
from ct0_suites.entering import PATH
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import CT, CT0, Subject
from ct0_suites.resources.processes import (
    Record,
    looking,
    read_leads,
    read_processes,
    undeleted,
)
from ct0_suites.suites import processes
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Local, Output
from suites.recorded_host import Recorded

CT_NS = "pid:[4026532500]"
SHELL = 9000


class Planted(Recorded):
    """A made-up host where our own shell is a process too; files of a name lead to `leads`."""

    def __init__(self, root: Path, leads: str = "", uid: str = "", shell: int = SHELL) -> None:
        super().__init__(root)
        self.leads, self.uid, self.shell = leads, uid, shell

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        if "readlink -f" in command or "id -u" in command:
            self.commands.append(command)
            text = self.leads if "readlink" in command else self.uid
            return Output(0, text.encode(), b"")
        said = super().run(command, stdin, timeout)
        lines = said.stdout.split(b"\n", 2)
        if lines[1:2] and lines[1].startswith(b"="):
            lines[1] = b"=1 1 %d" % self.shell
        return said._replace(stdout=b"\n".join(lines))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """CT0 with an init, and the shell that looks."""
    planted.process(tmp_path, 1, "systemd", nspid="1", ppid=0, exe="/usr/lib/systemd/systemd")
    planted.process(tmp_path, SHELL, "sh", nspid=str(SHELL), exe="/usr/bin/dash", ppid=8999)
    return tmp_path


def own(root: Path, pid: int, comm: str, exe: str | None = None, **more: Any) -> None:
    exe = exe or f"/usr/sbin/{comm}"
    planted.process(root, pid, comm, **{"exe": exe, "nspid": str(pid), **more})


def inside(root: Path, pid: int, comm: str, ctid: str = "101", **more: Any) -> None:
    given = {
        "exe": f"/usr/sbin/{comm}",
        "nspid": f"{pid} 7",
        "namespace": CT_NS,
        "cgroup": f"0::/lxc.payload.{ctid}/x.service\n",
        **more,
    }
    planted.process(root, pid, comm, **given)


def judged(root: Path, want: dict[str, Any], leads: str = "", uid: str = "") -> list[str]:
    return list(processes.judge(want, target(root, leads, uid)))


def target(root: Path, leads: str = "", uid: str = "", shell: int = SHELL) -> Target:
    return Target(Subject("node1", CT0, "lxc"), Planted(root, leads, uid, shell))


def test_a_daemon_of_its_own(root: Path) -> None:
    own(root, 20, "sshd")
    assert judged(root, {"name": "sshd"}) == []
    assert judged(root, {"name": "sshd", "count": 1}) == []


def test_a_containers_daemon_does_not_count(root: Path) -> None:
    inside(root, 30, "sshd")
    inside(root, 31, "sshd", "web1")
    assert judged(root, {"name": "sshd"}) == ["no sshd of its own (2 in containers: 101, web1)"]
    assert judged(root, {"name": "sshd", "count": 0}) == []
    assert judged(root, {"name": "sshd", "of": "all", "count": 2}) == []


def test_nor_does_one_that_shares_its_pids(root: Path) -> None:
    """docker run --pid=host: only the cgroup tells."""
    ctid = "4f2a" * 16
    own(root, 30, "sshd", cgroup=f"0::/system.slice/docker-{ctid}.scope\n")
    assert judged(root, {"name": "sshd"}) == ["no sshd of its own (1 in a container: 4f2a4f2a4f2a)"]


def test_in_such_a_container_its_own_count(root: Path) -> None:
    """There PID 1 is CT0's init, and the shell that looks is in the container."""
    scope = "0::/system.slice/docker-" + "4f2a" * 16 + ".scope\n"
    own(root, 20, "sshd")
    own(root, 30, "nginx", cgroup=scope)
    own(root, 31, "sh", exe="/usr/bin/dash", cgroup=scope)
    whole = target(root, shell=31)
    assert list(processes.judge({"name": "nginx"}, whole)) == []
    assert list(processes.judge({"name": "sshd"}, whole)) == [
        "no sshd of its own (1 in a container: CT0)"
    ]


def test_a_sandboxs_process(root: Path) -> None:
    planted.process(root, 30, "worker", exe="/usr/bin/worker", nspid="30 2", namespace=CT_NS)
    assert judged(root, {"name": "worker"}) == ["no worker of its own (1 in a sandbox)"]
    assert judged(root, {"name": "worker", "of": "sandbox"}) == []


def test_a_zombie_is_no_process(root: Path) -> None:
    own(root, 20, "sshd", state="Z")
    assert judged(root, {"name": "sshd"}) == ["no sshd of its own"]


def test_one_that_only_calls_itself_so(root: Path) -> None:
    own(root, 20, "sshd", exe="/usr/bin/perl", cmdline=b"/usr/sbin/sshd -D\0")
    assert judged(root, {"name": "sshd"}, leads="/usr/sbin/sshd\n") == [
        "no sshd of its own",
        "PID 20 is called sshd, but runs /usr/bin/perl",
    ]
    own(root, 21, "sshd")
    assert judged(root, {"name": "sshd"}, leads="/usr/sbin/sshd\n") == [
        "PID 20 is called sshd, but runs /usr/bin/perl"
    ]


def test_one_in_a_container_that_calls_itself_so_is_not_ours_to_judge(root: Path) -> None:
    own(root, 20, "sshd")
    inside(root, 30, "sshd", exe="/usr/bin/perl")
    assert judged(root, {"name": "sshd"}) == []


def test_a_command_line_is_no_name(root: Path) -> None:
    own(root, 20, "perl", exe="/usr/bin/perl", cmdline=b"sshd\0")
    assert judged(root, {"name": "sshd"}) == ["no sshd of its own"]
    assert judged(root, {"command": "^sshd"}) == []
    assert judged(root, {"command": "^sshd", "name": "sshd"}) != []


def test_a_name_that_is_a_link_or_a_script(root: Path) -> None:
    own(root, 20, "systemd-udevd", exe="/usr/bin/udevadm")
    own(root, 21, "fail2ban-server", exe="/usr/bin/python3.11")
    assert judged(root, {"name": "systemd-udevd"}, leads="/usr/bin/udevadm\n") == []
    leads = "/usr/bin/fail2ban-server\n/usr/bin/python3.11\n"
    assert judged(root, {"name": "fail2ban-server"}, leads=leads) == []
    assert judged(root, {"name": "fail2ban-server"}) != []


def test_a_name_by_its_executable(root: Path) -> None:
    own(root, 20, "MainThread", exe="/usr/sbin/shopd")
    assert judged(root, {"name": "shopd"}) == []


def test_an_executable_that_was_replaced(root: Path) -> None:
    own(root, 20, "sshd", exe="/usr/sbin/sshd (deleted)")
    assert judged(root, {"name": "sshd"}) == []
    assert undeleted("(deleted) /usr/sbin/sshd") == "/usr/sbin/sshd"
    assert undeleted("/usr/sbin/sshd") == "/usr/sbin/sshd"


def test_a_name_longer_than_the_kernel_keeps(root: Path) -> None:
    own(root, 20, "networkd-dispat", exe="/usr/bin/python3.11",
        cmdline=b"/usr/bin/python3\0/usr/bin/networkd-dispatcher\0")  # fmt: skip
    leads = "/usr/bin/networkd-dispatcher\n/usr/bin/python3.11\n"
    assert judged(root, {"name": "networkd-dispatcher"}, leads=leads) == []
    assert judged(root, {"name": "networkd-dispatch-other"}) == [
        "no networkd-dispatch-other of its own"
    ]


def test_a_kernel_thread(root: Path) -> None:
    folder = planted.process(root, 2, "nfsd", exe=None, nspid="2", cmdline=b"")
    stat = (folder / "stat").read_text().replace("4202496", "2138176")
    (folder / "stat").write_text(stat)
    assert judged(root, {"name": "nfsd", "count": 1}) == []


def test_what_cannot_be_read_is_said_where_it_matters(root: Path) -> None:
    own(root, 20, "sshd")
    planted.process(root, 21, "other", exe=None, nspid="21", cmdline=b"other\0")
    assert judged(root, {"name": "sshd"}) == []
    assert judged(root, {"name": "cron"}) == [
        "no cron of its own (what 1 of its processes run cannot be read)"
    ]
    planted.process(root, 22, "mine", exe=None, nspid="22", cmdline=b"/usr/sbin/telnetd\0")
    assert judged(root, {"name": "telnetd", "count": 0}) != []


def test_whose_it_is_cannot_be_told(root: Path) -> None:
    """A kernel before 4.1, no right to see namespaces, and no cgroup."""
    planted.process(root, 40, "sshd", exe="/usr/sbin/sshd", nspid=None, namespace=None)
    with pytest.raises(Unavailable, match="PID 40 is cannot be told: sshd"):
        judged(root, {"name": "sshd"})
    with pytest.raises(Unavailable):
        judged(root, {"name": "sshd", "count": 0})
    own(root, 20, "sshd")
    assert judged(root, {"name": "sshd"}) == []


def test_user(root: Path) -> None:
    own(root, 20, "nginx", uid=33)
    assert judged(root, {"name": "nginx", "user": 33}) == []
    assert judged(root, {"name": "nginx", "user": "www-data"}, uid="33\n") == []
    assert judged(root, {"name": "nginx", "user": "root"}, uid="0\n") == [
        "no nginx of user root of its own"
    ]
    assert judged(root, {"user": "nobodyhere", "count": "1:"}) == [
        "no process of user nobodyhere of its own (there is no user nobodyhere)"
    ]
    assert judged(root, {"user": "nobodyhere", "count": 0}) == []


def test_parent(root: Path) -> None:
    own(root, 20, "nginx")
    own(root, 21, "worker", ppid=20)
    assert judged(root, {"name": "worker", "parent": "nginx"}) == []
    assert judged(root, {"name": "worker", "parent": "cron"}) == [
        "no worker started by cron of its own"
    ]


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (2, ""), ("2", ""), ("1:", ""), ("2:2", ""), ("0:", ""), (":2", ""), ("1:4", ""),
        (0, "2 cron of its own, PIDs 20, 21: there should be none"),
        ("0", "2 cron of its own, PIDs 20, 21: there should be none"),
        (3, "2 cron of its own, PIDs 20, 21: there should be exactly 3"),
        ("3:", "2 cron of its own, PIDs 20, 21: there should be at least 3"),
        (":1", "2 cron of its own, PIDs 20, 21: there should be at most 1"),
        ("3:9", "2 cron of its own, PIDs 20, 21: there should be 3 to 9"),
    ],
)  # fmt: skip
def test_counts(root: Path, count: int | str, said: str) -> None:
    own(root, 20, "cron")
    own(root, 21, "cron")
    assert judged(root, {"name": "cron", "count": count}) == ([said] if said else [])


def test_one_that_is_missing_of_several(root: Path) -> None:
    assert judged(root, {"name": "cron", "count": 3}) == [
        "no cron of its own: there should be exactly 3"
    ]


@pytest.mark.parametrize("want", [{}, {"count": 1}, {"parent": "x"},
                                  {"command": "("}, {"name": "x", "count": "4:2"}])  # fmt: skip
def test_what_is_wrong_in_the_users_file(root: Path, want: dict[str, Any]) -> None:
    with pytest.raises(Wrong):
        judged(root, want)


@pytest.mark.parametrize(
    "want",
    [{"name": "a/b"}, {"count": "x"}, {"count": -1}, {"of": "me"}, {"count": "1:2:3"},
     {"user": "a b"}, {"count": True}],
)  # fmt: skip
def test_what_the_schema_refuses(want: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": processes.SCHEMA, "additionalProperties": False}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(want, schema)


def test_those_who_look_do_not_count(root: Path) -> None:
    """Nor what they start: PID 9001."""
    own(root, SHELL + 1, "head", exe="/usr/bin/head", ppid=SHELL)
    assert judged(root, {"name": "sh"}) == ["no sh of its own"]
    assert judged(root, {"name": "head"}) == ["no head of its own"]


def test_which_processes_look() -> None:
    """sshd 10, its process for the connection 20, a shell 30 with 31 and 32, another's shell 40."""
    sessions = {1: 1, 10: 10, 20: 20, 30: 30, 31: 30, 32: 30, 33: 33, 40: 40}
    parents = {1: 0, 10: 1, 20: 10, 30: 20, 31: 30, 32: 31, 33: 32, 40: 20}
    assert looking(31, sessions, parents) == ({30, 31, 32, 33}, {30, 20, 10})


def test_which_processes_look_in_a_container() -> None:
    """Who entered has a parent and a session that are not of this namespace."""
    sessions = {1: 1, 5: 5, 70: 0, 71: 0, 80: 0}
    parents = {1: 0, 5: 1, 70: 0, 71: 70, 80: 0}
    assert looking(70, sessions, parents) == ({70, 71}, set())


def test_observed_daemons_hold(root: Path) -> None:
    own(root, 20, "sshd", session=20)
    own(root, 21, "sshd-session", ppid=20, session=21)
    own(root, 8999, "sshd-mine", ppid=20, session=8999)  # the connection that we came by
    own(root, 22, "worker", ppid=20, session=20)
    own(root, 23, "bash", exe="/bin/bash", ppid=21, session=23, tty_nr=34816)
    own(root, 24, "networkd-dispat", exe="/usr/bin/networkd-dispatcher")
    own(root, 25, "memfd:x", exe="/memfd:x (deleted)")
    own(root, 26, "(sd-pam)", exe="/usr/lib/systemd/systemd")
    inside(root, 30, "mysqld")
    whole = target(root)
    seen = list(processes.observe(whole))
    assert [each["name"] for each in seen] == ["networkd-dispatcher", "sshd", "sshd-session"]
    assert [list(processes.judge(each, whole)) for each in seen] == [[], [], []]


@pytest.mark.parametrize("name", ["debian12-lxc", "debian12-docker", "openvz6", "debian12-nspawn"])
def test_recorded_hosts(name: str, host: Callable[[str], Path]) -> None:
    """Every container's process is known as one, and every daemon seen is one of CT0's own."""
    whole = Target(Subject(name, CT0), Planted(host(name), shell=1))
    found = read_processes(whole)
    assert {each.whose for each in found} >= {OWN, CONTAINER}
    for want in processes.observe(whole):
        assert list(processes.judge(want, whole)) == []


def test_hostile_texts_are_shown_safely(root: Path) -> None:
    own(root, 20, "sshd", exe="/tmp/a\x1b[2Jb")
    inside(root, 30, "sshd", "x\x1b[2J")
    for line in judged(root, {"name": "sshd"}):
        assert line.isprintable()


def test_read_once(root: Path) -> None:
    own(root, 20, "sshd")
    whole = target(root)
    assert list(processes.judge({"name": "sshd"}, whole)) == []
    count = len(whole.transport.commands)  # type: ignore[attr-defined]
    assert list(processes.judge({"name": "sshd", "count": 1}, whole)) == []
    assert len(whole.transport.commands) == count  # type: ignore[attr-defined]
    assert isinstance(read_processes(whole)[0], Record)


def test_a_container_is_judged_the_same_way(root: Path) -> None:
    """A CT sees its own only, and a CT nested in it."""
    own(root, 20, "nginx", cgroup="0::/lxc.payload.web1/nginx.service\n")
    folder = root / "proc/1/cgroup"
    folder.write_text("0::/lxc.payload.web1/init.scope\n")
    (root / f"proc/{SHELL}/cgroup").write_text("0::/lxc.payload.web1\n")
    inside(root, 30, "cron", cgroup="0::/lxc.payload.web1/lxc.payload.inner\n")
    whole = Target(Subject("node1", CT, "lxc", "web1", "web1"), Planted(root))
    assert list(processes.judge({"name": "nginx"}, whole)) == []
    assert list(processes.judge({"name": "cron"}, whole)) == [
        "no cron of its own (1 in a container: inner)"
    ]


def test_what_files_of_a_name_lead_to(tmp_path: Path) -> None:
    """By a real shell."""
    (tmp_path / "links").mkdir()
    (tmp_path / "scripts").mkdir()
    (tmp_path / "real").write_bytes(b"\x7fELF\0")
    link, script, other = (tmp_path / f"{each}/shopd" for each in ("links", "scripts", "."))
    link.symlink_to(tmp_path / "real")
    script.write_text("#!/usr/bin/env sh\n")
    other.write_text(f"#! {tmp_path}/real -u\n")
    here = Target(Subject("here", CT0), Local())
    leads = read_leads(here, "shopd", [str(link), str(script), str(other), "/no/such/shopd"])
    assert leads == {
        str((tmp_path / "real").resolve()),
        str(script.resolve()),
        os.path.realpath(shutil.which("sh", path=PATH) or ""),
        str((tmp_path / "shopd").resolve()),
    }


@pytest.mark.parametrize("name", ["$(touch x)", "a b", "'", "*", "-n", "a\\b", "é"])
def test_hostile_names_are_words(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    here = Target(Subject("here", CT0), Local())
    found = read_leads(here, name, [str(tmp_path / name)])
    assert len(found) == 1
    assert os.listdir(tmp_path) == [name]
