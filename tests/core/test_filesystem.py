"""How full a CT's filesystems are; and statvfs that never answers."""

from __future__ import annotations

import os
import struct
import threading
import time
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import write
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.filesystem import (
    MOUNTS,
    Filesystem,
    Mount,
    parse_mountinfo,
    parse_ploop_statfs,
    read_beginning,
    read_filesystem,
    sorted_out,
)
from ct0.host import Host
from ct0.statvfs import Statvfs

GIB = 1 << 30


def test_openvz6_by_quota(host: Callable[[str], Path]) -> None:
    """DISKSPACE="2G:2.2G", DISKINODES="131072:144179"."""
    cgroups = Cgroups(Host(str(host("openvz6"))))
    found = {ct.ctid: ct for ct in containers(cgroups.host)}
    assert read_filesystem(cgroups, found["101"]) == [
        Filesystem(
            size=2 * GIB,
            avail=2 * GIB - 102724 * 1024,
            used=102724 * 1024,
            files=131072,
            files_free=131072 - 2649,
            fstype="simfs",
            source="vzquota",
        )
    ]
    with pytest.raises(Unavailable, match=r"/vz/private/104/root\.hdd/\.statfs"):
        read_filesystem(cgroups, found["104"])


def test_stopped_ploop_ct_by_what_ploop_wrote(tmp_path: Path) -> None:
    write(tmp_path, "etc/vz/conf/104.conf", 'VE_PRIVATE="/srv/vz/$VEID"\n')
    write(tmp_path, "etc/vz/vz.conf", "")
    (tmp_path / "srv/vz/104/root.hdd").mkdir(parents=True)
    raw = struct.pack("=5Q", 4096, 1000, 400, 65536, 60000)
    (tmp_path / "srv/vz/104/root.hdd/.statfs").write_bytes(raw)
    ct = CT("openvz", "104", config="/etc/vz/conf/104.conf")
    assert read_filesystem(Cgroups(Host(str(tmp_path))), ct) == [
        Filesystem(4096000, 1638400, 2457600, 65536, 60000, fstype="ext4", source="ploop")
    ]


SECRET = struct.pack("=5Q", 4096, 1000, 400, 65536, 60000)


@pytest.mark.parametrize("trap", ["file", "folder", "pipe", "directory"])
def test_a_stopped_simfs_ct_points_its_reader_nowhere(trap: str, tmp_path: Path) -> None:
    """Its private area is its root, so that it can lay down there what ploop would have."""
    write(tmp_path, "etc/vz/conf/104.conf", 'VE_PRIVATE="/srv/vz/$VEID"\n')
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/.statfs").write_bytes(SECRET)
    hdd = tmp_path / "srv/vz/104/root.hdd"
    hdd.parent.mkdir(parents=True)
    if trap == "folder":
        hdd.symlink_to(tmp_path / "secret")
    else:
        hdd.mkdir()
    if trap == "file":
        (hdd / ".statfs").symlink_to(tmp_path / "secret/.statfs")
    elif trap == "pipe":
        os.mkfifo(hdd / ".statfs")
    elif trap == "directory":
        (hdd / ".statfs").mkdir()
    ct = CT("openvz", "104", config="/etc/vz/conf/104.conf")
    with pytest.raises(Unavailable, match="no saved size of openvz 104"):
        read_filesystem(Cgroups(Host(str(tmp_path))), ct)


@pytest.mark.parametrize("where", ["etc/vz/conf/104.conf", "etc/vz/vz.conf"])
def test_a_stopped_simfs_ct_that_says_so_is_not_looked_into(where: str, tmp_path: Path) -> None:
    write(tmp_path, "etc/vz/conf/104.conf", 'VE_PRIVATE="/srv/vz/$VEID"\n')
    (tmp_path / where).write_text('VE_PRIVATE="/srv/vz/$VEID"\nVE_LAYOUT="simfs"\n')
    (tmp_path / "srv/vz/104/root.hdd").mkdir(parents=True)
    (tmp_path / "srv/vz/104/root.hdd/.statfs").write_bytes(SECRET)
    ct = CT("openvz", "104", config="/etc/vz/conf/104.conf")
    with pytest.raises(Unavailable, match="no saved size"):
        read_filesystem(Cgroups(Host(str(tmp_path))), ct)


@pytest.mark.parametrize("raw", [b"", b"\1" * 39, struct.pack("=5Q", 4096, 5, 6, 0, 0), bytes(40)])
def test_ploop_truncated_or_garbage(raw: bytes) -> None:
    with pytest.raises(Malformed):
        parse_ploop_statfs(raw)


