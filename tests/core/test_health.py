"""CT0's health as one record."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.cgroup_files import Cgroups
from ct0.health import Health, parse_hidepid, read_health
from ct0.host import Host
from ct0.statvfs import Size
from ct0.statvfs_apart import Answer
from generated import generate, write


def sizes(devices: dict[str, str]) -> dict[str, Answer]:
    return {path: Size(4096, 4096, 1000, 600, 500, 100, 50) for path in devices}


def dead(devices: dict[str, str]) -> dict[str, Answer]:
    return dict.fromkeys(devices, "no answer")


def test_this_machine() -> None:
    found = read_health(Cgroups(Host()), [], sizes)
    root = found.disks[0]
    assert (root.mountpoint, root.size, root.used) == ("/", 4096000, 1638400)
    assert found.tasks_limit
    assert found.tasks_limit > 300


def test_a_disk_that_does_not_answer() -> None:
    found = read_health(Cgroups(Host()), [], dead)
    assert found.disks == []
    assert found.troubles["disks"].endswith(": no answer")


def test_a_recorded_host(host: Callable[[str], Path], tmp_path: Path) -> None:
    root = generate(tmp_path, 2, 1)
    write(root, "/proc/sys/kernel/pid_max", "32768\n")
    write(root, "/proc/sys/kernel/threads-max", "16000\n")
    assert read_health(Cgroups(Host(str(root))), [], sizes) == Health(
        tasks_limit=16000,
        troubles={
            "disks": "a recorded host's disks cannot be asked",
            "clock": "a recorded host's clock cannot be asked",
        },
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("proc /proc proc rw,nosuid 0 0\n", ""),
        ("proc /proc proc rw,hidepid=2,gid=4 0 0\n", "invisible"),
        ("proc /proc proc rw,gid=4,hidepid=invisible 0 0\n", "invisible"),
        ("proc /proc proc rw,hidepid=0 0 0\n", ""),
        ("proc /proc proc rw,hidepid=2 0 0\nproc /proc proc rw 0 0\n", ""),
        ("proc /srv/proc proc rw,hidepid=2 0 0\n", ""),
        ("", ""),
        ("proc /proc proc\n\0\n", ""),
    ],
)
def test_hidepid(text: str, found: str) -> None:
    assert parse_hidepid(text) == found
