"""Who runs, told by the cgroup folders, is who runs told by the processes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Callable

import pytest

from ct0.cgroup_mounts import cgroup_mounts
from ct0.container import CT
from ct0.containers import containers, scan
from ct0.host import Host
from ct0.inventory import Inventory
from ct0.proc_cgroup import parse_cgroup
from ct0.running import Running
from planted import HOSTS, process

RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())


def grow(root: Path) -> Host:
    """Give a host the cgroup folders that its processes are in."""
    host = Host(str(root))
    mounts = cgroup_mounts(host)
    for mount in set(mounts.values()):
        top = Path(host.path(mount))
        for old in top.rglob("cgroup.procs") if top.exists() else ():
            old.unlink()
        top.mkdir(parents=True, exist_ok=True)
        (top / "cgroup.procs").touch()
    for pid in host.pids():
        file = root / f"proc/{pid}/cgroup"
        for line in parse_cgroup(file.read_text()) if file.exists() else ():
            mount = mounts.get(line.controllers.split(",")[0], "")
            if mount:
                folder = Path(host.path(mount)) / "/".join(line.parts)
                folder.mkdir(parents=True, exist_ok=True)
                with (folder / "cgroup.procs").open("a") as procs:
                    procs.write(f"{pid}\n")
    return host


def uncounted(cts: list[CT]) -> list[CT]:
    return [ct._replace(processes=0) for ct in cts]


@pytest.fixture
def grown(host: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Host]:
    def get(name: str) -> Host:
        return grow(Path(shutil.copytree(host(name), tmp_path / name, symlinks=True)))

    return get


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_host_has_the_same_cts(name: str, grown: Callable[[str], Host]) -> None:
    here = grown(name)
    wanted = uncounted(containers(here))
    assert any(ct.state == "running" for ct in wanted)
    inventory = Inventory(here)
    assert inventory.containers() == wanted
    assert inventory.containers() == wanted


@pytest.mark.parametrize("name", RECORDED)
def test_its_groups_are_the_same(name: str, grown: Callable[[str], Host]) -> None:
    here = grown(name)
    looked, (scanned, _) = Running(here).look(), scan(here)
    assert looked is not None
    assert looked.keys() == scanned.keys()
    for key, group in looked.items():
        assert group.cgroups == scanned[key].cgroups
        assert group.shares_pids == scanned[key].shares_pids
        assert group.oldest == scanned[key].oldest
        assert bool(group.inits) == bool(scanned[key].inits)
        if group.inits:
            assert min(group.inits) == min(scanned[key].inits)


@pytest.mark.parametrize("name", RECORDED)
def test_without_cgroup_folders_the_processes_are_asked(
    name: str, host: Callable[[str], Path]
) -> None:
    here = Host(str(host(name)))
    if name != "openvz6":  # the record has its hierarchies
        assert Running(here).look() is None
    assert uncounted(Inventory(here).containers()) == uncounted(containers(here))


V2 = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n"
POD = "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{}.slice/cri-containerd-{}"
ID = "0123456789abcdef" * 4


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A version 2 host with nothing but init."""
    process(tmp_path, 1, "systemd", cgroup="0::/init.scope\n", nspid="1")
    (tmp_path / "proc/mounts").write_text(V2)
    (tmp_path / "proc/stat").write_text("cpu  1 2 3 4\nbtime 1700000000\n")
    return tmp_path


def ct(root: Path, pid: int, cgroup: str, nspid: str = "", starttime: int = 500) -> None:
    process(
        root,
        pid,
        cgroup=f"0::{cgroup}\n" if cgroup.startswith("/") else f"{cgroup}\n",
        namespace="pid:[4026532999]",
        nspid=nspid or f"{pid} 1",
        starttime=starttime,
    )


def running(root: Path) -> list[tuple[str, str, int]]:
    """Engine, CTID and init of what runs; the same as the processes tell."""
    here = grow(root)
    cts = Inventory(here).containers()
    assert cts == uncounted(containers(here))
    return [(each.engine, each.ctid, each.init_pid) for each in cts]


def test_init_is_found_below_the_outer_cgroup(made: Path) -> None:
    ct(made, 100, "/lxc.payload.web1/system.slice/cron.service", "100 55", 600)
    ct(made, 99, "/lxc.payload.web1/init.scope")
    assert running(made) == [("lxc", "web1", 99)]


