"""Which cgroup paths belong to a container, and to whose; which only look so."""

from __future__ import annotations

import pytest

from ct0.engines import ENGINES
from ct0.owner import Marked, outermost
from ct0.proc_cgroup import parse_cgroup

ID = "4f2a" * 16
UUID = "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"
USER = "/user.slice/user-1000.slice/user@1000.service"


def found(text: str, own: str = "0::/init.scope\n") -> Marked | None:
    [line] = parse_cgroup(text)
    mine = {one.controllers: one.parts for one in parse_cgroup(own)}
    return outermost(line, mine.get(line.controllers, []))


STRONG = [
    # LXC
    ("0::/lxc.payload.web1", "lxc", "web1"),
    ("0::/lxc.payload.web1/system.slice/nginx.service", "lxc", "web1"),
    ("4:memory:/lxc.payload.web1", "lxc", "web1"),
    ("0::/lxc.payload/web1", "lxc", "web1"),
    ("0::/system.slice/snap.lxd.daemon/lxc.payload.web1", "lxc", "web1"),
    (f"0::{USER}/user.slice/lxc.payload.web1", "lxc", "web1"),
    ("0::/lxc.payload.a.b-c_d/init.scope (deleted)", "lxc", "a.b-c_d"),
    ("0::/../lxc.payload.web2", "lxc", "web2"),
    # Proxmox VE
    ("0::/lxc/101/ns", "proxmox", "101"),
    ("0::/lxc/101/ns/system.slice/cron.service", "proxmox", "101"),
    ("5:devices:/lxc/101/ns", "proxmox", "101"),
    ("0::/lxc/web1/ns/init.scope", "lxc", "web1"),
    # Docker
    (f"0::/system.slice/docker-{ID}.scope", "docker", ID),
    (f"0::/system.slice/docker-{ID}.scope/init.scope", "docker", ID),
    (f"0::/docker/{ID}", "docker", ID),
    (f"4:memory:/docker/{ID}/nested", "docker", ID),
    (f"0::/my.slice/{ID}", "docker", ID),
    (f"0::{USER}/user.slice/docker-{ID}.scope", "docker", ID),
    # Podman
    (f"0::/machine.slice/libpod-{ID}.scope", "podman", ID),
    (f"0::/machine.slice/libpod-{ID}.scope/container", "podman", ID),
    (f"0::/libpod_parent/libpod-{ID}", "podman", ID),
    (f"0::/system.slice/web.service/libpod-payload-{ID}", "podman", ID),
    (f"0::{USER}/user.slice/libpod-{ID}.scope/container", "podman", ID),
    # containerd, CRI-O, Kubernetes
    (f"0::/kubepods/burstable/pod1234/{ID}", "containerd", ID),
    (f"0::/kubepods.slice/kubepods-pod1.slice/cri-containerd-{ID}.scope", "containerd", ID),
    (f"0::/kubepods.slice/kubepods-besteffort.slice/x.slice/crio-{ID}.scope", "containerd", ID),
    (f"0::/system.slice/nerdctl-{ID}.scope", "containerd", ID),
    (f"4:memory:/kubepods/pod1234/{ID}", "containerd", ID),
    ("0::/kubepods.slice/kubepods-pod1.slice/odd.scope", "containerd", "odd.scope"),
    ("0::/default/web1", "containerd", "web1"),
    (f"0::/default/web1/crio-conmon-{ID}", "containerd", "web1"),
    (f"0::/x.slice/crio-{ID}.scope/crio-conmon-{ID}.scope", "containerd", ID),
    (f"0::/kubepods/pod1/{ID}/crio-conmon-{ID}", "containerd", ID),
    (f"0::/k8s.io/{ID}", "containerd", ID),
    # systemd-nspawn, machined
    ("0::/machine.slice/machine-web1.scope/payload", "nspawn", "web1"),
    ("0::/machine.slice/machine-web1.scope/payload/init.scope", "nspawn", "web1"),
    ("0::/machine.slice/systemd-nspawn@web1.service/payload", "nspawn", "web1"),
    ("0::/machine.slice/machine-web\\x2d1.scope/payload", "nspawn", "web-1"),
    # OpenVZ 6, Virtuozzo
    ("1:freezer,devices,name=container:/101", "openvz", "101"),
    ("2:name=beancounter:/101", "openvz", "101"),
    (f"14:ve:/{UUID}", "openvz", UUID),
    ("14:ve:/101", "openvz", "101"),
    (f"6:memory:/machine.slice/{UUID}", "openvz", UUID),
    (f"6:memory:/machine.slice/{UUID}.scope", "openvz", UUID),
    ("6:memory:/machine.slice/101", "openvz", "101"),
]

WEAK = [
    ("0::/lxc/web1", "lxc", "web1"),
    ("4:memory:/lxc/101", "lxc", "101"),
    ("0::/machine.slice/machine-web1.scope", "nspawn", "web1"),
    ("0::/machine.slice/systemd-nspawn@web1.service", "nspawn", "web1"),
    ("0::/system.slice/web.service/payload", "nspawn", "web"),
    ("0::/machine.slice/machine-lxc\\x2d1234\\x2dweb1.scope", "libvirt", "web1"),
]

