from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import planted
from ct0.errors import Malformed
from ct0.host import Host
from ct0.process import Process


def test_reads_what_is_there(tmp_path: Path) -> None:
    planted.process(tmp_path, 7, "crond", exe="/usr/sbin/crond", cmdline=b"crond\0-n\0\0x\0")
    with Process(Host(str(tmp_path)), 7) as process:
        assert (process.pid, process.comm()) == (7, "crond")
        assert process.cmdline() == ["crond", "-n", "", "x"]
        assert process.link("exe") == "/usr/sbin/crond"
        assert process.link("nosuch") is None
        assert process.stat().comm == "crond"
        assert process.status().pid == 7
        assert process.cgroup() == "0::/system.slice/x.service\n"


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"", []), (b"\0", [""]), (b"a", ["a"]), (b"a b\0", ["a b"]), (b"\xff\0", ["\udcff"])],
)
def test_command_lines_as_they_may_be(raw: bytes, words: list[str], tmp_path: Path) -> None:
    planted.process(tmp_path, 7, cmdline=raw)
    with Process(Host(str(tmp_path)), 7) as process:
        assert process.cmdline() == words


def test_long_file_is_read_whole(tmp_path: Path) -> None:
    planted.process(tmp_path, 7, cmdline=b"x" * 300_000 + b"\0y\0")
    with Process(Host(str(tmp_path)), 7) as process:
        assert [len(word) for word in process.cmdline()] == [300_000, 1]


def test_no_such_process(tmp_path: Path) -> None:
    planted.process(tmp_path, 7)
    with pytest.raises(ProcessLookupError):
        Process(Host(str(tmp_path)), 8)


def test_damaged_record_names_its_path(tmp_path: Path) -> None:
    (planted.process(tmp_path, 7) / "stat").write_bytes(b"7 (x")
    with Process(Host(str(tmp_path)), 7) as process, pytest.raises(Malformed, match="proc/7/stat"):
        process.stat()


def test_kernel_without_cgroups(tmp_path: Path) -> None:
    (planted.process(tmp_path, 7) / "cgroup").unlink()
    with Process(Host(str(tmp_path)), 7) as process:
        assert process.cgroup() == ""


def test_every_read_of_one_that_is_gone_says_so() -> None:
    """Whoever has its PID by then."""
    child = subprocess.Popen(["sleep", "1000"])
    with Process(Host(), child.pid) as process:
        assert process.link("exe")
        child.kill()
        child.wait()
        for read in (process.stat, process.status, process.comm, process.cmdline, process.cgroup):
            with pytest.raises(ProcessLookupError):
                read()
        try:
            assert process.link("exe") is None
        except ProcessLookupError:
            pass


def test_descriptor_is_closed_once(tmp_path: Path) -> None:
    planted.process(tmp_path, 7)
    process = Process(Host(str(tmp_path)), 7)
    descriptor = process.fd
    process.close()
    process.close()
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(descriptor)


def test_pids_of_a_host_in_order(tmp_path: Path) -> None:
    for pid in (10, 9, 200):
        planted.process(tmp_path, pid)
    (tmp_path / "proc/sys").mkdir()
    assert Host(str(tmp_path)).pids() == [9, 10, 200]


@pytest.mark.parametrize("root", ["/", "//", ""])
def test_live_host(root: str) -> None:
    host = Host(root)
    assert (host.live, host.proc, host.path("/etc/vz")) == (True, "/proc", "/etc/vz")


def test_recorded_host_keeps_to_its_folder() -> None:
    host = Host("/srv/host/")
    assert (host.live, host.proc, host.path("/etc")) == (False, "/srv/host/proc", "/srv/host/etc")
