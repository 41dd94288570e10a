"""Whose a process is, case by case: made-up hosts seen from their PID 1, and real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import planted
from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, SANDBOX, UNKNOWN, Owner, Ownership
from ct0.process import Process

ID = "4f2a" * 16
UUID = "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"
CT = "pid:[4026532555]"
HOST = "pid:[4026531836]"
SERVICE = "0::/system.slice/x.service\n"


def owner(root: Path, me: dict[str, Any] | None = None, **process: Any) -> Owner:
    """Of a process as described, on a host whose PID 1 is as described in `me`."""
    planted.process(root, 1, "init", **{"cgroup": "0::/init.scope\n", "nspid": "1", **(me or {})})
    planted.process(root, 7, **process)
    host = Host(str(root))
    with Process(host, 7) as seen:
        return Ownership(host).owner(seen)


CASES: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    # CT0's own, whatever else is unlike
    "daemon": ({"nspid": "7"}, (OWN, "", "")),
    "of another user": ({"nspid": "7", "uid": 1000}, (OWN, "", "")),
    "kernel thread": ({"nspid": "7", "exe": None, "cgroup": "0::/\n"}, (OWN, "", "")),
    "zombie": ({"nspid": "7", "state": "Z"}, (OWN, "", "")),
    "snap": ({"cgroup": "0::/user.slice/snap.firefox.firefox-1.scope\n"}, (OWN, "", "")),
    "lxc monitor": ({"cgroup": "0::/lxc.monitor.web1\n"}, (OWN, "", "")),
    "monitor before LXC 3.1": ({"cgroup": "4:memory:/lxc/web1\n"}, (OWN, "", "")),
    "conmon": ({"cgroup": f"0::/machine.slice/libpod-conmon-{ID}.scope\n"}, (OWN, "", "")),
    "dockerd": ({"cgroup": "0::/system.slice/docker.service\n"}, (OWN, "", "")),
    "nspawn's supervisor": (
        {"cgroup": "0::/machine.slice/machine-web1.scope/supervisor\n"},
        (OWN, "", ""),
    ),
    "libvirt_lxc": ({"cgroup": "0::/machine.slice/machine-lxc\\x2d1\\x2dw.scope\n"}, (OWN, "", "")),
    "qemu": ({"cgroup": "0::/machine.slice/machine-qemu\\x2d1\\x2dvm.scope\n"}, (OWN, "", "")),
    # containers
    "lxc": ({"namespace": CT, "cgroup": "0::/lxc.payload.web1\n"}, (CONTAINER, "lxc", "web1")),
    "lxc, systemd inside": (
        {"namespace": CT, "cgroup": "0::/lxc.payload.web1/system.slice/x.service\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "lxc before 3.1": (
        {"namespace": CT, "cgroup": "4:memory:/lxc/web1\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "proxmox": ({"namespace": CT, "cgroup": "0::/lxc/101/ns\n"}, (CONTAINER, "proxmox", "101")),
    "docker": (
        {"namespace": CT, "cgroup": f"0::/system.slice/docker-{ID}.scope\n"},
        (CONTAINER, "docker", ID),
    ),
    "podman": (
        {"namespace": CT, "cgroup": f"0::/machine.slice/libpod-{ID}.scope/container\n"},
        (CONTAINER, "podman", ID),
    ),
    "kubernetes": (
        {"namespace": CT, "cgroup": f"0::/kubepods/burstable/pod1/{ID}\n"},
        (CONTAINER, "containerd", ID),
    ),
    "nspawn": (
        {"namespace": CT, "cgroup": "0::/machine.slice/machine-web1.scope/payload\n"},
        (CONTAINER, "nspawn", "web1"),
    ),
    "nspawn --keep-unit": (
        {"namespace": CT, "cgroup": "0::/system.slice/web.service/payload\n"},
        (CONTAINER, "nspawn", "web"),
    ),
    "libvirt": (
        {"namespace": CT, "cgroup": "0::/machine.slice/machine-lxc\\x2d1\\x2dw.scope\n"},
        (CONTAINER, "libvirt", "w"),
    ),
    "a version 1 mark in one hierarchy only": (
        {"namespace": CT, "cgroup": "3:cpu:/\n2:memory:/lxc.payload.web1\n0::/\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "a strong mark after a weak one": (
        {"namespace": CT, "cgroup": "3:cpu:/lxc/web1\n2:memory:/lxc.payload.web2\n"},
        (CONTAINER, "lxc", "web2"),
    ),
    "container on CT0's own /usr": (
        {"namespace": CT, "exe": "/usr/bin/sleep", "cgroup": "0::/lxc.payload.web1\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "container in a container": (
        {"namespace": CT, "nspid": "7 3 1", "cgroup": f"0::/lxc.payload.web1/docker/{ID}\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "removed cgroup": (
        {"namespace": CT, "cgroup": "0::/lxc.payload.web1 (deleted)\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    # sandboxes: another PID namespace, nobody's mark
    "browser": ({"namespace": CT, "cgroup": "0::/user.slice/app.scope\n"}, (SANDBOX, "", "")),
    "PrivatePIDs= service": ({"namespace": CT, "cgroup": SERVICE}, (SANDBOX, "", "")),
    "bare unshare": (
        {"namespace": CT, "cgroup": "0::/user.slice/session-1.scope\n"},
        (SANDBOX, "", ""),
    ),
    "no cgroups in this kernel": ({"namespace": CT, "cgroup": ""}, (SANDBOX, "", "")),
    # ns/pid may not be read (not root), or is not there (kernels before 3.8)
    "unprivileged: own": ({"namespace": None, "nspid": "7"}, (OWN, "", "")),
    "unprivileged: nested": ({"namespace": None, "nspid": "7 2"}, (SANDBOX, "", "")),
    "unprivileged: container": (
        {"namespace": None, "nspid": "7 2", "cgroup": "0::/lxc.payload.web1\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "unprivileged: monitor": (
        {"namespace": None, "nspid": "7", "cgroup": "4:memory:/lxc/web1\n"},
        (OWN, "", ""),
    ),
    "nothing but a mark": (
        {"namespace": None, "cgroup": "0::/lxc.payload.web1\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "nothing but a weak mark": (
        {"namespace": None, "cgroup": "4:memory:/lxc/web1\n"},
        (CONTAINER, "lxc", "web1"),
    ),
    "nothing": ({"namespace": None, "cgroup": ""}, (UNKNOWN, "", "")),
    # what only a container with cgroups of its own to make would do
    "a monitor's name inside a container": (
        {"cgroup": f"0::/x.slice/crio-{ID}.scope/crio-conmon-{ID}\n", "namespace": CT},
        (CONTAINER, "containerd", ID),
    ),
    "nothing but a cgroup without mark": ({"namespace": None}, (UNKNOWN, "", "")),
}


@pytest.mark.parametrize("case", CASES)
def test_case(case: str, tmp_path: Path) -> None:
    process, expected = CASES[case]
    found = owner(tmp_path, **process)
    assert (found.kind, found.engine, found.ctid) == expected
    assert found.evidence
    assert not found.shared


@pytest.mark.parametrize(
    ("cgroup", "engine"),
    [
        (f"0::/system.slice/docker-{ID}.scope\n", "docker"),
        (f"0::/machine.slice/libpod-{ID}.scope\n", "podman"),
        (f"0::/kubepods/burstable/pod1/{ID}\n", "containerd"),
    ],
)
@pytest.mark.parametrize("namespace", [HOST, None])
def test_container_with_the_pid_namespace_of_ct0(
    namespace: str | None, cgroup: str, engine: str, tmp_path: Path
) -> None:
    """docker run --pid=host, hostPID: true. The cgroup is the only evidence."""
    found = owner(tmp_path, cgroup=cgroup, namespace=namespace, nspid="7")
    assert (found.kind, found.engine, found.shared) == (CONTAINER, engine, True)


@pytest.mark.parametrize("parent", ["/lxc", "/lxc/web1", "/machine.slice/machine-web1.scope"])
def test_weak_mark_does_not_hide_a_strong_one_below_it(parent: str, tmp_path: Path) -> None:
    """docker run --pid=host --cgroup-parent=...: nothing of CT0's is in a container of Docker's."""
    found = owner(tmp_path, cgroup=f"4:memory:{parent}/{ID}\n", nspid="7")
    assert (found.kind, found.shared) == (CONTAINER, True)


@pytest.mark.parametrize("namespace", [HOST, CT, None])
def test_cgroup_too_deep_to_be_read(namespace: str | None, tmp_path: Path) -> None:
    """Kernels before 6.8 answer ENAMETOOLONG; no container may stop the shims by it, or hide."""
    planted.process(tmp_path, 1, "init", nspid="1")
    deep = planted.process(tmp_path, 7, nspid="7", namespace=namespace) / "cgroup"
    deep.unlink()
    deep.symlink_to("x" * 300)  # the same error, from opening it
    host = Host(str(tmp_path))
    with Process(host, 7) as seen:
        assert Ownership(host).owner(seen).kind == UNKNOWN


OPENVZ6 = {"env_id": "0", "nspid": None, "cgroup": "2:name=container:/0\n"}


@pytest.mark.parametrize(
    ("me", "process", "expected"),
    [
        # late OpenVZ 6 kernels have ns/pid; CTs may share CT0's PID namespace all the same
        ({}, {"env_id": "0"}, (OWN, "", "")),
        ({}, {"env_id": "101"}, (CONTAINER, "openvz", "101")),
        ({}, {"env_id": "101", "namespace": CT}, (CONTAINER, "openvz", "101")),
        # early ones do not
        ({"namespace": None}, {"env_id": "0", "namespace": None}, (OWN, "", "")),
        ({"namespace": None}, {"env_id": "101", "namespace": None}, (CONTAINER, "openvz", "101")),
        # a kernel thread that serves a CT: [kthreadd/101]
        ({}, {"env_id": "101", "exe": None, "comm": "kthreadd/101"}, (CONTAINER, "openvz", "101")),
        # a chroot or a browser of CT0's own
        ({}, {"env_id": "0", "namespace": CT}, (SANDBOX, "", "")),
        # seen from inside CT 101
        ({"env_id": "101"}, {"env_id": "101"}, (OWN, "", "")),
        ({"env_id": "101"}, {"env_id": "0"}, (CONTAINER, "openvz", "0")),
        # the line is there for me only: decide by the rest
        ({}, {"env_id": None}, (OWN, "", "")),
        ({}, {"env_id": None, "cgroup": "2:name=container:/101\n"}, (CONTAINER, "openvz", "101")),
    ],
)
def test_openvz_6(
    me: dict[str, Any], process: dict[str, Any], expected: tuple[str, str, str], tmp_path: Path
) -> None:
    process = {"cgroup": "2:name=container:/0\n", **process}
    found = owner(tmp_path, {**OPENVZ6, **me}, **process)
    assert (found.kind, found.engine, found.ctid) == expected


OPENVZ7 = {"nspid": None, "cgroup": "14:ve:/\n1:name=systemd:/\n"}


@pytest.mark.parametrize(
    ("me", "process", "expected"),
    [
        ({"env_id": "0"}, {"env_id": "0", "cgroup": "14:ve:/\n"}, (OWN, "", "")),
        ({"env_id": "0"}, {"env_id": UUID, "namespace": CT}, (CONTAINER, "openvz", UUID)),
        # the kernel that lacks envID
        ({}, {"cgroup": "14:ve:/\n"}, (OWN, "", "")),
        ({}, {"namespace": CT, "cgroup": f"14:ve:/{UUID}\n"}, (CONTAINER, "openvz", UUID)),
        ({}, {"cgroup": f"14:ve:/{UUID}\n"}, (CONTAINER, "openvz", UUID)),
        (
            {},
            {"namespace": CT, "cgroup": f"14:ve:/\n6:memory:/machine.slice/{UUID}\n"},
            (CONTAINER, "openvz", UUID),
        ),
        # not root: neither namespace nor NSpid, the ve hierarchy tells
        ({"namespace": None}, {"namespace": None, "cgroup": "14:ve:/\n"}, (OWN, "", "")),
        (
            {"namespace": None},
            {"namespace": None, "cgroup": f"14:ve:/{UUID}\n"},
            (CONTAINER, "openvz", UUID),
        ),
        ({"namespace": None}, {"namespace": None, "cgroup": "1:cpu:/\n"}, (UNKNOWN, "", "")),
        # seen from inside the CT
        (
            {"cgroup": f"14:ve:/{UUID}\n"},
            {"cgroup": f"14:ve:/{UUID}\n", "namespace": HOST},
            (OWN, "", ""),
        ),
    ],
)
def test_openvz_7(
    me: dict[str, Any], process: dict[str, Any], expected: tuple[str, str, str], tmp_path: Path
) -> None:
    found = owner(tmp_path, {**OPENVZ7, **me}, **process)
    assert (found.kind, found.engine, found.ctid) == expected


INSIDE = {"cgroup": "0::/lxc.payload.web1/init.scope\n"}


@pytest.mark.parametrize(
    ("process", "expected"),
    [
        ({"cgroup": "0::/lxc.payload.web1/system.slice/x.service\n"}, (OWN, "", "")),
        (
            {"cgroup": f"0::/lxc.payload.web1/docker/{ID}\n", "namespace": CT},
            (CONTAINER, "docker", ID),
        ),
        ({"cgroup": f"0::/lxc.payload.web1/docker/{ID}\n"}, (CONTAINER, "docker", ID)),
        ({"cgroup": "0::/lxc.payload.web1/x\n", "namespace": CT}, (SANDBOX, "", "")),
    ],
)
def test_seen_from_inside_a_container(
    process: dict[str, Any], expected: tuple[str, str, str], tmp_path: Path
) -> None:
    found = owner(tmp_path, INSIDE, **process)
    assert (found.kind, found.engine, found.ctid) == expected


@pytest.mark.parametrize("content", [b"", b"\0\0", b"Pid:\tx\n"])
def test_damaged_status_leaves_the_other_evidence(content: bytes, tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init", cgroup="0::/init.scope\n", env_id="0")
    for pid, more in ((7, {}), (8, {"namespace": CT}), (9, {"namespace": None})):
        folder = planted.process(tmp_path, pid, **more)
        (folder / "status").write_bytes(content)
    host = Host(str(tmp_path))
    ownership = Ownership(host)
    kinds = []
    for pid in (7, 8, 9):
        with Process(host, pid) as process:
            kinds.append(ownership.owner(process).kind)
    assert kinds == [OWN, SANDBOX, UNKNOWN]


def test_damaged_record_of_myself_decides_nothing(tmp_path: Path) -> None:
    (planted.process(tmp_path, 1, "init") / "status").write_bytes(b"")
    with pytest.raises(Malformed):
        Ownership(Host(str(tmp_path)))


def test_process_that_goes_meanwhile_is_nobody_s(tmp_path: Path) -> None:
    planted.process(tmp_path, 1, "init")
    folder = planted.process(tmp_path, 7)
    host = Host(str(tmp_path))
    with Process(host, 7) as process:
        for name in ("status", "cgroup", "stat", "ns/pid"):
            (folder / name).unlink()
        with pytest.raises(ProcessLookupError):
            Ownership(host).owner(process)


# -- the running machine


def test_my_own_child_is_ct0_s_and_a_zombie_still_is() -> None:
    host = Host()
    child = subprocess.Popen(["sleep", "1000"])
    try:
        with Process(host, child.pid) as process:
            assert Ownership(host).owner(process).kind == OWN
            child.kill()
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
            assert Ownership(host).owner(process).kind == OWN
    finally:
        child.kill()
        child.wait()


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")


@needs_root
@pytest.mark.parametrize("unprivileged", [False, True])
def test_unshared_pid_namespace_is_a_sandbox(unprivileged: bool) -> None:
    """Without CAP_SYS_PTRACE ns/pid of root's process may not be read: NSpid tells."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ct0.host import Host; from ct0.owner import Ownership\n"
        "from ct0.process import Process\n"
        "owner = Ownership(Host()).owner(Process(Host(), int(sys.argv[2])))\n"
        "print(owner.kind, owner.evidence.split()[0])"
    )
    manager = subprocess.Popen(
        ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c", "echo; sleep 1000"],
        stdout=subprocess.PIPE,
    )
    try:
        assert manager.stdout is not None
        manager.stdout.readline()
        children = Path(f"/proc/{manager.pid}/task/{manager.pid}/children").read_text().split()
        drop = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
        core = str(Path(__file__).parents[2] / "core")
        told = subprocess.run(
            [*(drop if unprivileged else []), interpreter(), "-IS", "-c"]
            + [program, core, children[0]],
            capture_output=True,
            text=True,
            check=True,
        )
        assert told.stdout == ("sandbox NSpid\n" if unprivileged else "sandbox PID\n")
    finally:
        manager.kill()
        manager.wait()


@needs_root
@pytest.mark.parametrize("mounted", ["another", "none"])
def test_wrong_proc_is_refused(mounted: str) -> None:
    """unshare --pid without --mount-proc: its PIDs are other processes than kill(2) would reach."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from ct0.errors import Unavailable; from ct0.host import Host\n"
        "from ct0.owner import Ownership\n"
        "try: Ownership(Host())\n"
        "except Unavailable as reason: print(reason)"
    )
    core = str(Path(__file__).parents[2] / "core")
    hide = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs x /proc && exec "$@"', "sh"]
    nest = ["unshare", "--pid", "--fork", "--kill-child"]
    told = subprocess.run(
        [*(nest if mounted == "another" else hide), interpreter(), "-IS", "-c", program, core],
        capture_output=True,
        text=True,
        check=True,
    )
    words = {"another": "another PID namespace", "none": "is /proc mounted?"}
    assert words[mounted] in told.stdout


def interpreter() -> str:
    """Not a virtual environment's link, which would look for its environment."""
    return os.path.realpath(sys.executable)
