"""The lab proves itself: containers are what they claim, the bug is there, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from . import leftovers
from .command import attempt, call, wait_for
from .ct import CT
from .host import HostDaemons
from .node import Node
from .processes import alive, cgroups, namespace
from .run import Run

MARKS = {
    "lxc": "/lxc.payload.{ctid}",
    "lxc_systemd": "/lxc.payload.{ctid}",
    "proxmox": "/lxc/{ctid}/ns",
    "lxd": "/lxc.payload.{ctid}",
    "docker": "/docker/{ctid}",
    "docker_host_pid": "/docker/{ctid}",
    "containerd": "/default/{ctid}",
    "podman": "/libpod_parent/libpod-{ctid}",
}


def test_incumbents_see_every_containers_daemon(run: Run, daemons: dict[str, int]) -> None:
    everyone = sorted(daemons.values())
    assert _pids(call(["pidof", run.daemon_name]).stdout) == everyone
    assert _pids(call(["pgrep", "-x", run.daemon_name]).stdout) == everyone


def test_each_daemon_belongs_where_it_was_started_and_nowhere_else(
    run: Run, daemons: dict[str, int], cts: dict[str, CT], own: dict[str, HostDaemons]
) -> None:
    found = {name: place.pids(run.daemon_name) for name, place in {**cts, **own}.items()}
    assert found == {name: [pid] for name, pid in daemons.items()}


@pytest.mark.parametrize("name", MARKS)
def test_cgroup_is_where_the_engine_documents_it(
    name: str, daemons: dict[str, int], cts: dict[str, CT]
) -> None:
    mark = MARKS[name].format(ctid=cts[name].ctid)
    paths = [line.split(":", 2)[2] for line in cgroups(daemons[name]).splitlines()]
    assert paths
    assert all(f"{path}/".startswith(f"{mark}/") for path in paths)


def test_only_host_pid_containers_share_our_pid_namespace(daemons: dict[str, int]) -> None:
    ours = {name for name, pid in daemons.items() if namespace(pid) == namespace("self")}
    assert ours == {"docker_host_pid", "plain", "chrooted", "private_mounts"}


def test_daemon_is_not_the_first_process(daemons: dict[str, int], cts: dict[str, CT]) -> None:
    """PID 1 of a CT ignores signals it has no handler for, and would survive what kills others."""
    assert {daemons[name] for name in cts}.isdisjoint(ct.init for ct in cts.values())
    for name in cts:
        os.kill(daemons[name], signal.SIGTERM)
    wait_for("all daemons to die", lambda: not any(alive(daemons[name]) for name in cts))


def test_commands_run_inside(cts: dict[str, CT], own: dict[str, HostDaemons]) -> None:
    for ct in cts.values():
        done = ct.run(["sh", "-c", "echo in; echo bad >&2; exit 3"])
        assert (done.returncode, done.stdout, done.stderr) == (3, "in\n", "bad\n"), ct
        assert ct.run(["readlink", "/proc/self/ns/mnt"]).stdout.strip() != namespace("self", "mnt")


def test_inits_are_what_they_should_be(lxc: CT, lxc_systemd: CT, proxmox: CT) -> None:
    first = [ct.run(["cat", "/proc/1/comm"]).stdout for ct in (lxc, lxc_systemd, proxmox)]
    assert first == ["init\n", "systemd\n", "init\n"]


def test_node_sees_its_containers_daemons(run: Run, node: Node) -> None:
    started = [place.start_daemon(run.daemon) for place in (node, node.ct("101"), node.ct("102"))]
    try:
        assert _pids(node.run(["pidof", run.daemon]).stdout) == sorted(map(node.inside, started))
        assert node.pids(run.daemon_name) == started[:1]
        assert node.ct("101").pids(run.daemon_name) == started[1:2]
        assert [node.outside(node.inside(pid)) for pid in started] == started
    finally:
        for pid in started:
            os.kill(pid, signal.SIGKILL)


def test_killall5_kills_the_nodes_containers(run: Run, node_sysvinit: Node) -> None:
    ct = node_sysvinit.ct("101")
    victim = ct.start_daemon(run.daemon)
    node_sysvinit.run(["killall5", "-15"])
    wait_for("the CT's daemon to die", lambda: not alive(victim), 10)


def test_after_an_upgrade_on_ct0_killall_kills_in_the_containers_only(run: Run, node: Node) -> None:
    """CT0's process runs a file that is "(deleted)"; only the CTs' still have the path given."""
    here, inside = node.start_daemon(run.daemon), node.ct("101").start_daemon(run.daemon)
    try:
        node.replace(run.daemon)
        assert os.readlink(f"/proc/{here}/exe") == f"{run.daemon} (deleted)"
        assert node.run(["killall", run.daemon]).returncode == 0
        wait_for("the CT's daemon to die", lambda: not alive(inside), 5)
        assert alive(here)
    finally:
        os.kill(here, signal.SIGKILL)


RUN = """
import signal, sys, time
from {package}.run import lab_run
from {package}.lxc import lxc_ct, proxmox_ct
from {package}.lxd import lxd_engine, lxd_ct
from {package}.docker import docker_engine, docker_ct
from {package}.containerd import containerd_engine, containerd_ct
from {package}.podman import podman_ct
from {package}.nspawn import nspawn_ct
from {package}.namespaces import bare_ct
from {package}.host import plain_daemons, chrooted_daemons, private_mounts_daemons
# A shell that runs the tests in the background has it ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with lab_run() as run, lxc_ct(run) as a, proxmox_ct(run) as b, lxd_engine(run) as lxd, \\
        lxd_ct(lxd) as c, docker_engine(run) as docker, docker_ct(docker) as d, \\
        docker_ct(docker, "h", True) as e, containerd_engine(run) as ctd, \\
        containerd_ct(ctd) as f, podman_ct(run) as g, nspawn_ct(run) as h, bare_ct(run) as i, \\
        plain_daemons(run) as j, chrooted_daemons(run) as k, private_mounts_daemons(run) as l:
    for place in (a, b, c, d, e, f, g, h, i, j, k, l):
        place.start_daemon(run.daemon)
    print(run.id, flush=True)
    for _ in range(int(sys.argv[1])):
        time.sleep(0.1)  # a signal that comes just before a long sleep would wait for its end
