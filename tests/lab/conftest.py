"""The lab's containers as fixtures: each is built when first asked for, and only once.

Every test in this folder is a lab test: marked `lab`, and skipped when not root.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from . import packages
from .containerd import containerd_ct, containerd_engine
from .ct import CT
from .docker import Docker, docker_ct, docker_engine
from .fleet import Fleet, fleet_of
from .host import HostDaemons, chrooted_daemons, plain_daemons, private_mounts_daemons
from .lxc import LxcCT, lxc_ct, lxc_systemd_ct, proxmox_ct
from .lxd import lxd_ct, lxd_engine
from .namespaces import bare_ct
from .node import Node, node_ct
from .nspawn import nspawn_ct
from .podman import podman_ct
from .processes import start_time
from .recipes import NODE_SYSTEMD, NODE_SYSVINIT
from .run import Run, lab_run

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark this folder's tests; real containers need root."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.lab)
            if os.geteuid() != 0:
                item.add_marker(
                    pytest.mark.skip(reason="the lab builds real containers: run as root")
                )


@pytest.fixture(scope="session")
def run() -> Iterator[Run]:
    """The tests' run: its prefix, its folder, its daemon's name."""
    packages.ensure()
    with lab_run() as run:
        yield run


@pytest.fixture(scope="session")
def lxc(run: Run) -> Iterator[LxcCT]:
    """LXC with sysvinit inside."""
    with lxc_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def lxc_systemd(run: Run) -> Iterator[LxcCT]:
    """LXC with systemd inside."""
    with lxc_systemd_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def proxmox(run: Run) -> Iterator[LxcCT]:
    """LXC in Proxmox's layout."""
    with proxmox_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def lxd(run: Run) -> Iterator[CT]:
    """LXD."""
    with lxd_engine(run) as engine, lxd_ct(engine) as ct:
        yield ct


@pytest.fixture(scope="session")
def dockerd(run: Run) -> Iterator[Docker]:
    """A dockerd; the two Docker CTs share it."""
    with docker_engine(run) as engine:
        yield engine


@pytest.fixture(scope="session")
def docker(dockerd: Docker) -> Iterator[CT]:
    """Docker."""
    with docker_ct(dockerd) as ct:
        yield ct


@pytest.fixture(scope="session")
def docker_host_pid(dockerd: Docker) -> Iterator[CT]:
    """Docker with --pid=host."""
    with docker_ct(dockerd, "hostpid1", host_pid=True) as ct:
        yield ct


@pytest.fixture(scope="session")
def containerd(run: Run) -> Iterator[CT]:
    """containerd, by `ctr run --rootfs`."""
    with containerd_engine(run) as engine, containerd_ct(engine) as ct:
        yield ct


@pytest.fixture(scope="session")
def podman(run: Run) -> Iterator[CT]:
    """Podman."""
    with podman_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def nspawn(run: Run) -> Iterator[CT]:
    """systemd-nspawn without machined."""
    with nspawn_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def bare(run: Run) -> Iterator[CT]:
    """A PID namespace made by unshare(1)."""
    with bare_ct(run) as ct:
        yield ct


@pytest.fixture(scope="session")
def plain(run: Run) -> Iterator[HostDaemons]:
    """CT0 itself."""
    with plain_daemons(run) as daemons:
        yield daemons


@pytest.fixture(scope="session")
def chrooted(run: Run) -> Iterator[HostDaemons]:
    """A chroot on CT0."""
    with chrooted_daemons(run) as daemons:
        yield daemons


@pytest.fixture(scope="session")
def private_mounts(run: Run, plain: HostDaemons) -> Iterator[HostDaemons]:
    """CT0 with a private /tmp."""
    with private_mounts_daemons(run) as daemons:
        yield daemons


@pytest.fixture(scope="session")
def node(run: Run) -> Iterator[Node]:
    """CT0 in a CT, with systemd; its CTs 101 and 102 run."""
    with node_ct(run, NODE_SYSTEMD) as node:
        yield node


@pytest.fixture(scope="session")
def node_sysvinit(run: Run) -> Iterator[Node]:
    """CT0 in a CT, with sysvinit; its CTs 101 and 102 run."""
    with node_ct(run, NODE_SYSVINIT) as node:
        yield node


@pytest.fixture(scope="session")
def fleet(run: Run) -> Iterator[Fleet]:
    """Two nodes with two CTs each, reached over ssh, managed by Puppet, with firewalls."""
    with fleet_of(run) as fleet:
        yield fleet


@pytest.fixture(scope="session")
def cts(
    lxc: CT,
    lxc_systemd: CT,
    proxmox: CT,
    lxd: CT,
    docker: CT,
    docker_host_pid: CT,
    containerd: CT,
    podman: CT,
    nspawn: CT,
    bare: CT,
) -> dict[str, CT]:
    """One CT of every kind, by fixture name; nspawn's and bare have no cgroup of their own."""
    return {
        "lxc": lxc,
        "lxc_systemd": lxc_systemd,
        "proxmox": proxmox,
        "lxd": lxd,
        "docker": docker,
        "docker_host_pid": docker_host_pid,
        "containerd": containerd,
        "podman": podman,
        "nspawn": nspawn,
        "bare": bare,
    }


@pytest.fixture(scope="session")
def own(
    plain: HostDaemons, chrooted: HostDaemons, private_mounts: HostDaemons
) -> dict[str, HostDaemons]:
    """CT0's own daemons in their three forms, by fixture name."""
    return {"plain": plain, "chrooted": chrooted, "private_mounts": private_mounts}


@pytest.fixture
def daemons(run: Run, cts: dict[str, CT], own: dict[str, HostDaemons]) -> Iterator[dict[str, int]]:
    """A fresh daemon in every CT and in every form on CT0: fixture name -> its PID on CT0."""
    started: dict[str, int] = {}
    with ExitStack() as stack:
        for name, place in {**cts, **own}.items():
            started[name] = place.start_daemon(run.daemon)
            stack.callback(_kill, started[name], start_time(started[name]))
        yield started


def _kill(pid: int, started: int) -> None:
    """Kill a daemon the test may have killed already; its number may be somebody else's by now."""
    if start_time(pid) == started:
        os.kill(pid, signal.SIGKILL)
