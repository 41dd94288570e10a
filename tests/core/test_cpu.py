"""CPU of a CT: every figure traced to the file it comes from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import cgroup_host, write
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.cpu import CPU, parse_cpu_max, read_cpu
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

STAT2 = """\
usage_usec 62471
user_usec 20823
system_usec 41648
nice_usec 11
nr_periods 12
nr_throttled 3
throttled_usec 250000
"""
V2 = {
    "cpu.stat": STAT2,
    "cpu.max": "150000 100000\n",
    "cpu.weight": "100\n",
    "cpuset.cpus.effective": "0-1,4\n",
}
V1 = {
    "cpuacct/cpuacct.usage": "62358756\n",
    "cpuacct/cpuacct.stat": "user 2\nsystem 4\n",
    "cpu/cpu.stat": "nr_periods 12\nnr_throttled 3\nthrottled_time 250000000\n",
    "cpu/cpu.cfs_quota_us": "25000\n",
    "cpu/cpu.cfs_period_us": "50000\n",
    "cpu/cpu.shares": "1024\n",
    "cpuset/cpuset.effective_cpus": "0-1\n",
}
UNIFIED = {"unified/cpu.stat": "usage_usec 62471\nuser_usec 20823\nsystem_usec 41648\n"}


def test_version_2(tmp_path: Path) -> None:
    assert read_cpu(*cgroup_host(tmp_path, "version 2", V2)) == CPU(
        usage_seconds=0.062471,
        user_seconds=0.020823,
        system_seconds=0.041648,
        periods=12,
        throttled_periods=3,
        throttled_seconds=0.25,
        limit_cpus=1.5,
        weight=100,
        online_cpus=3,
    )


@pytest.mark.parametrize("kind", ["version 1", "hybrid"])
def test_version_1(kind: str, tmp_path: Path) -> None:
    more = UNIFIED if kind == "hybrid" else {}
    assert read_cpu(*cgroup_host(tmp_path, kind, {**V1, **more})) == CPU(
        usage_seconds=0.062358756,
        user_seconds=0.02,
        system_seconds=0.04,
        periods=12,
        throttled_periods=3,
        throttled_seconds=0.25,
        limit_cpus=0.5,
        shares=1024,
        online_cpus=2,
    )


def test_hybrid_host_where_nothing_manages_the_controllers(tmp_path: Path) -> None:
    """nspawn without machined: CPU time is still in version 2's cgroup."""
    paths = {"": "/lxc.payload.web1", "cpu": "/", "cpuacct": "/", "cpuset": "/user.slice"}
    write(tmp_path, "proc/stat", "cpu  9 9\ncpu0 9 9\ncpu1 9 9\nintr 0\n")
    cgroups, ct = cgroup_host(tmp_path, "hybrid", {**V1, **UNIFIED}, paths)
    assert read_cpu(cgroups, ct) == CPU(0.062471, 0.020823, 0.041648, online_cpus=2)


@pytest.mark.parametrize(
    ("kind", "file", "text", "limit"),
    [
        ("version 2", "cpu.max", "max 100000\n", math.inf),
        ("version 2", "cpu.max", "20000 100000\n", 0.2),
        ("version 1", "cpu/cpu.cfs_quota_us", "-1\n", math.inf),
        ("version 1", "cpu/cpu.cfs_quota_us", "100000\n", 2),
    ],
)
def test_limit(kind: str, file: str, text: str, limit: float, tmp_path: Path) -> None:
    files = {**(V1 if kind == "version 1" else V2), file: text}
    assert read_cpu(*cgroup_host(tmp_path, kind, files)).limit_cpus == limit


def test_version_2_without_the_controller_has_times_only(tmp_path: Path) -> None:
    cpu = read_cpu(*cgroup_host(tmp_path, "version 2", {"cpu.stat": "usage_usec 5\n"}))
    assert cpu == CPU(usage_seconds=5e-06)