OWN = [
    "0::/",
    "0::/init.scope",
    "0::/system.slice/sshd.service",
    f"0::{USER}/app.slice/app-firefox-1234.scope",
    "0::/user.slice/user-0.slice/session-1.scope",
    "4:memory:/",
    # the helpers on CT0's side
    "0::/lxc.monitor.web1",
    "0::/lxc.monitor/101",
    "0::/lxc.pivot",
    "0::/lxc",
    "0::/lxc.payload",
    "0::/lxc.payload.",
    "0::/system.slice/docker.service",
    "0::/system.slice/containerd.service",
    "0::/system.slice/lxcfs.service",
    "0::/system.slice/snap.lxd.daemon.service",
    f"0::/machine.slice/libpod-conmon-{ID}.scope",
    f"0::/system.slice/crio-conmon-{ID}.scope",
    f"0::{USER}/user.slice/libpod-conmon-{ID}.scope",
    "0::/machine.slice/machine-web1.scope/supervisor",
    "0::/machine.slice/systemd-nspawn@web1.service/supervisor",
    "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope",
    "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
    "0::/machine.slice",
    "0::/kubepods.slice",
    "0::/system.slice/kubelet.service",
    "14:ve:/",
    "14:ve:/0",
    "1:freezer,devices,name=container:/0",
    # nearly
    f"0::/system.slice/docker-{ID[:-1]}.scope",
    f"0::/system.slice/docker-{ID.upper()}.scope",
    f"0::/docker/{ID[:12]}",
    f"0::/libpod-{ID}x.scope",
    "0::/system.slice/docker-compose.service",
    "0::/system.slice/payload.service",
    "0::/payload",
    "0::/my/lxc.payloads",
    "0::/default",
    "0::/system.slice/default/x",
    "6:memory:/machine.slice/web1.service",
    f"6:memory:/other.slice/{UUID}",
]


@pytest.mark.parametrize(("text", "engine", "ctid"), STRONG)
def test_container(text: str, engine: str, ctid: str) -> None:
    mark = found(text)
    assert mark is not None
    assert (mark.engine, mark.ctid, mark.weak) == (engine, ctid, False)


@pytest.mark.parametrize(("text", "engine", "ctid"), WEAK)
def test_container_if_in_a_pid_namespace_of_its_own(text: str, engine: str, ctid: str) -> None:
    mark = found(text)
    assert mark is not None
    assert (mark.engine, mark.ctid, mark.weak) == (engine, ctid, True)


@pytest.mark.parametrize("text", OWN)
def test_no_container(text: str) -> None:
    assert found(text) is None


@pytest.mark.parametrize(
    ("text", "own", "ctid"),
    [
        # inside web1, its own processes carry the mark that mine carries
        ("0::/lxc.payload.web1/system.slice/x.service", "0::/lxc.payload.web1/init.scope", None),
        ("0::/lxc.payload.web1", "0::/lxc.payload.web1", None),
        # a neighbour
        ("0::/lxc.payload.web2", "0::/lxc.payload.web1/init.scope", "web2"),
        ("0::/lxc.payload.web10", "0::/lxc.payload.web1", "web10"),
        # Docker in web1, seen from web1 and from CT0: outermost wins
        (f"0::/lxc.payload.web1/docker/{ID}", "0::/lxc.payload.web1/init.scope", ID),
        (f"0::/lxc.payload.web1/docker/{ID}", "0::/init.scope", "web1"),
        (f"0::/lxc.payload.web1/system.slice/docker-{ID}.scope", "0::/", "web1"),
        ("0::/lxc.payload.a/lxc.payload.b/lxc.payload.c", "0::/lxc.payload.a", "b"),
        ("0::/lxc.payload.a/lxc.payload.b/lxc.payload.c", "0::/lxc.payload.a/lxc.payload.b", "c"),
        ("0::/lxc.payload.a/lxc.payload.b", "0::/", "a"),
        (f"0::/lxc/101/ns/docker/{ID}", "0::/", "101"),
        (f"0::/kubepods/pod1/{ID}/docker/{'0' * 64}", "0::/", ID),
        # a cgroup namespace: all of mine reads as "/"
        ("0::/system.slice/x.service", "0::/", None),
        ("0::/../web2", "0::/", None),
        # my own hierarchies tell nothing about another's
        ("4:memory:/lxc.payload.web1", "0::/lxc.payload.web1", "web1"),
    ],
)
def test_as_seen_from_a_cgroup(text: str, own: str, ctid: str | None) -> None:
    mark = found(text, own)
    assert (mark.ctid if mark else None) == ctid


def test_table_names_every_engine() -> None:
    engines = {engine for _, engine, _ in STRONG + WEAK}
    assert engines == ENGINES.keys() - {"incus"}, "incus' marks are LXC's"
