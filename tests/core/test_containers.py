"""The list of containers: what the process table says and what the engines' files say, joined."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Callable

import pytest

import planted
from ct0.container import CT
from ct0.containers import containers
from ct0.host import Host

ID = "4f2a" * 16
OTHER = "9b1c" * 16
PASSING = "77e0" * 16
CT_NS = "pid:[4026532500]"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with an init of its own and nothing else."""
    planted.process(tmp_path, 1, "init", cgroup="0::/init.scope\n", nspid="1")
    (tmp_path / "proc/stat").write_text("cpu  1 2 3\nbtime 1700000000\nprocesses 9\n")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def run(root: Path, pid: int, cgroup: str, nspid: str = "", **rest: object) -> None:
    """A process in a CT."""
    planted.process(
        root,
        pid,
        cgroup=cgroup,
        nspid=nspid or f"{pid} 1",
        namespace=CT_NS,
        **rest,  # type: ignore[arg-type]
    )


def listed(root: Path) -> dict[str, CT]:
    return {ct.ctid: ct for ct in containers(Host(str(root)))}


def test_openvz6_lists_running_and_stopped_cts(host: Callable[[str], Path]) -> None:
    found = listed(host("openvz6"))
    assert [(ct.ctid, ct.name, ct.state, ct.init_pid) for ct in found.values()] == [
        ("101", "web1", "running", 92),
        ("102", "db1.example.com", "running", 186),
        ("103", "tiny", "running", 289),
        ("104", "stopped.example.com", "stopped", 0),
    ]
    web1 = found["101"]
    assert web1.engine == "openvz"
    assert web1.processes == 6
    assert web1.root == "/vz/root/101"
    assert web1.config == "/etc/vz/conf/101.conf"
    assert web1.cgroup == "/101"
    ticks = int((host("openvz6") / "proc/92/stat").read_text().split()[21])
    boot = int((host("openvz6") / "proc/stat").read_text().partition("btime ")[2].split()[0])
    assert web1.started == boot + ticks / 100


def test_virtuozzo_ctid_is_a_string(root: Path) -> None:
    uuid = "3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1"
    planted.process(root, 2, "kthreadd", exe=None, nspid=None, env_id="0")
    (root / "proc/1/status").write_text("Name:\tinit\nPid:\t1\nenvID:\t0\nVPid:\t1\n")
    planted.process(
        root, 300, "init", cgroup=f"14:ve:/{uuid}\n3:memory:/machine.slice/{uuid}\n", env_id=uuid
    )
    with (root / "proc/300/status").open("a") as status:
        status.write("VPid:\t1\n")
    write(root, f"/etc/vz/conf/{uuid}.conf", 'NAME="web1"\nVE_ROOT="/vz/root/$VEID"\n')
    write(root, "/etc/vz/conf/ve-basic.conf-sample", 'NAME="no"\n')
    write(root, "/etc/vz/conf/0.conf", "")
    found = listed(root)
    assert list(found) == [uuid]
    assert found[uuid].name == "web1"
    assert found[uuid].state == "running"
    assert found[uuid].init_pid == 300
    assert found[uuid].cgroups == {"ve": f"/{uuid}", "memory": f"/machine.slice/{uuid}"}


def test_openvz_mounted_and_suspended(root: Path) -> None:
    write(root, "/etc/vz/vz.conf", "VE_ROOT=/vz/root/$VEID\nDUMPDIR=/vz/dump\n")
    for ctid in ("101", "102", "103"):
        write(root, f"/etc/vz/conf/{ctid}.conf", "")
    write(root, "/vz/dump/Dump.102", "")
    (root / "proc/mounts").write_text("/dev/ploop1p1 /vz/root/101 ext4 rw 0 0\n")
    states = {ctid: ct.state for ctid, ct in listed(root).items()}
    assert states == {"101": "mounted", "102": "suspended", "103": "stopped"}


def test_lxc_reads_the_default_path_and_running_monitors(root: Path) -> None:
    write(root, "/var/lib/lxc/web1/config", "lxc.rootfs.path = dir:/srv/web1\nlxc.uts.name = w1\n")
    write(root, "/srv/lxc/db1/config", "lxc.rootfs.path = dir:/srv/lxc/db1/rootfs\n")
    title = b"[lxc monitor] /srv/lxc db1\0"
    planted.process(
        root, 50, "lxc-start", cmdline=title, cgroup="0::/lxc.monitor.db1\n", nspid="50"
    )
    run(root, 51, "4:memory:/lxc.payload.db1\n0::/lxc.payload.db1/init.scope\n")
    found = listed(root)
    assert set(found) == {"web1", "db1"}
    assert found["web1"] == CT(
        "lxc",
        "web1",
        "w1",
        config="/var/lib/lxc/web1/config",
        root="/srv/web1",
        autostart=False,
    )
    assert found["db1"].state == "running"
    assert found["db1"].init_pid == 51
    assert found["db1"].cgroups == {"memory": "/lxc.payload.db1", "": "/lxc.payload.db1"}


