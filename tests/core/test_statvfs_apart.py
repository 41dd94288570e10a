"""File systems are asked in a process of their own; dead ones cost no living one its answer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

from ct0.host import Host
from ct0.owner import Ownership
from ct0.statvfs import Size
from ct0.statvfs_apart import NAME, ask_all, dead_devices
from planted import process


def ask(path: str) -> os.statvfs_result:
    if path.startswith("/dead"):
        time.sleep(3600)
    if path.startswith("/dies"):
        os.abort()
    if path.startswith("/hidden"):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return os.statvfs("/")


def sizes() -> Size:
    now = os.statvfs("/")
    return Size(*(getattr(now, field) for field in Size._fields))


def test_answers() -> None:
    found = ask_all({"/": "8:1", "/absent": "8:2"}, 30)
    size = found["/"]
    assert isinstance(size, Size)
    assert (size.f_frsize, size.f_blocks) == (sizes().f_frsize, sizes().f_blocks)
    assert found["/absent"] == "No such file or directory"
    assert ask_all({}) == {}


def test_many() -> None:
    paths = {f"/at{number}": "8:1" for number in range(1000)}
    found = ask_all(paths, 60, ask)
    assert {type(answer) for answer in found.values()} == {Size}


def test_dead_ones_cost_one_deadline_and_no_other_answer() -> None:
    """Were they asked one after the other, the living one at the end would not have its turn."""
    paths = {f"/dead{number}": f"8:{number}" for number in range(8)}
    found = ask_all({**paths, "/hidden": "9:1", "/alive": "9:2"}, 3, ask)
    assert isinstance(found["/alive"], Size)
    assert found["/hidden"] == "Permission denied"
    assert {found[path] for path in paths} == {"no answer from the file system within 3 s"}


def test_a_child_that_can_be_killed_is() -> None:
    ask_all({"/dead": "8:1"}, 0.1, ask)
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return  # there is none
        time.sleep(0.01)
    raise AssertionError("it lives")


def test_a_child_that_dies_is_no_answer() -> None:
    assert ask_all({"/dies": "8:1"}, 30, ask)["/dies"] == (
        "no answer from the file system within 30 s"
    )


def test_the_child_holds_no_output_of_ours() -> None:
    """A scheduler reads a plugin's pipe until everybody has closed it."""
    reader, writer = os.pipe()

    def tell(path: str) -> os.statvfs_result:
        try:
            os.fstat(writer)
        except OSError as error:
            raise OSError(error.errno, "closed") from None
        raise OSError(0, f"{path}: open")

    try:
        assert ask_all({"/": "8:1"}, 30, tell)["/"] == "closed"
    finally:
        os.close(reader)
        os.close(writer)


def test_with_everything_closed() -> None:
    """As a daemon may start it."""
    places = [path for path in sys.path if path]
    program = (
        f"import os, sys; sys.path[:0] = {places!r}; os.closerange(0, 3); "
        "from ct0.statvfs_apart import Size, ask_all; "
        "os._exit(0 if isinstance(ask_all({'/': '8:1'}, 30)['/'], Size) else 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_known_dead_device_is_not_asked_again() -> None:
    found = ask_all({"/dead": "8:1", "/alive": "8:2"}, 30, ask, known={"8:1"})
    assert found["/dead"] == "still no answer from the file system"
    assert isinstance(found["/alive"], Size)


def test_who_hangs_is_told_by_the_zombie_left_behind(tmp_path: Path) -> None:
    def left(pid: int, state: str, threads: list[str], nspid: str) -> None:
        uid = os.geteuid()
        folder = process(tmp_path, pid, NAME, state=state, exe=None, uid=uid, nspid=nspid,
                         namespace=None)  # fmt: skip
        for number, name in enumerate(threads):
            (folder / f"task/{pid + number}").mkdir(parents=True)
            (folder / f"task/{pid + number}/comm").write_text(f"{name}\n")

    process(tmp_path, 1, "systemd", nspid="1", namespace=None, cgroup="0::/init.scope\n")
    left(100, "Z", [NAME, "df 182:1", "df 0:77"], "100")
    left(200, "S", [NAME, "df 8:1"], "200")  # at work: another plugin's
    left(300, "Z", [NAME, "df 8:2"], "300 7")  # a container's, which would hide a disk
    host = Host(str(tmp_path))
    assert Ownership(host).pid == 1
    assert dead_devices(host) == {"182:1", "0:77"}
