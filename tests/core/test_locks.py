"""Locks that were left behind, and locks that are held."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.container import CT
from ct0.host import Host
from ct0.locks import Lock, parse_locks, parse_vzctl_lock, read_locks
from generated import write
from planted import process

BOOT = 1_700_000_000


@pytest.fixture
def vz(tmp_path: Path) -> Path:
    write(tmp_path, "/etc/vz/vz.conf", "LOCKDIR=/srv/lock\n")
    write(tmp_path, "/proc/stat", f"cpu 1 2 3 4\nbtime {BOOT}\n")
    return tmp_path


def vzctl(root: Path, text: str, since: float) -> None:
    write(root, "/srv/lock/101.lck", text)
    os.utime(root / "srv/lock/101.lck", (since, since))


def locks(root: Path, *cts: CT) -> list[Lock]:
    return read_locks(Host(str(root)), list(cts) or [CT("openvz", "101")])


def test_vzctl_at_work(vz: Path) -> None:
    process(vz, 4711, "vzctl", starttime=100_000)  # 1000 s after the boot
    vzctl(vz, "4711\nstopping\n", BOOT + 1000)
    assert locks(vz) == [
        Lock("openvz", "101", "/srv/lock/101.lck", "stopping", BOOT + 1000, 4711, True)
    ]


def test_vzctl_that_died(vz: Path) -> None:
    vzctl(vz, "4711\n\n", BOOT + 1000)
    assert locks(vz) == [Lock("openvz", "101", "/srv/lock/101.lck", "", BOOT + 1000, 4711, False)]


def test_its_pid_is_another_process_by_now(vz: Path) -> None:
    process(vz, 4711, "sshd", starttime=200_000)
    vzctl(vz, "4711\nstarting\n", BOOT + 1000)
    assert not locks(vz)[0].held


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4711\nstopping\n", (4711, "stopping")),
        ("4711\n", (4711, "")),
        ("4711", (4711, "")),
        ("", (0, "")),
        ("-1\nx\n", (0, "x")),
        ("99999999999\nx\n", (0, "x")),
        ("\0\x1b[2J", (0, "")),
    ],
)
def test_vzctls_file(text: str, found: tuple[int, str]) -> None:
    assert parse_vzctl_lock(text) == found


def test_no_lock_and_no_folder(vz: Path) -> None:
    assert locks(vz) == []
    write(vz, "/srv/lock/0.lck.tmp", "1\n")
    assert locks(vz) == []
    assert locks(vz, CT("lxc", "web1", config="/var/lib/lxc/web1/config")) == []


LXC = CT("lxc", "web1", config="/var/lib/lxc/web1/config")


def test_lxc_by_the_kernels_list(tmp_path: Path) -> None:
    path = "/run/lxc/lock/var/lib/lxc/.web1"
    write(tmp_path, path, "")
    status = os.stat(f"{tmp_path}{path}")
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    assert locks(tmp_path, LXC) == []
    line = f"OFDLCK ADVISORY  WRITE -1 {device}:{status.st_ino} 0 EOF\n"
    write(tmp_path, "/proc/locks", f"1: {line}")
    assert locks(tmp_path, LXC) == [Lock("lxc", "web1", path, held=True)]
    write(tmp_path, "/proc/locks", f"1: -> {line}")
    assert locks(tmp_path, LXC) == []


def test_lxc_create_that_did_not_end(tmp_path: Path) -> None:
    path = tmp_path / "var/lib/lxc/web1/partial"
    write(tmp_path, "/var/lib/lxc/web1/partial", "")
    os.utime(path, (BOOT, BOOT))
    assert locks(tmp_path, LXC) == [
        Lock("lxc", "web1", "/var/lib/lxc/web1/partial", "creating", BOOT)
    ]


def test_proxmox(tmp_path: Path) -> None:
    path = "/etc/pve/lxc/101.conf"
    ct = CT("proxmox", "101", config=path)
    write(tmp_path, path, "cores: 1\nlock: backup\nmemory: 512\n[vzdump]\nlock: snapshot\n")
    os.utime(f"{tmp_path}{path}", (BOOT, BOOT))
    assert locks(tmp_path, ct) == [Lock("proxmox", "101", path, "backup", BOOT, held=True)]
    write(tmp_path, path, "cores: 1\n[vzdump]\nlock: snapshot\n")
    assert locks(tmp_path, ct) == []


def test_the_kernels_list() -> None:
    text = (
        "1: FLOCK  ADVISORY  WRITE 812 fd:1a:1234 0 EOF\n2: POSIX  ADVISORY  READ  9 00:01:7 0 9\n"
    )
    assert parse_locks(text) == {(os.makedev(0xFD, 0x1A), 1234), (os.makedev(0, 1), 7)}
    assert parse_locks("") == set()


@given(st.text(max_size=80))
def test_any_list(text: str) -> None:
    parse_locks(text)
    parse_vzctl_lock(text)
