"""check_ct_disk, check_ct_network, check_ct_load and check_ct0_health on real containers: what was
done to them is what is said.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .command import attempt, call, wait_for
from .ct import CT
from .lxc import LxcCT, defined, lxc_ct, start
from .nspawn import nspawn_ct
from .podman import podman_ct
from .processes import alive, named
from .recipes import app_rootfs
from .run import Run
from .work import MIB, own_cgroup, send, wired

DEVICE = "eth7"


def say(name: str, run: Run, *arguments: str) -> tuple[int, str]:
    argv = [sys.executable, "-I", "-m", "ct0_checks", name, f"--state-dir={run.folder}/kept"]
    done = subprocess.run(
        [*argv, "--timeout=60", *arguments], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def about(name: str, run: Run, ct: CT, *arguments: str) -> Any:
    """What it says of one CT, as JSON."""
    _, text = say(name, run, f"--ct={ct.ctid}", "--format=json", *arguments)
    (found,) = json.loads(text)["containers"]
    return found


def texts(found: Any) -> str:
    return ", ".join(finding["text"] for finding in found["findings"])


@pytest.fixture(scope="module")
def small(run: Run, lxc: LxcCT) -> Iterator[CT]:
    """An LXC CT on a file system of its own, 32 MiB and 2000 inodes."""
    name = f"{run.prefix}-small1"
    root = run.folder / "small"
    root.mkdir()
    call(["mount", "-t", "tmpfs", "-o", "size=32m,nr_inodes=2000,mode=755", run.prefix, str(root)])
    try:
        call(["cp", "-a", f"{app_rootfs()}/.", str(root)])
        with defined(lxc.lxcpath, name, name, root):
            yield start("lxc", lxc.lxcpath, name, name, root)
    finally:
        attempt(["umount", "--lazy", str(root)])
        root.rmdir()


def test_a_disk_that_is_filled_from_inside(run: Run, small: CT) -> None:
    found = about("check_ct_disk", run, small)
    assert (found["state"], found["metrics"]["disk"]["max"]) == ("OK", 32 * MIB)
    used = found["metrics"]["disk"]["value"]
    size = 27 * MIB - int(used)  # to 84 %
    small.run(["/bin/sh", "-c", f"head -c {size} /dev/zero >/filler"])
    found = about("check_ct_disk", run, small)
    assert found["state"] == "WARNING", found
    assert "/ 84.4% of 32.0M (outside 0:80)" in texts(found)
    small.run(["/bin/sh", "-c", "head -c 3145728 /dev/zero >/filler2"])
    found = about("check_ct_disk", run, small)
    assert found["state"] == "CRITICAL", found
    small.run(["rm", "/filler", "/filler2"])
    assert about("check_ct_disk", run, small)["state"] == "OK"


def test_inodes_that_run_out(run: Run, small: CT) -> None:
    free = os.statvfs(f"/proc/{small.init}/root").f_ffree
    many = f"mkdir /many; i=0; while [ $i -lt {free - 101} ]; do : >/many/$i; i=$((i+1)); done"
    small.run(["/bin/sh", "-c", many], timeout=120)
    found = about("check_ct_disk", run, small)
    small.run(["rm", "-r", "/many"])
    assert found["state"] == "CRITICAL"
    assert "/ inodes 95.0% of 2000 (outside 0:90)" in texts(found)


def test_what_lives_in_ct0s_file_system_is_not_judged(
    run: Run, lxc: CT, docker: CT, podman: CT
) -> None:
    for ct in (lxc, docker, podman):
        found = about("check_ct_disk", run, ct)
        assert found["state"] == "UNKNOWN"
        assert "with others: not judged" in texts(found)


@pytest.fixture
def machine(run: Run) -> Iterator[CT]:
    """A CT of its own: `own_cgroup` stops it in the end."""
    with nspawn_ct(run, "machine3") as plain, own_cgroup(plain) as ct:
        yield ct


@pytest.fixture(params=["lxc", "docker", "podman"])
def ct(request: pytest.FixtureRequest) -> CT:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, CT)
    return found


def test_traffic_and_drops(run: Run, ct: CT) -> None:
    """Frames of a protocol nobody there speaks are dropped where they arrive."""
    with wired(run, [ct], DEVICE) as (address,):
        about("check_ct_network", run, ct)
        assert send(ct, address, 8 * MIB) == 8 * MIB
        throw(f"{run.prefix}v0", 3000)
        dropped = Path(f"/proc/{ct.init}/net/dev")
        wait_for("the drops", lambda: drops(dropped.read_text()) >= 3000)

        def judged() -> Any:
            return about("check_ct_network", run, ct, "--window=3600", "--rate-warning=1")

        wait_for("a second to pass", lambda: "faults" in judged()["metrics"])
        found = judged()
        again = judged()
    assert found["state"] == "CRITICAL", found
    assert f"{DEVICE} sends " in texts(found)
    assert "errors and drops a minute (outside 0:100)" in texts(found)
    assert found["metrics"]["transmit"]["value"] > 1000
    # The second caller sees the same.
    assert again["state"] == found["state"]


def throw(device: str, count: int) -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((device, 0))
        frame = b"\xff" * 6 + b"\x02\0\0\0\0\1" + struct.pack("!H", 0x88B5) + bytes(60)
        for _ in range(count):
            raw.send(frame)


def drops(text: str) -> int:
    for line in text.splitlines():
        name, _, counters = line.partition(":")
        if name.strip() == DEVICE:
            return int(counters.split()[3])
    return 0


def test_a_network_of_its_own_without_interfaces(run: Run, machine: CT) -> None:
    found = about("check_ct_network", run, machine)
    assert (found["state"], texts(found)) == ("UNKNOWN", "no interface but lo")


def test_ct0s_network_is_said(run: Run) -> None:
    with lxc_ct(run, "inhost1", keys=["lxc.net.0.type = none"]) as ct:
        found = about("check_ct_network", run, ct)
    assert (found["state"], texts(found)) == ("UNKNOWN", "in CT0's network: not judged")
    assert found["metrics"] == {}


def test_no_load_average_is_made_up(run: Run, ct: CT) -> None:
    found = about("check_ct_load", run, ct)
    assert (found["state"], found["metrics"]) == ("UNKNOWN", {})
    assert texts(found) == "no load average of its own: only OpenVZ's do"
    assert about("check_ct_load", run, ct, "--missing=ok")["state"] == "OK"


def test_ct0s_dockerd_is_alive_and_no_containers(run: Run, docker: CT) -> None:
    _, text = say("check_ct0_health", run)
    assert "dockerd is dead" not in text
    _, text = say("check_ct0_health", run, "--format=json")
    said = ", ".join(finding["text"] for finding in json.loads(text)["findings"])
    assert "dockerd" in said
    assert "memory " in said


def test_a_monitor_that_is_killed_is_missed(run: Run) -> None:
    with podman_ct(run, "lost1") as ct:
        lost = f"{ct.ctid[:12]} (podman {ct.ctid[:12]})"  # its name is in storage of the run's own
        assert lost not in say("check_ct0_health", run)[1]
        parent = int(Path(f"/proc/{ct.init}/stat").read_text().rpartition(") ")[2].split()[1])
        assert Path(f"/proc/{parent}/comm").read_text() == "conmon\n"
        os.kill(parent, signal.SIGKILL)
        wait_for("conmon to die", lambda: not alive(parent))
        status, text = say("check_ct0_health", run)
        assert status in (1, 2)
        assert f"no conmon for {lost}" in text


def test_a_lock_of_liblxcs_that_is_held(run: Run, lxc: LxcCT) -> None:
    path = Path(f"/run/lxc/lock{lxc.lxcpath}/.{lxc.ctid}")
    assert path.exists()
    name = f"lock of lxc {lxc.ctid}: held for "
    assert name not in say("check_ct0_health", run)[1]
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        _, text = say("check_ct0_health", run, "--lock-age-warning=~:-1", "--lock-age-critical=~:")
        assert name in text
    assert name not in say("check_ct0_health", run, "--lock-age-warning=~:-1")[1]


@pytest.mark.may_skip
def test_lxcfs_that_dies_leaves_its_mount_and_is_missed(run: Run) -> None:
    """Every container's /proc/meminfo is on it, and is an error from then on."""
    if named("lxcfs"):
        pytest.skip("this machine has an lxcfs of its own, which lives on")
    place = run.folder / "lxcfs"
    place.mkdir()
    argv = ["lxcfs", "--foreground", f"--pidfile={run.folder}/lxcfs.pid", str(place)]
    with (run.folder / "lxcfs.log").open("wb") as log:
        server = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        wait_for(f"{place} to be mounted", lambda: os.path.ismount(place))
        assert "lxcfs is dead" not in say("check_ct0_health", run)[1]
        server.kill()
        server.wait()
        status, text = say("check_ct0_health", run)
        assert status == 2
        assert "lxcfs is dead (mounted on " in text or "lxcfs is dead (lxcfs starts at " in text
        ignored = say("check_ct0_health", run, "--ignore-service=lxcfs")[1]
        assert "lxcfs is dead" not in ignored
    finally:
        server.kill()
        server.wait()
        attempt(["umount", "--lazy", str(place)])