def test_a_users_process_cannot_point_ct0_at_files(root: Path) -> None:
    write(root, "/home/eve/web1/config", "lxc.rootfs.path = dir:/\n")
    fake = planted.process(
        root, 60, "lxc-start", cmdline=b"[lxc monitor] /home/eve web1\0", nspid="60"
    )
    fake.chmod(0o755)
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder to another user")
    os.chown(fake, 65534, 65534)
    assert listed(root) == {}


def test_on_a_recorded_host_status_tells_whose_a_command_line_is(root: Path) -> None:
    """All of its files are his who recorded it."""
    write(root, "/home/eve/web1/config", "lxc.rootfs.path = dir:/\n")
    title = b"[lxc monitor] /home/eve web1\0"
    planted.process(root, 60, "lxc-start", cmdline=title, nspid="60", uid=1000)
    assert listed(root) == {}


def test_a_recorded_path_never_leads_out_of_the_record(root: Path, tmp_path: Path) -> None:
    inner = tmp_path / "record"
    planted.process(inner, 1, "init", cgroup="0::/init.scope\n", nspid="1")
    write(root, "/outside/web1/config", "lxc.uts.name = web1\n")
    title = b"[lxc monitor] /../outside web1\0"
    planted.process(inner, 60, "lxc-start", cmdline=title, nspid="60")
    assert listed(inner) == {}
    assert Host(str(inner)).path("/../../etc/passwd") == f"{inner}/etc/passwd"
    assert Host().path("/../etc") == "/../etc"


def test_lxc_cgroup_with_a_number_belongs_to_the_ct_it_was_made_for(root: Path) -> None:
    write(root, "/var/lib/lxc/web1/config", "lxc.uts.name = web1\n")
    run(root, 70, "0::/lxc.payload.web1-1\n")
    assert [(ct.ctid, ct.state) for ct in listed(root).values()] == [("web1", "running")]


def test_proxmox_has_the_ct_that_lxc_also_knows(root: Path) -> None:
    write(root, "/etc/pve/lxc/101.conf", "hostname: web1\n[old]\nhostname: gone\n")
    write(root, "/etc/pve/lxc/102.conf", "hostname: db1\n")
    write(root, "/var/lib/lxc/101/config", "lxc.uts.name = web1\n")
    run(root, 80, "0::/lxc/101/ns/init.scope\n")
    found = containers(Host(str(root)))
    assert [(ct.engine, ct.ctid, ct.name, ct.state) for ct in found] == [
        ("proxmox", "101", "web1", "running"),
        ("proxmox", "102", "db1", "stopped"),
    ]


def test_incus_knows_a_name_by_its_folder(root: Path) -> None:
    write(root, "/var/lib/incus/containers/web1/backup.yaml", "")
    write(root, "/var/lib/incus/containers/db1/backup.yaml", "")
    run(root, 90, "0::/lxc.payload.web1\n")
    found = [(ct.engine, ct.name, ct.state) for ct in containers(Host(str(root)))]
    assert found == [("incus", "db1", "stopped"), ("incus", "web1", "running")]


def docker(root: Path, ctid: str, name: str, **state: object) -> None:
    record = {"ID": ctid, "Name": f"/{name}", "Driver": "overlay2", "State": state}
    write(root, f"/var/lib/docker/containers/{ctid}/config.v2.json", json.dumps(record))


def test_docker_running_stopped_paused_and_on_the_hosts_pids(root: Path) -> None:
    docker(root, ID, "web1", Running=True, Pid=100)
    docker(root, OTHER, "old", Running=False, Pid=0)
    write(root, f"/var/lib/docker/image/overlay2/layerdb/mounts/{ID}/mount-id", "abc")
    planted.process(root, 100, cgroup=f"0::/system.slice/docker-{ID}.scope\n", nspid="100")
    found = listed(root)
    assert (found[ID].name, found[ID].state, found[ID].shares_pids) == ("web1", "running", True)
    assert found[ID].root == "/var/lib/docker/overlay2/abc/merged"
    assert found[ID].init_pid == 100
    assert found[OTHER].state == "stopped"


def test_docker_data_root_of_a_running_dockerd(root: Path) -> None:
    record = json.dumps({"ID": ID, "Name": "/web1", "State": {}})
    write(root, f"/srv/docker/containers/{ID}/config.v2.json", record)
    command = b"/usr/sbin/dockerd\0--data-root\0/srv/docker\0"
    planted.process(root, 40, "dockerd", cmdline=command, nspid="40")
    assert listed(root)[ID].name == "web1"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"State": 1, "Name": 2}', "\0\0"])
