"""check_ct0_health: whole lines and states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ct0.clock import Clock
from ct0.fairsched import Load
from ct0.filesystem import Filesystem
from ct0.health import Health
from ct0.host import Host
from ct0.locks import Lock
from ct0.services import Service
from ct0.survey import Survey
from ct0.survey import survey as read
from ct0_checks import ct0_health
from judging import BOOT, said, survey
from planted import plant

GIB = 1 << 30
FINE = Health(
    services=[Service("dockerd", "2 docker containers run", True), Service("lxcfs", "x", True)],
    disks=[Filesystem(100 * GIB, 60 * GIB, 40 * GIB, 1000, 900)],
    clock=Clock(True, 0.0, 0.25),
    tasks_limit=32768,
)


def host(uptime: float = 5000.0, memory: float = 0.5, **changed: Any) -> Survey:
    found = survey(uptime=uptime)
    machine = found.machine._replace(
        memory=16 * GIB,
        memory_available=round(16 * GIB * memory),
        load=Load(0.1, 0.1, 0.1, 1, changed.pop("tasks", 400)),
    )
    return found._replace(machine=machine, health=FINE._replace(**changed))


def line(found: Survey, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    return said(ct0_health, found, tmp_path, "--no-perfdata", *arguments)


def test_all_well(tmp_path: Path) -> None:
    assert said(ct0_health, host(), tmp_path) == (
        0,
        "CT0_HEALTH OK - dockerd, lxcfs alive; memory 50.0% of 16.0G available; tasks 1.2% of "
        "32768; / 40.0% of 100G; / inodes 10.0% of 1000; clock synchronized | services_dead=0;;;0 "
        "locks=0;;;0 memory_available=8589934592B;1717986918:;858993459:;0;17179869184 "
        "tasks=400;26214;29491;0;32768 disk=42949672960B;85899345920;96636764160;0;107374182400 "
        "disk_inodes=100;800;900;0;1000 clock_error=0.25s;;;0\n",
    )
    assert not (tmp_path / "kept").exists()  # nothing to keep


DOCKERD = Service("dockerd", "2 docker containers run", False)


@pytest.mark.parametrize(
    ("changed", "arguments", "status", "text"),
    [
        ({"services": [DOCKERD]}, [], 2, "CRITICAL - dockerd is dead (2 docker containers run)"),
        (
            {"services": [Service("incusd or lxd", "lxd starts at boot", False)]},
            ["--ignore-service=lxd"],
            0,
            "OK - memory 50.0% of 16.0G available; tasks 1.2% of 32768; / 40.0% of 100G; "
            "/ inodes 10.0% of 1000; clock synchronized",
        ),
        (
            {"services": [Service("conmon", f"web{n} (podman a{n})", False) for n in range(5)]},
            [],
            1,
            "WARNING - no conmon for web0 (podman a0), web1 (podman a1), web2 (podman a2) "
            "and 2 more",
        ),
        ({"memory": 0.07}, [], 1, "WARNING - memory 7.0% of 16.0G available (outside 10:)"),
        ({"memory": 0.04}, [], 2, "CRITICAL - memory 4.0% of 16.0G available (outside 5:)"),
        ({"tasks": 30000}, [], 2, "CRITICAL - tasks 91.6% of 32768 (outside 0:90)"),
        (
            {"disks": [Filesystem(100, 15, 85, 100, 5, mountpoint="/vz")]},
            [],
            2,
            "CRITICAL - WARNING /vz 85.0% of 100 (outside 0:80); /vz inodes 95.0% of 100 "
            "(outside 0:90)",
        ),
        (
            {"clock": Clock(False, 0, 16)},
            [],
            1,
            "WARNING - clock not synchronized: neither chronyd, ntpd nor systemd-timesyncd keeps "
            "it",
        ),
        (
            {"clock": Clock(False, 0, 16)},
            ["--clock=critical"],
            2,
            "CRITICAL - clock not synchronized: neither chronyd, ntpd nor systemd-timesyncd keeps "
            "it",
        ),
        (
            {"hidepid": "invisible"},
            [],
            1,
            "WARNING - /proc hides processes (hidepid=invisible): plugins that are not root's see "
            "their own only",
        ),
        (
            {"disks": [], "troubles": {"disks": "/vz: no answer from the file system within 2 s"}},
            [],
            3,
            "UNKNOWN - /vz: no answer from the file system within 2 s",
        ),
        (
            {"services": [DOCKERD], "troubles": {"disks": "/vz: no answer"}},
            [],
            2,
            "CRITICAL - UNKNOWN /vz: no answer; dockerd is dead (2 docker containers run)",
        ),
    ],
)
def test_what_is_not(
    changed: dict[str, Any], arguments: list[str], status: int, text: str, tmp_path: Path
) -> None:
    assert line(host(**changed), tmp_path, *arguments) == (status, f"CT0_HEALTH {text}\n")


@pytest.mark.parametrize(
    ("lock", "status", "text"),
    [
        (
            Lock("openvz", "101", "/vz/lock/101.lck", "stopping", BOOT + 4000, 4711),
            1,
            "lock of openvz 101, stopping: left behind 16m40s ago, /vz/lock/101.lck",
        ),
        (
            Lock("proxmox", "101", "/etc/pve/lxc/101.conf", "backup", BOOT, held=True),
            1,
            "lock of proxmox 101, backup: held for 1h23m (outside 0:3600)",
        ),
    ],
)
def test_locks(lock: Lock, status: int, text: str, tmp_path: Path) -> None:
    assert line(host(locks=[lock]), tmp_path) == (status, f"CT0_HEALTH WARNING - {text}\n")


def test_a_lock_at_work_is_none_of_ours(tmp_path: Path) -> None:
    lock = Lock("openvz", "101", "/vz/lock/101.lck", "starting", BOOT + 4990, 4711, True)
    status, text = line(host(locks=[lock]), tmp_path)
    assert status == 0
    assert "lock of openvz 101, starting: held for 10s" in text
    # The clock was set back an hour since it was made: that is no lock held for too long.
    status, text = line(host(locks=[lock._replace(since=BOOT + 8600)]), tmp_path)
    assert status == 0
    assert "lock of openvz 101, starting: held for 0s" in text


def test_a_lock_that_does_not_say_since_when(tmp_path: Path) -> None:
    """It is timed from when it was first seen, and anew when it was away meanwhile."""
    lock = Lock("lxc", "web1", "/run/lxc/lock/var/lib/lxc/.web1", held=True)
    assert line(host(5000, locks=[lock]), tmp_path)[0] == 0
    assert line(host(8000, locks=[lock]), tmp_path)[0] == 0
    assert line(host(9000, locks=[lock]), tmp_path) == (
        1,
        "CT0_HEALTH WARNING - lock of lxc web1: held for 1h6m (outside 0:3600)\n",
    )
    assert line(host(20_000, locks=[lock]), tmp_path)[0] == 0


def test_a_recorded_host(host: Callable[[str], Path], tmp_path: Path) -> None:
    root = str(host("debian12-lxd"))
    assert said(ct0_health, read(Host(root)), tmp_path, f"--root={root}") == (
        3,
        "CT0_HEALTH UNKNOWN - how much memory is available is not known | services_dead=0;;;0 "
        "locks=0;;;0\n",
    )


def test_openvz_with_a_lock_left_behind(tmp_path: Path) -> None:
    root = plant("openvz6", tmp_path / "host")
    (root / "vz/lock").mkdir(parents=True)
    (root / "vz/lock/103.lck").write_text("9999\nstopping\n")
    found = read(Host(str(root)))
    status, text = line(found, tmp_path, f"--root={root}")
    assert status == 1
    assert "lock of openvz 103, stopping: left behind" in text
    (root / "proc/vz").rename(root / "proc/none")
    status, text = line(read(Host(str(root))), tmp_path, f"--root={root}")
    assert status == 2
    assert "OpenVZ's kernel is dead (4 openvz containers)" in text


def test_a_recorded_host_of_dockers(host: Callable[[str], Path], tmp_path: Path) -> None:
    """Recorded were dockerd and the containers, not containerd and the memory."""
    root = str(host("debian12-docker"))
    assert line(read(Host(root)), tmp_path, f"--root={root}") == (
        2,
        "CT0_HEALTH CRITICAL - containerd is dead (2 docker containers run); UNKNOWN how much "
        "memory is available is not known\n",
    )


def test_nothing_read(tmp_path: Path) -> None:
    assert line(survey(), tmp_path)[0] == 3
