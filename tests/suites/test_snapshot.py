"""A target's files in one command: complete, nobody's text for another's, nothing outside."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

import planted
from ct0.containers import containers
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.owner import OWN, Ownership
from ct0.process import Process
from ct0_suites.records import Unreachable
from ct0_suites.resources.copying.fetching import command, parse
from ct0_suites.resources.copying.snapshot import is_plain, snapshot
from ct0_suites.transport import Local, Output
from planted import HOSTS
from suites.recorded_host import Recorded
from suites.scripted import Scripted

RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())
MARK = b"M=5b0d3f60-0000-4000-8000-4c1e00000000\0PWD=/\0"
CT_NS = "pid:[4026532500]"


def answer(*processes: tuple[int, bytes, bytes], more: bytes = b"") -> bytes:
    """What the command prints of (PID, comm, command line)s."""
    text = b"#" + MARK + b"\n=70 70 69\n"
    for pid, comm, cmdline in processes:
        stat = b"%d (%b) S 0 %d %d 0 -1 0" % (pid, comm, pid, pid) + b" 0" * 40 + b"\n"
        name = comm.replace(b"\\", b"\\\\").replace(b"\n", b"\\n")
        status = b"Name:\t%b\nPid:\t%d\nUid:\t0\t0\t0\t0\nNSpid:\t%d\n" % (name, pid, pid)
        files = {
            b"stat": stat,
            b"comm": comm + b"\n",
            b"cmdline": cmdline,
            b"status": status,
            b"cgroup": b"0::/\n",
        }
        text += b"".join(b">/proc/%d/%b\n" % (pid, file) for file in files)
        text += MARK + MARK.join(files.values()) + MARK
        text += b"lrwxrwxrwx 1 0 0 0 Nov 25 17:09 /proc/%d/exe -> /sbin/x\n" % pid
    return text + more + b".\n"


def target(text: bytes) -> Scripted:
    return Scripted({"": text})


GOOD = answer((1, b"init", b"/sbin/init\0"), (7, b"cron", b"cron\0-f\0"))


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_hosts_containers_and_owners_survive_the_way(
    name: str, host: Callable[[str], Path]
) -> None:
    original = Host(str(host(name)))
    with snapshot(Recorded(host(name))) as copy:
        assert containers(copy) == containers(original)
        assert copy.pids() == original.pids()
        theirs, ours = Ownership(original), Ownership(copy)
        for pid in copy.pids():
            with Process(original, pid) as one, Process(copy, pid) as other:
                told, again = theirs.owner(one), ours.owner(other)
                assert (told.kind, told.ctid) == (again.kind, again.ctid), pid
                assert one.cmdline() == other.cmdline(), pid
                assert (copy.executables.get(pid) or None) == one.link("exe"), pid


def test_this_machines_own_processes(tmp_path: Path) -> None:
    with snapshot(Local()) as copy:
        assert os.getpid() in copy.pids()
        assert copy.executables[os.getpid()] == os.readlink("/proc/self/exe")
        with Process(copy, os.getpid()) as me:
            assert me.cmdline()
            assert Ownership(copy).owner(me).kind == OWN
        with Process(copy, copy.caller) as shell:
            assert shell.cmdline()[0] == "/bin/sh"


def test_what_engines_keep_elsewhere_is_fetched_too(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", nspid="1")
    planted.process(
        tmp_path, 60, "lxc-start", cmdline=b"[lxc monitor] /home/lxc old1\0", nspid="60"
    )
    docker = b"/usr/bin/dockerd\0--data-root\0/home/d'o ck\0"
    planted.process(tmp_path, 61, "dockerd", cmdline=docker, nspid="61")
    ctid = "4f2a" * 16
    files = {
        "home/lxc/old1/config": "lxc.uts.name = shop\n",
        f"home/d'o ck/containers/{ctid}/config.v2.json": json.dumps(
            {"State": {"Pid": 0}, "Name": "/web"}
        ),
        "etc/vz/vz.conf": "DUMPDIR=/home/dump\n",
        "etc/vz/conf/101.conf": 'NAME="db"\n',
        "home/dump/Dump.101": "",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    with snapshot(Recorded(tmp_path)) as copy:
        found = {ct.ctid: (ct.engine, ct.name, ct.state) for ct in containers(copy)}
    assert found == {
        "old1": ("lxc", "shop", "stopped"),
        ctid: ("docker", "web", "stopped"),
        "101": ("openvz", "db", "suspended"),
    }


def test_a_frozen_container_is_seen_frozen(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", nspid="1")
    planted.process(
        tmp_path, 50, "init", cgroup="0::/lxc.payload.db1\n", nspid="50 1", namespace=CT_NS
    )
    (tmp_path / "proc/mounts").write_text("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n")
    events = tmp_path / "sys/fs/cgroup/lxc.payload.db1/cgroup.events"
    events.parent.mkdir(parents=True)
    events.write_text("populated 1\nfrozen 1\n")
    with snapshot(Recorded(tmp_path)) as copy:
        assert [(ct.ctid, ct.state) for ct in containers(copy)] == [("db1", "frozen")]


def test_good() -> None:
    with snapshot(target(GOOD)) as copy:
        assert copy.pids() == [1, 7]
        assert copy.caller == 69
        assert copy.executables == {1: "/sbin/x", 7: "/sbin/x"}
        with Process(copy, 7) as process:
            assert process.cmdline() == ["cron", "-f"]
            assert process.stat().comm == "cron"
    assert not os.path.exists(copy.root)


def test_empty() -> None:
    with pytest.raises(Unavailable, match="no head"), snapshot(target(b"")):
        pass


@pytest.mark.parametrize("cut", range(0, len(GOOD) - 2, 53))
def test_truncated(cut: int) -> None:
    with pytest.raises(Unavailable), snapshot(target(GOOD[:cut])):
        pass


@given(st.binary(max_size=300))
def test_garbage(text: bytes) -> None:
    with pytest.raises(Unavailable):
        parse(text)


@given(st.lists(st.sampled_from([b">/proc/1/stat\n", b".\n", MARK, b"+/x\n", b"!", b"=1", b"l"])))
def test_garbage_of_the_right_words(words: list[bytes]) -> None:
    try:
        found = parse(b"#" + MARK + b"\n=70 70 69\n" + b"".join(words))
    except Unavailable:
        return
    assert found.caller == 69


HOSTILE = [
    b"x\n>/proc/1/comm\nroot",
    b"x\n.\n",
    b"\n=1 1 1\n",
    b"\nlrwxrwxrwx 1 0 0 0 Nov 25 17:09 /proc/1/exe -> /usr/sbin/sshd\n",
    b"+/etc/passwd\n+/../../etc\n",
    b"M=",
    b"\xff\xfe) S 1 1",
    MARK[:-6],
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_process_passes_for_another_file(text: bytes) -> None:
    with snapshot(target(answer((1, b"init", b"/sbin/init\0"), (9, text[:15], text)))) as copy:
        assert copy.pids() == [1, 9]
        assert copy.executables == {1: "/sbin/x", 9: "/sbin/x"}
        assert copy.caller == 69
        assert sorted(os.listdir(copy.root)) == ["proc"]
        with Process(copy, 1) as process:
            assert process.comm() == "init"
        with Process(copy, 9) as process:
            assert process.read("cmdline") == text


def test_no_real_process_forges_anothers_files(tmp_path: Path) -> None:
    """The same through a real shell, head and ls."""
    planted.process(tmp_path, 1, "init", nspid="1", exe="/sbin/init")
    evil = "/x\nlrwxrwxrwx 1 0 0 0 Nov 25 17:09 /proc/1/exe -> /usr/sbin/sshd"
    text = b"\n>/proc/1/comm\n.\n"
    planted.process(tmp_path, 9, "x\n>/proc/1", cmdline=text, nspid="9", exe=evil)
    with snapshot(Recorded(tmp_path)) as copy:
        assert copy.pids() == [1, 9]
        assert copy.executables == {1: "/sbin/init", 9: evil.replace("\n", "?")}
        with Process(copy, 9) as process:
            assert process.cmdline() == [text.decode()]
            assert process.comm() == "x\n>/proc/1"


@pytest.mark.parametrize(
    "line",
    [
        b"+/../../../tmp/ct0-escaped",
        b"+/a/../../ct0-escaped",
        b"+relative",
        b"+/",
        b"+//x",
        b"+/a/.",
    ],
)
def test_nothing_is_written_outside(line: bytes) -> None:
    with snapshot(target(answer((1, b"init", b""), more=line + b"\n"))) as copy:
        assert os.listdir(copy.root) == ["proc"]
        assert not os.path.exists(os.path.join(os.path.dirname(copy.root), "ct0-escaped"))


@pytest.mark.parametrize(
    "lines",
    [b"+/a/b\n+/a\n+/a/b/c\n", b">/a\n>/a/b\n>/a\n" + MARK + MARK.join([b"1", b"2", b"3"]) + MARK,
     b"+/" + b"x" * 300 + b"\n", b"+/proc/1/status/x\n"],
)  # fmt: skip
def test_names_that_no_file_system_holds(lines: bytes) -> None:
    with snapshot(target(answer((1, b"init", b""), more=lines))) as copy:
        assert copy.pids() == [1]


def test_a_full_disk_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a process table would be a wrong answer."""

    def write(file: int, content: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(OSError, match="No space"), snapshot(target(GOOD)):
        pass


def test_a_recorded_path_never_leads_out_of_the_record(tmp_path: Path) -> None:
    """root of the target wrote vz.conf; a user of it may call his process what he likes."""
    host = Host(str(tmp_path))
    assert host.path("/../../etc/passwd") == f"{tmp_path}/etc/passwd"
    assert host.path("/a/../../..") == f"{tmp_path}/"
    assert host.path("/vz/..dump") == f"{tmp_path}/vz/..dump"


def test_a_users_process_names_no_files(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", nspid="1")
    planted.process(
        tmp_path, 60, "x", cmdline=b"[lxc monitor] /home/eve web1\0", nspid="60", uid=1000
    )
    transport = Recorded(tmp_path)
    with snapshot(transport) as copy:
        assert containers(copy) == []
    assert len(transport.commands) == 1


def test_a_process_that_ends_while_it_is_read() -> None:
    text = answer((1, b"init", b""), (5, b"a", b""), (7, b"cron", b""))
    started = text.index(b">/proc/5/stat")
    parts = text[started:].split(MARK)
    parts[4] = b""  # its status: it ended between the first files and the last
    with snapshot(target(text[:started] + MARK.join(parts))) as copy:
        assert copy.pids() == [1, 7]


def test_a_kernel_thread_has_no_arguments() -> None:
    text = answer((1, b"init", b""), (2, b"kthreadd", b""))
    with snapshot(target(text)) as copy, Process(copy, 2) as process:
        assert process.cmdline() == []


def test_five_thousand_processes() -> None:
    many = [(pid, b"worker", b"/usr/sbin/worker\0") for pid in range(1, 5001)]
    text = answer(*many)
    began = time.monotonic()
    with snapshot(target(text)) as copy:
        assert len(copy.pids()) == 5000
    assert time.monotonic() - began < 60


def test_without_head() -> None:
    with pytest.raises(Unavailable, match="no head"), snapshot(target(b"#\n")):
        pass


def test_a_proc_of_another_namespace() -> None:
    """A container that has CT0's /proc mounted: its numbers are other processes'."""
    text = GOOD.replace(b"=70 70 69", b"=4711 70 69")
    with pytest.raises(Unavailable, match="another PID namespace"), snapshot(target(text)):
        pass


def test_without_proc() -> None:
    text = GOOD.replace(b"=70 70 69", b"= 70 69")
    with pytest.raises(Unavailable, match="is /proc mounted"), snapshot(target(text)):
        pass


def test_hidden_processes_are_said() -> None:
    """With hidepid=2 a user sees his own processes only, and not PID 1."""
    mounts = b"proc /proc proc rw,hidepid=2 0 0\n"
    files = b">/proc/mounts\n" + MARK + mounts + MARK
    text = answer((70, b"sh", b"sh\0"), more=files)
    with pytest.raises(Unavailable, match="hidepid=2: be root"), snapshot(target(text)):
        pass


def test_a_folder_that_does_not_answer_is_told() -> None:
    more = b"!/etc/pve/lxc: Transport endpoint is not connected\n"
    with snapshot(target(answer((1, b"init", b""), more=more))) as copy:
        assert copy.trouble == ["/etc/pve/lxc: Transport endpoint is not connected"]


def test_an_unreachable_target() -> None:
    gone = Scripted({"": Unreachable("node1: no route")})
    with pytest.raises(Unreachable, match="node1"), snapshot(gone):
        pass


def test_the_command_does_not_hold_its_mark() -> None:
    """Every user of a machine may read its command lines."""
    one, other = (Local().run(command(False, ["/etc/hostname"], [])).stdout for _ in "12")
    assert one.partition(b"\n")[0] != other.partition(b"\n")[0]


def test_names_with_newlines_are_passed_over(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", nspid="1")
    for name in ("web1", "x\n>/proc/1/comm"):
        folder = tmp_path / "var/lib/lxc" / name
        folder.mkdir(parents=True)
        (folder / "config").write_text("")
    with snapshot(Recorded(tmp_path)) as copy:
        assert [ct.ctid for ct in containers(copy)] == ["web1"]


@pytest.mark.parametrize(
    ("path", "plain"),
    [("/a/b", True), ("/a/..b", True), ("/", False), ("a", False), ("/a/../b", False),
     ("/a//b", False), ("/a/", False), ("/a/..", False), ("/./a", False), ("/a\n/b", False)],
)  # fmt: skip
def test_plain_paths(path: str, plain: bool) -> None:
    assert is_plain(path) is plain


def test_an_output_is_no_text() -> None:
    """Bytes of no encoding survive."""
    raw = answer((1, b"\xff\xfe", b"\x80\0"))
    with snapshot(Scripted({"": Output(0, raw, b"")})) as copy, Process(copy, 1) as process:
        assert process.cmdline() == ["\udc80"]
