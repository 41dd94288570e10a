"""Tasks of a CT and their limit."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import pytest

from cgroup_hosts import cgroup_host
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.tasks import Tasks, read_tasks


@pytest.mark.parametrize(
    ("kind", "folder"), [("version 1", "pids/"), ("version 2", ""), ("hybrid", "pids/")]
)
@pytest.mark.parametrize(("text", "limit"), [("max\n", math.inf), ("512\n", 512)])
def test_pids_controller(kind: str, folder: str, text: str, limit: float, tmp_path: Path) -> None:
    files = {f"{folder}pids.current": "7\n", f"{folder}pids.max": text}
    assert read_tasks(*cgroup_host(tmp_path, kind, files)) == Tasks(7, limit)


@pytest.mark.parametrize(
    ("kind", "folder"), [("version 1", "pids/"), ("version 2", ""), ("hybrid", "pids/")]
)
def test_refused_forks(kind: str, folder: str, tmp_path: Path) -> None:
    files = {"pids.current": "9\n", "pids.max": "9\n", "pids.events": "max 3\nmax.imposed 4\n"}
    cgroups, ct = cgroup_host(tmp_path, kind, {folder + name: files[name] for name in files})
    assert read_tasks(cgroups, ct) == Tasks(9, 9, 3)
    assert read_tasks(cgroups, ct, refused=False) == Tasks(9, 9)


def test_openvz6_beancounter_numproc(host: Callable[[str], Path]) -> None:
    cgroups = Cgroups(Host(str(host("openvz6"))))
    found = {
        ct.ctid: read_tasks(cgroups, ct) for ct in containers(cgroups.host) if ct.state == "running"
    }
    assert found == {"101": Tasks(6, 240, 0), "102": Tasks(6, math.inf, 0), "103": Tasks(4, 16, 0)}
    assert read_tasks(cgroups, CT("openvz", "0")).current == 56  # CT0, as veinfo says


def test_nothing_offered(tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, "version 2", {})
    for one in (ct, CT("lxc", "old1"), CT("openvz", "104")):
        with pytest.raises(Unavailable):
            read_tasks(cgroups, one)


@pytest.mark.parametrize("text", ["", "7 7\n", "many\n", "max\n"])
def test_truncated_or_garbage(text: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=r"pids\.current"):
        read_tasks(*cgroup_host(tmp_path, "version 2", {"pids.current": text}))