def test_stopped_lxc_ct_has_none(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="old1"):
        read_filesystem(Cgroups(Host(str(tmp_path))), CT("lxc", "old1"))


def test_a_process_on_ct0s_own_root_shares_it() -> None:
    found = read_filesystem(Cgroups(Host()), CT("lxc", "web1", init_pid=os.getpid()))
    real = os.statvfs("/")
    assert found[0].size == real.f_blocks * real.f_frsize
    assert found[0].shared is True
    assert found[0].mountpoint == "/"


MOUNTINFO = """\
600 599 182:1 / / rw,relatime - ext4 /dev/ploop0p1 rw
601 600 0:22 / /proc rw,relatime - proc proc rw
602 600 8:17 / /var/lib/my\\040sql rw,relatime shared:1 master:2 - xfs /dev/sdb1 rw
603 600 8:1 /srv/web /srv rw - ext4 /dev/sda1 rw
604 600 182:1 / /again rw - ext4 /dev/ploop0p1 rw
"""


def test_mountinfo() -> None:
    mounts = parse_mountinfo(MOUNTINFO)
    assert mounts[2] == Mount("8:17", "/", "/var/lib/my sql", "xfs", "602", "600")
    roots, others = sorted_out(mounts)
    assert [mount.device for mount in roots] == ["182:1"]
    assert [mount.mountpoint for mount in others] == ["/again", "/var/lib/my sql"]
    assert parse_mountinfo("") == []


def test_a_later_root_hides_an_earlier_one() -> None:
    text = "1 1 0:2 / / rw - rootfs rootfs rw\n" + MOUNTINFO
    assert sorted_out(parse_mountinfo(text))[0][-1].fstype == "ext4"


def test_what_a_ct_mounts_over_its_root_hides_no_full_disk() -> None:
    """/proc/PID/root of its init stays what it was."""
    text = MOUNTINFO + "605 600 0:99 / / rw - overlay none rw\n606 605 0:98 / / rw - tmpfs x rw\n"
    assert [mount.device for mount in sorted_out(parse_mountinfo(text))[0]] == ["182:1"]


def test_a_ct_that_mounts_without_end_holds_nobody_up(tmp_path: Path) -> None:
    more = "".join(f"{n} 600 0:{n} / /m{n} rw - tmpfs x rw\n" for n in range(1000, 20_000))
    (tmp_path / "mountinfo").write_text(MOUNTINFO + more)
    text = read_beginning(f"{tmp_path}/mountinfo")
    assert MOUNTS - 100 < len(text) <= MOUNTS
    mounts = parse_mountinfo(text)
    assert mounts[0].device == "182:1"
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    assert read_beginning(f"{tmp_path}/mountinfo") == MOUNTINFO
    with pytest.raises(Unavailable):
        read_beginning(f"{tmp_path}/absent")


@pytest.mark.parametrize("text", ["600 599 182:1 / / rw", "600 599 182:1 / / rw -", "-\n", "\0"])
def test_mountinfo_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_mountinfo(text)


@given(st.text(max_size=60))
def test_any_mountinfo(text: str) -> None:
    try:
        parse_mountinfo(text)
    except Malformed:
        pass


def test_statvfs_answers(tmp_path: Path) -> None:
    assert Statvfs()(str(tmp_path)).f_blocks == os.statvfs(tmp_path).f_blocks
    with pytest.raises(Unavailable, match="absent"):
        Statvfs()(f"{tmp_path}/absent")


def test_statvfs_that_hangs_costs_one_deadline_and_no_other_path() -> None:
    release = threading.Event()
    asked = []

    def ask(path: str) -> os.statvfs_result:
        asked.append(path)
        if path == "/dead" and not release.wait(30):
            raise AssertionError("nobody released it")
        return os.statvfs("/")

    statvfs = Statvfs(ask)
    with pytest.raises(Unavailable, match="/dead: no answer"):
        statvfs("/dead", 0.05)
    assert statvfs("/alive", 5).f_blocks
    start = time.monotonic()
    with pytest.raises(Unavailable, match="/dead: still no answer"):
        statvfs("/dead", 30)
    assert time.monotonic() - start < 5
    assert asked == ["/dead", "/alive"]

    release.set()
    end = time.monotonic() + 60
    while True:
        try:
            assert statvfs("/dead", 5).f_blocks
            break
        except Unavailable:
            assert time.monotonic() < end
    assert threading.active_count() < 10
