"""File systems that never answer: whoever asks them is left behind, every plugin ends in time, and
only the container whose files hang goes without its figures.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ct0.host import Host
from ct0.statvfs import Size
from ct0.statvfs_apart import ask_all, dead_devices

from .command import attempt, wait_for
from .ct import CT
from .dead_files import dead_files
from .lxc import LxcCT, defined, start
from .recipes import SYSVINIT, rootfs
from .run import Run

PLUGINS = (
    "check_ct_state",
    "check_ct_resources",
    "check_ct_pressure",
    "check_ct_disk",
    "check_ct_load",
    "check_ct_network",
    "check_ct0_health",
)


def test_a_dead_file_system_costs_one_deadline_and_one_process(run: Run) -> None:
    """The real thing: what asks cannot even be killed."""
    with dead_files(run) as place:
        status = os.stat(place)
        device = f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}"
        devices = {str(place): device, "/": "0:0"}
        began = time.monotonic()
        found = ask_all(devices, 3)
        assert time.monotonic() - began < 30
        assert found[str(place)] == "no answer from the file system within 3 s"
        assert isinstance(found["/"], Size)
        # It is there still, and so it is not asked again.
        assert device in dead_devices(Host())
        found = ask_all(devices, 30, known=dead_devices(Host()))
        assert found[str(place)] == "still no answer from the file system"
        assert isinstance(found["/"], Size)
    wait_for("what hung to be gone", lambda: device not in dead_devices(Host()), 30)


@pytest.fixture(scope="module")
def hung(run: Run, lxc: LxcCT) -> Iterator[CT]:
    """An LXC CT whose root is served by a process that has stopped: all its files hang."""
    name = f"{run.prefix}-hung1"
    place = run.folder / "hung"
    root, upper, work = place / "root", place / "upper", place / "work"
    for part in (root, upper, work):
        part.mkdir(parents=True)
    options = f"lowerdir={rootfs(SYSVINIT)},upperdir={upper},workdir={work},allow_other"
    server = subprocess.Popen(["fuse-overlayfs", "-f", "-o", options, str(root)])
    try:
        wait_for(f"{root} to be mounted", lambda: os.path.ismount(root))
        with defined(lxc.lxcpath, name, name, root):
            ct = start("lxc", lxc.lxcpath, name, name, root)
            server.send_signal(signal.SIGSTOP)
            try:
                yield ct
            finally:
                server.send_signal(signal.SIGCONT)
    finally:
        server.kill()
        server.wait()
        attempt(["umount", "--lazy", str(root)])


def plugin(name: str, run: Run, *arguments: str) -> tuple[float, Any]:
    """Seconds it took, and what it said as JSON."""
    argv = [sys.executable, "-I", "-m", "ct0_checks", name, f"--state-dir={run.folder}/kept"]
    began = time.monotonic()
    done = subprocess.run(
        [*argv, "--timeout=30", "--format=json", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return time.monotonic() - began, json.loads(done.stdout)


def test_the_files_do_hang(hung: CT) -> None:
    asked = subprocess.Popen(["stat", "--file-system", f"/proc/{hung.init}/root"],
                             stdout=subprocess.DEVNULL)  # fmt: skip
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            asked.wait(2)
    finally:
        asked.kill()


@pytest.mark.parametrize("name", PLUGINS)
def test_every_plugin_ends_and_judges_the_others(name: str, run: Run, hung: CT, lxc: CT) -> None:
    seconds, said = plugin(name, run)
    assert seconds < 30, said
    if name == "check_ct0_health":
        assert "text" in said
        return
    found = {each["ctid"]: each for each in said["containers"]}
    assert {hung.ctid, lxc.ctid} <= found.keys()
    assert found[lxc.ctid]["findings"]


def test_only_its_disk_is_unknown(run: Run, hung: CT, lxc: CT) -> None:
    seconds, said = plugin(
        "check_ct_disk", run, "--shared", f"--ct={hung.ctid}", f"--ct={lxc.ctid}"
    )
    found = {each["ctid"]: each for each in said["containers"]}
    assert found[hung.ctid]["state"] == "UNKNOWN"
    (finding,) = found[hung.ctid]["findings"]
    assert "no answer from the file system" in finding["text"]
    assert found[lxc.ctid]["metrics"]["disk"]["max"] > 1 << 20
    assert seconds < 30


def test_the_root_reader_ends_as_well(run: Run, hung: CT, lxc: CT) -> None:
    argv = [sys.executable, "-I", "-m", "ct0_checks.reader"]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=30)
    found = {each["ct"]["ctid"]: each for each in json.loads(done.stdout)["survey"]["cts"]}
    assert "no answer" in found[hung.ctid]["troubles"]["filesystems"]
    assert found[hung.ctid]["memory"]["usage"] > 0
    assert found[lxc.ctid]["filesystems"]


def test_the_figures_come_back_with_the_server(run: Run, hung: CT, lxc: CT) -> None:
    """Last, for it wakes the server up."""
    server = server_of(run)
    os.kill(server, signal.SIGCONT)
    try:

        def judged() -> bool:
            _, said = plugin("check_ct_disk", run, "--shared", f"--ct={hung.ctid}")
            return "disk" in said["containers"][0]["metrics"]

        wait_for("its disk to be judged", judged, 60)
    finally:
        os.kill(server, signal.SIGSTOP)


def server_of(run: Run) -> int:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if words[0] == b"fuse-overlayfs" and str(run.folder).encode() in words[-2]:
            return int(path.parent.name)
    raise AssertionError("no fuse-overlayfs")