def test_docker_record_that_does_not_read_is_still_a_ct(root: Path, text: str) -> None:
    write(root, f"/var/lib/docker/containers/{ID}/config.v2.json", text)
    assert listed(root)[ID].state == "stopped"


def test_podman_names_from_storage_and_from_monitors(root: Path) -> None:
    storage = "/var/lib/containers/storage/overlay-containers"
    records = [{"id": ID, "names": ["web1"], "layer": "feed"}]
    write(root, f"{storage}/containers.json", json.dumps(records))
    passing = [{"id": PASSING, "names": ["job1"], "layer": "beef"}]  # podman run --rm
    write(root, f"{storage}/volatile-containers.json", json.dumps(passing))
    conmon = f"/usr/bin/conmon\0--api-version\x001\0-c\0{OTHER}\0-u\0{OTHER}\0-n\0bare\0".encode()
    planted.process(root, 30, "conmon", cmdline=conmon, nspid="30")
    run(root, 31, f"0::/machine.slice/libpod-{OTHER}.scope/container\n")
    found = listed(root)
    assert (found[ID].name, found[ID].state) == ("web1", "stopped")
    assert found[ID].root == "/var/lib/containers/storage/overlay/feed/merged"
    assert (found[OTHER].name, found[OTHER].state) == ("bare", "running")
    assert (found[PASSING].name, found[PASSING].state) == ("job1", "stopped")


def test_containerd_task(root: Path) -> None:
    bundle = "/run/containerd/io.containerd.runtime.v2.task/default/web1"
    write(root, f"{bundle}/config.json", json.dumps({"root": {"path": "rootfs"}}))
    run(root, 33, "5:pids:/default/web1\n0::/default/web1\n")
    found = listed(root)["web1"]
    assert (found.engine, found.state, found.root) == ("containerd", "running", f"{bundle}/rootfs")


def test_nspawn_machine_without_a_mark_runs_by_its_leader(root: Path) -> None:
    write(
        root,
        "/run/systemd/machines/web1",
        "NAME=web1\nSCOPE=web.service\nCLASS=container\nROOT=/srv/web1\nLEADER=44\n",
    )
    write(root, "/run/systemd/machines/vm1", "NAME=vm1\nCLASS=vm\nLEADER=45\n")
    write(root, "/run/systemd/machines/dead", "NAME=dead\nCLASS=container\nLEADER=1\n")
    (root / "var/lib/machines/image.raw").parent.mkdir(parents=True)
    (root / "var/lib/machines/image.raw").touch()
    run(root, 44, "0::/system.slice/web.service\n")
    states = {ct.name: (ct.state, ct.init_pid, ct.root) for ct in containers(Host(str(root)))}
    assert states == {
        "web1": ("running", 44, "/srv/web1"),
        "dead": ("stopped", 0, ""),
        "image": ("stopped", 0, "/var/lib/machines/image.raw"),
    }


@pytest.mark.parametrize(
    ("mount", "file", "text"),
    [
        (
            "cgroup /sys/fs/cgroup/freezer cgroup rw,freezer 0 0\n",
            "/sys/fs/cgroup/freezer/lxc.payload.web1/freezer.state",
            "FROZEN\n",
        ),
        (
            "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
            "/sys/fs/cgroup/lxc.payload.web1/cgroup.events",
            "populated 1\nfrozen 1\n",
        ),
    ],
    ids=["version 1", "version 2"],
)
def test_frozen_by_the_freezer(root: Path, mount: str, file: str, text: str) -> None:
    run(root, 20, "7:freezer:/lxc.payload.web1\n0::/lxc.payload.web1\n")
    (root / "proc/mounts").write_text(mount)
    assert listed(root)["web1"].state == "running"
    write(root, file, text)
    assert listed(root)["web1"].state == "frozen"


def test_a_container_inside_a_container_counts_for_the_outer_one(root: Path) -> None:
    run(root, 20, "0::/lxc.payload.web1/init.scope\n", starttime=500)
    run(root, 21, f"0::/lxc.payload.web1/docker/{ID}\n", nspid="21 7 1", starttime=900)
    found = listed(root)
    assert list(found) == ["web1"]
    assert (found["web1"].init_pid, found["web1"].processes) == (20, 2)
    assert found["web1"].started == 1700000005.0


def test_a_fifo_in_place_of_a_configuration_holds_up_nobody(root: Path) -> None:
    folder = root / "var/lib/lxc/web1"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "config")
    assert listed(root) == {}


def test_a_ct_of_which_only_zombies_are_left_is_stopped(root: Path) -> None:
    write(root, "/var/lib/lxc/web1/config", "lxc.uts.name = web1\n")
    run(root, 20, "0::/lxc.payload.web1\n", state="Z")
    assert listed(root)["web1"].state == "stopped"
    run(root, 21, "0::/lxc.payload.web1\n", nspid="21 9")
    assert (listed(root)["web1"].state, listed(root)["web1"].processes) == ("running", 1)