def test_two_pods_in_one_slice(made: Path) -> None:
    ct(made, 100, POD.format("a", ID) + ".scope")
    ct(made, 200, POD.format("b", ID[::-1]) + ".scope")
    assert [each[2] for each in running(made)] == [100, 200]


def test_what_holds_a_ct_is_not_in_it(made: Path) -> None:
    """The monitor of LXC 2 sits in the CT's cgroup, nspawn in the CT's unit."""
    process(made, 50, "lxc-start", cgroup="0::/lxc/web1\n", nspid="50")
    ct(made, 100, "/lxc/web1")
    unit = "/machine.slice/systemd-nspawn@web2.service"
    process(made, 60, "systemd-nspawn", cgroup=f"0::{unit}/supervisor\n", nspid="60")
    ct(made, 200, f"{unit}/payload")
    assert running(made) == [("lxc", "web1", 100), ("nspawn", "web2", 200)]


def test_a_cgroup_that_was_left_behind_is_no_ct(made: Path) -> None:
    here = grow(made)
    (made / "sys/fs/cgroup/lxc.payload.gone/init.scope").mkdir(parents=True)
    assert Inventory(here).containers() == []


def test_a_ct_in_ct0s_pid_namespace_is_known_by_its_oldest_process(made: Path) -> None:
    scope = f"0::/system.slice/docker-{ID}.scope\n"
    for pid, start in ((70, 700), (71, 300), (72, 900)):
        process(made, pid, cgroup=scope, nspid=str(pid), starttime=start)
    assert running(made) == [("docker", ID, 71)]


def test_start_stop_and_restart_between_looks(made: Path) -> None:
    ct(made, 100, "/lxc.payload.web1")
    here = grow(made)
    inventory = Inventory(here)

    def found() -> list[tuple[str, int]]:
        grow(made)
        cts = inventory.containers()
        assert cts == uncounted(containers(here))
        return [(each.ctid, each.init_pid) for each in cts]

    assert found() == [("web1", 100)]
    ct(made, 200, "/lxc.payload.web2")
    assert found() == [("web1", 100), ("web2", 200)]
    shutil.rmtree(made / "proc/100")
    assert found() == [("web2", 200)]
    ct(made, 101, "/lxc.payload.web1", starttime=9000)
    assert found() == [("web1", 101), ("web2", 200)]
    # The same PID again, another process.
    shutil.rmtree(made / "proc/101")
    ct(made, 101, "/lxc.payload.web1", "101 7", starttime=9500)
    ct(made, 102, "/lxc.payload.web1", starttime=9600)
    assert found() == [("web1", 102), ("web2", 200)]


def test_names_follow_the_engines_files(made: Path) -> None:
    ct(made, 100, f"/system.slice/docker-{ID}.scope")
    here = grow(made)
    inventory = Inventory(here)
    folder = made / f"var/lib/docker/containers/{ID}"

    def names() -> list[tuple[str, str]]:
        cts = inventory.containers()
        assert cts == uncounted(containers(here))
        return [(each.name, each.state) for each in cts]

    def config(name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        record = {"Name": f"/{name}", "State": {"Paused": False, "Pid": 100}}
        (folder / "config.v2.json").write_text(json.dumps(record))

    assert names() == [(ID, "running")]
    config("web1")
    assert names() == [("web1", "running")]
    config("web1-renamed")
    assert names() == [("web1-renamed", "running")]
    (made / "var/lib/lxc/old1").mkdir(parents=True)
    (made / "var/lib/lxc/old1/config").write_text("lxc.uts.name = old1\n")
    assert names() == [("web1-renamed", "running"), ("old1", "stopped")]
    shutil.rmtree(made / "var/lib/lxc/old1")
    assert names() == [("web1-renamed", "running")]
    shutil.rmtree(folder)
    shutil.rmtree(made / "proc/100")
    grow(made)
    assert names() == []


def test_more_processes_of_ct0_cost_nothing(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ct(made, 100, "/lxc.payload.web1")
    here = grow(made)
    inventory = Inventory(here)
    inventory.containers()
    monkeypatch.setattr(Host, "pids", lambda self: pytest.fail("all processes were listed"))
    assert [each.ctid for each in inventory.containers()] == ["web1"]
