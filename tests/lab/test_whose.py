"""`ct0 list`, `ct0 owner` and `ct0 ps` about real containers of every engine."""

from __future__ import annotations

import json
import os

import pytest

from .ct import CT
from .host import HostDaemons
from .shims import ct0

NOBODY = 65534
# Fixture -> the engine ct0 should name. LXD's layout is Incus'; a CT in Proxmox's layout is told
# from LXC's by its cgroup, /lxc/CTID/ns.
ENGINES = {
    "lxc": "lxc",
    "lxc_systemd": "lxc",
    "proxmox": "proxmox",
    "lxd": "incus",
    "docker": "docker",
    "docker_host_pid": "docker",
    "containerd": "containerd",
    "podman": "podman",
}
SANDBOXES = ("nspawn", "bare")  # no cgroup of their own here, and not registered anywhere


@pytest.fixture(scope="session")
def listed(cts: dict[str, CT]) -> dict[str, dict[str, object]]:
    records = json.loads(ct0(["list", "--json"]).stdout)
    return {record["ctid"]: record for record in records}


@pytest.mark.parametrize("name", ENGINES)
def test_list_knows_each_running_ct(
    name: str, cts: dict[str, CT], listed: dict[str, dict[str, object]]
) -> None:
    ct, record = cts[name], listed[cts[name].ctid]
    assert record["state"] == "running"
    assert record["init_pid"] == ct.init
    assert record["shares_pids"] is (name == "docker_host_pid")


@pytest.mark.parametrize("name", ENGINES)
def test_list_knows_engine_and_name(
    name: str, cts: dict[str, CT], listed: dict[str, dict[str, object]]
) -> None:
    record = listed[cts[name].ctid]
    # The lab keeps Proxmox's /etc/pve elsewhere: without it there is only LXC's own configuration.
    engine, called = ENGINES[name], cts[name].name
    assert (record["engine"], record["name"]) == (engine if name != "proxmox" else "lxc", called)


@pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
def test_owner_of_each_daemon(
    user: int, daemons: dict[str, int], cts: dict[str, CT], own: dict[str, HostDaemons]
) -> None:
    pids = {name: str(pid) for name, pid in daemons.items()}
    said = json.loads(ct0(["owner", "--json", *pids.values()], user).stdout)
    by_pid = {str(record["pid"]): record for record in said}
    kinds = {name: by_pid[pid]["owner"] for name, pid in pids.items()}
    assert kinds == {
        **dict.fromkeys(ENGINES, "container"),
        **dict.fromkeys(SANDBOXES, "sandbox"),
        **dict.fromkeys(own, "ct0"),
    }
    for name in ENGINES:
        assert by_pid[pids[name]]["ctid"] == cts[name].ctid


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "docker_host_pid"])
def test_ps_of_a_ct_is_what_the_kernel_says(name: str, cts: dict[str, CT]) -> None:
    ct = cts[name]
    shown = {int(row["pid"]) for row in json.loads(ct0(["ps", "--ct", ct.ctid, "--json"]).stdout)}
    inside = {int(pid) for pid in os.listdir("/proc") if pid.isdigit() and ct.belongs(int(pid))}
    assert ct.init in shown
    assert shown == inside


def test_ps_shows_all_of_ct0_s_and_nobody_else_s(
    daemons: dict[str, int], own: dict[str, HostDaemons]
) -> None:
    shown = {int(row["pid"]) for row in json.loads(ct0(["ps", "--json"]).stdout)}
    assert {name for name, pid in daemons.items() if pid in shown} == set(own)


def test_a_ct_stops(cts: dict[str, CT], run: object) -> None:
    from .lxc import lxc_ct
    from .run import Run

    assert isinstance(run, Run)
    with lxc_ct(run, "stopping") as ct:
        # Another CT's monitor on the same lxcpath still runs: it tells where the config is.
        ct.stop()
        records = {r["ctid"]: r for r in json.loads(ct0(["list", "--json"]).stdout)}
        record = records[ct.ctid]
        assert (record["state"], record["init_pid"], record["processes"]) == ("stopped", None, 0)
        assert record["config"] == str(ct.lxcpath / ct.ctid / "config")
