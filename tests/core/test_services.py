"""Which of the engines' daemons are in use, and that only CT0's own are taken for alive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.containers import containers
from ct0.host import Host
from ct0.services import Service, read_services
from generated import write
from planted import plant, process


def services(root: Path) -> list[Service]:
    host = Host(str(root))
    return read_services(host, containers(host))


@pytest.fixture
def docker(tmp_path: Path) -> Path:
    root = plant("debian12-docker", tmp_path / "host")
    process(
        root,
        900,
        "containerd",
        exe="/usr/bin/containerd",
        nspid="900",
        namespace=None,
        cgroup=own(root),
    )
    return root


def own(root: Path) -> str:
    return (root / "proc/1/cgroup").read_text()


def kill(root: Path, name: str) -> None:
    """Only zombies of that name are left."""
    for comm in root.glob("proc/[0-9]*/comm"):
        if comm.read_text() == f"{name}\n":
            stat = comm.parent / "stat"
            stat.write_text(stat.read_text().replace(") S ", ") Z ", 1))


RUN = "2 docker containers run"


def test_docker(docker: Path) -> None:
    assert services(docker) == [Service("dockerd", RUN, True), Service("containerd", RUN, True)]
    kill(docker, "dockerd")
    assert services(docker)[0] == Service("dockerd", RUN, False)


def test_a_containers_dockerd_is_not_ct0s(docker: Path) -> None:
    kill(docker, "dockerd")
    inside = next(
        path.parent
        for path in docker.glob("proc/[0-9]*/cgroup")
        if "docker-" in path.read_text() and (path.parent / "comm").read_text() == "appd\n"
    )
    cgroup = (inside / "cgroup").read_text()
    process(
        docker, 901, "dockerd", exe="/usr/bin/dockerd", cgroup=cgroup, nspid="901 7", namespace=None
    )
    process(
        docker, 902, "dockerd", exe="/usr/bin/dockerd", cgroup=cgroup, nspid="902", namespace=None
    )  # --pid=host
    assert services(docker)[0] == Service("dockerd", RUN, False)


def test_a_users_process_of_that_name_is_no_daemon(docker: Path) -> None:
    kill(docker, "dockerd")
    process(docker, 901, "dockerd", uid=1000, nspid="901", namespace=None, cgroup=own(docker))
    assert not services(docker)[0].alive


def test_a_monitor_that_is_gone(docker: Path) -> None:
    """The shim died; CT0's init has the CT's for a child."""
    host = Host(str(docker))
    ct = next(ct for ct in containers(host) if ct.name == "web1")
    stat = docker / f"proc/{ct.init_pid}/stat"
    head, _, rest = stat.read_text().rpartition(") S ")
    stat.write_text(f"{head}) S 1 {rest.partition(' ')[2]}")
    assert services(docker)[2:] == [
        Service("containerd-shim", f"web1 (docker {ct.ctid[:12]})", False)
    ]


def test_lxd(host: Callable[[str], Path], tmp_path: Path) -> None:
    root = plant("debian12-lxd", tmp_path / "host")
    assert services(root) == [Service("lxd", "2 incus containers run", True)]
    # Its children, the CTs' monitors, have its name.
    lxd = next(
        path.parent
        for path in root.glob("proc/[0-9]*/cmdline")
        if path.read_bytes().startswith(b"/usr/bin/lxd\0")
    )
    stat = lxd / "stat"
    stat.write_text(stat.read_text().replace(") S ", ") Z ", 1))
    assert services(root) == [Service("incusd or lxd", "2 incus containers run", False)]


def test_lxc_needs_none_and_podman_neither(host: Callable[[str], Path]) -> None:
    for name in ("debian12-lxc", "debian12-podman", "debian12-nspawn", "debian12-proxmox"):
        assert services(host(name)) == []


def test_lxcfs_that_died_left_its_mount(tmp_path: Path) -> None:
    root = plant("debian12-lxc", tmp_path / "host")
    mounts = root / "proc/mounts"
    mounts.write_text(mounts.read_text() + "lxcfs /var/lib/lxcfs fuse.lxcfs rw,nosuid 0 0\n")
    assert services(root) == [Service("lxcfs", "mounted on /var/lib/lxcfs", False)]
    process(root, 900, "lxcfs", exe="/usr/bin/lxcfs", nspid="900", namespace=None, cgroup=own(root))
    assert services(root) == [Service("lxcfs", "mounted on /var/lib/lxcfs", True)]


@pytest.mark.parametrize(
    "link",
    [
        "/etc/systemd/system/multi-user.target.wants/lxcfs.service",
        "/etc/rc2.d/S01lxcfs",
        "/etc/rc.d/rc3.d/S99lxcfs",
    ],
)
def test_what_starts_at_boot_is_in_use(link: str, tmp_path: Path) -> None:
    root = plant("debian12-lxc", tmp_path / "host")
    write(root, link, "")
    assert services(root) == [Service("lxcfs", "lxcfs starts at boot", False)]


@pytest.mark.parametrize("link", ["/etc/rc2.d/K01lxcfs", "/etc/rc0.d/S01lxcfs", "/etc/systemd/x"])
def test_what_does_not_is_not(link: str, tmp_path: Path) -> None:
    root = plant("debian12-lxc", tmp_path / "host")
    write(root, link, "")
    assert services(root) == []


def test_openvz_booted_with_another_kernel(host: Callable[[str], Path], tmp_path: Path) -> None:
    assert services(host("openvz6")) == [Service("OpenVZ's kernel", "4 openvz containers", True)]
    write(tmp_path, "/etc/vz/conf/101.conf", "")
    process(tmp_path, 1, "systemd", cgroup="0::/init.scope\n", nspid="1")
    write(tmp_path, "/proc/stat", "btime 1700000000\n")
    assert services(tmp_path) == [Service("OpenVZ's kernel", "1 openvz container", False)]