"""


@pytest.mark.parametrize(
    ("number", "clean"),
    [(None, True), (signal.SIGTERM, True), (signal.SIGINT, True), (signal.SIGKILL, False)],
)
def test_a_run_of_everything_leaves_nothing(number: signal.Signals | None, clean: bool) -> None:
    """By itself, unless it was killed outright; then `make lab-clean` finds and removes it all."""
    package = __package__ or ""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(package=package), "600" if number else "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_import_root(),
        start_new_session=True,
    )
    assert process.stdout is not None
    name = process.stdout.readline().strip()
    assert name, process.communicate()[1]
    if number:
        assert leftovers.leftovers(name)
        assert leftovers.owner_is_alive(name)
        process.send_signal(number)
    process.communicate(timeout=120)
    if not clean:
        assert len([what for what in leftovers.leftovers(name) if "process" in what]) > 12
        assert not leftovers.owner_is_alive(name)
        leftovers.remove_run(name)
    assert leftovers.leftovers(name) == []


def test_lab_clean_spares_a_run_that_is_going_on(run: Run, lxc: CT) -> None:
    done = attempt(
        [sys.executable, "-m", f"{__package__}.leftovers"],
        env={**os.environ, "PYTHONPATH": str(_import_root())},
    )
    assert f"run {run.id}: still going, left alone\n" in done.stdout
    assert alive(lxc.init)


def _import_root() -> Path:
    return Path(__file__).parents[(__package__ or "").count(".") + 1]


def _pids(text: str) -> list[int]:
    return sorted(int(word) for word in text.split())