@pytest.mark.parametrize("kind", ["version 1", "version 2", "hybrid"])
def test_nothing_offered(kind: str, tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, kind, {})
    with pytest.raises(Unavailable, match="old1"):
        read_cpu(cgroups, CT("lxc", "old1"))
    with pytest.raises(Unavailable, match="web1"):
        read_cpu(cgroups, ct._replace(cgroups=dict.fromkeys(ct.cgroups, "/")))


def test_cgroup_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="web1"):
        read_cpu(*cgroup_host(tmp_path, "version 2", {}))


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("cpu.stat", "usage_usec 62471\nuser_us"),
        ("cpu.stat", "usage_usec lots\n"),
        ("cpu.max", "max"[:2]),
        ("cpu.max", "100000\n"),
        ("cpu.weight", ""),
        ("cpuset.cpus.effective", "0-\n"),
    ],
)
def test_truncated_or_garbage_names_the_file(file: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=file):
        read_cpu(*cgroup_host(tmp_path, "version 2", {**V2, file: text}))


@given(st.text(max_size=30))
def test_any_cpu_max(text: str) -> None:
    try:
        assert parse_cpu_max(text) is not None
    except Malformed:
        pass


def test_openvz6(host: Callable[[str], Path]) -> None:
    """vestat: used is in ns, the modes in jiffies of 1/1000 s, as the two uptimes of a line tell:
    9622 and 9637482621. The cgroup's cpu.usage says the same as vestat's used, to the digit."""
    root = host("openvz6")
    cgroups = Cgroups(Host(str(root)))
    found = {ct.ctid: ct for ct in containers(cgroups.host)}
    assert read_cpu(cgroups, found["101"]) == CPU(
        usage_seconds=3.060044916,
        user_seconds=1.857,
        system_seconds=0.727,
        nice_seconds=0.0,
        periods=0,  # vz/fairsched/101/cpu.stat
        throttled_periods=0,
        throttled_seconds=0.0,
        limit_cpus=math.inf,  # cpu.cfs_quota_us -1, cpu.rate 0
        shares=1024,
        units=1000,  # CPUUNITS="1000" in 101.conf
        online_cpus=2,  # cpu.nr_cpus 0, cpuset.cpus empty: those of /proc/stat
    )
    for ctid in ("101", "102", "103"):
        usage = int((root / f"proc/vz/fairsched/{ctid}/cpu.usage").read_text())
        stat = (root / f"proc/vz/fairsched/{ctid}/cpu.acct.stat").read_text().split()
        cpu = read_cpu(cgroups, found[ctid])
        assert cpu.usage_seconds == usage / 1e9
        assert cpu.user_seconds == pytest.approx(int(stat[1]) / 100, abs=0.011)  # USER_HZ
        assert cpu.system_seconds == pytest.approx(int(stat[3]) / 100, abs=0.011)
    with pytest.raises(Unavailable, match="104"):
        read_cpu(cgroups, found["104"])


@pytest.fixture
def virtuozzo(tmp_path: Path) -> tuple[Cgroups, CT]:
    """A CT limited to 30 % of a CPU, 2000 CPUUNITS and one CPU; no vestat."""
    write(tmp_path, "proc/mounts", "cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0\n")
    folder = "sys/fs/cgroup/cpu,cpuacct/machine.slice/101"
    for name, text in {
        "cpuacct.usage": "1000000000",
        "cpu.cfs_quota_us": "-1",
        "cpu.rate": "307",
        "cpu.nr_cpus": "1",
        "cpu.shares": "2048",
    }.items():
        write(tmp_path, f"{folder}/{name}", f"{text}\n")
    ct = CT("openvz", "101", cgroups={"cpu,cpuacct": "/machine.slice/101"})
    return Cgroups(Host(str(tmp_path))), ct


def test_openvz_own_limit(virtuozzo: tuple[Cgroups, CT]) -> None:
    cpu = read_cpu(*virtuozzo)
    assert cpu.usage_seconds == 1
    assert cpu.limit_cpus == pytest.approx(0.3, abs=0.001)
    assert (cpu.shares, cpu.units, cpu.online_cpus) == (2048, 2000, 1)
