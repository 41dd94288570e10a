"""Memory of a CT: every figure traced to the file it comes from."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgroup_hosts import cgroup_host
from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.memory import Memory, parse_meminfo, read_memory

STAT2 = """\
anon 118784
file 110592
kernel 200704
shmem 4096
file_mapped 0
file_dirty 8192
inactive_anon 114688
active_anon 8192
inactive_file 16384
active_file 94208
slab_reclaimable 12288
slab_unreclaimable 4096
pgfault 4190
pgmajfault 4
"""
V2 = {
    "memory.current": "430080\n",
    "memory.stat": STAT2,
    "memory.max": "max\n",
    "memory.high": "209715200\n",
    "memory.min": "1048576\n",
    "memory.peak": "1323008\n",
    "memory.swap.current": "4096\n",
    "memory.swap.max": "max\n",
    "memory.events": "low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\n",
    "memory.events.local": "low 0\nhigh 0\nmax 7\noom 1\noom_kill 0\n",
}
STAT1 = """\
cache 1
rss 2
inactive_file 3
pgfault 5
hierarchical_memory_limit 9223372036854771712
total_cache 110592
total_rss 118784
total_shmem 4096
total_dirty 8192
total_pgfault 4190
total_pgmajfault 4
total_inactive_file 16384
"""
V1 = {
    "memory/memory.usage_in_bytes": "430080\n",
    "memory/memory.stat": STAT1,
    "memory/memory.limit_in_bytes": "268435456\n",
    "memory/memory.max_usage_in_bytes": "1323008\n",
    "memory/memory.memsw.usage_in_bytes": "434176\n",
    "memory/memory.memsw.limit_in_bytes": "536870912\n",
    "memory/memory.kmem.usage_in_bytes": "200704\n",
    "memory/memory.failcnt": "4\n",
    "memory/memory.memsw.failcnt": "3\n",
    "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
}
UNLIMITED = "9223372036854771712\n"


def test_version_2(tmp_path: Path) -> None:
    """OOM kills are counted anywhere in the CT, limit hits at the CT's own limit alone."""
    assert read_memory(*cgroup_host(tmp_path, "version 2", V2)) == Memory(
        usage=430080,
        working_set=430080 - 16384,
        anon=118784,
        file=110592,
        shmem=4096,
        kernel=200704,
        slab_reclaimable=12288,
        dirty=8192,
        peak=1323008,
        limit=math.inf,
        high=209715200,
        guarantee=1048576,
        swap_usage=4096,
        swap_limit=math.inf,
        oom_kills=2,
        limit_hits=7,
        page_faults=4190,
        major_page_faults=4,
    )


def test_version_2_before_5_2_has_no_local_events(tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, "version 2", V2)
    (tmp_path / "sys/fs/cgroup/lxc.payload.web1/memory.events.local").unlink()
    assert read_memory(cgroups, ct).limit_hits == 9


@pytest.mark.parametrize("kind", ["version 1", "hybrid"])
def test_version_1_counts_everything_below(kind: str, tmp_path: Path) -> None:
    assert read_memory(*cgroup_host(tmp_path, kind, V1)) == Memory(
        usage=430080,
        working_set=430080 - 16384,
        anon=118784,
        file=110592,
        shmem=4096,
        kernel=200704,
        dirty=8192,
        peak=1323008,
        limit=268435456,
        swap_usage=4096,
        swap_limit=268435456,
        oom_kills=2,
        limit_hits=7,
        page_faults=4190,
        major_page_faults=4,
    )


@pytest.mark.parametrize(
    ("memory", "both", "swap"),
    [
        ("268435456\n", "536870912\n", 268435456),
        ("268435456\n", "268435456\n", 0),
        ("268435456\n", UNLIMITED, math.inf),
        (UNLIMITED, UNLIMITED, math.inf),
        (UNLIMITED, "9223372036854775807\n", math.inf),
    ],
)
def test_version_1_swap_limit(memory: str, both: str, swap: float, tmp_path: Path) -> None:
    limits = {"memory/memory.limit_in_bytes": memory, "memory/memory.memsw.limit_in_bytes": both}
    found = read_memory(*cgroup_host(tmp_path, "version 1", {**V1, **limits}))
    assert found.swap_limit == swap
    assert (found.limit == math.inf) is (memory == UNLIMITED)


def test_version_1_swap_is_never_below_zero(tmp_path: Path) -> None:
    files = {**V1, "memory/memory.memsw.usage_in_bytes": "425984\n"}
    assert read_memory(*cgroup_host(tmp_path, "version 1", files)).swap_usage == 0


def test_version_1_without_swap_accounting(tmp_path: Path) -> None:
    files = {name: text for name, text in V1.items() if "memsw" not in name}
    found = read_memory(*cgroup_host(tmp_path, "version 1", files))
    assert (found.swap_usage, found.swap_limit, found.limit_hits) == (None, None, 4)


def test_more_used_than_read_a_moment_ago(tmp_path: Path) -> None:
    files = {**V2, "memory.current": "4096\n"}
    assert read_memory(*cgroup_host(tmp_path, "version 2", files)).working_set == 0


@pytest.mark.parametrize("kind", ["version 1", "version 2", "hybrid"])
def test_nothing_offered(kind: str, tmp_path: Path) -> None:
    cgroups, ct = cgroup_host(tmp_path, kind, {})
    with pytest.raises(Unavailable, match="old1"):
        read_memory(cgroups, CT("lxc", "old1"))
    with pytest.raises(Unavailable, match=r"memory\.(current|usage_in_bytes)"):
        read_memory(cgroups, ct)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("memory.current", ""),
        ("memory.current", "43e\n"),
        ("memory.stat", "anon 118784\nfi"),
        ("memory.stat", "anon lots\n"),
        ("memory.max", "ma"),
        ("memory.events", "max\n"),
    ],
)
def test_truncated_or_garbage_names_the_file(file: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(Malformed, match=file):
        read_memory(*cgroup_host(tmp_path, "version 2", {**V2, file: text}))


PAGE = 4096


def test_openvz6(host: Callable[[str], Path]) -> None:
    """Beancounters in pages, /proc/bc/102/meminfo in kB; swappages from /proc/bc/102/resources."""
    cgroups = Cgroups(Host(str(host("openvz6"))))
    found = {ct.ctid: ct for ct in containers(cgroups.host)}
    assert read_memory(cgroups, found["102"]) == Memory(
        usage=2236 * PAGE,
        working_set=2236 * PAGE - 1256 * 1024,
        anon=3788 * 1024,
        file=4360 * 1024,
        shmem=0,
        kernel=811271,
        slab_reclaimable=256 * 1024,
        dirty=20 * 1024,
        peak=2505 * PAGE,
        limit=65536 * PAGE,  # PHYSPAGES="0:256M"
        guarantee=65536 * PAGE,
        swap_usage=0,
        swap_limit=131072 * PAGE,  # SWAPPAGES="0:512M"
        oom_kills=0,
        limit_hits=0,
    )
    assert read_memory(cgroups, found["101"]).limit == math.inf  # PHYSPAGES="0:unlimited"
    with pytest.raises(Unavailable, match="104"):
        read_memory(cgroups, found["104"])


def test_openvz6_parts_add_up_to_physpages(host: Callable[[str], Path]) -> None:
    cgroups = Cgroups(Host(str(host("openvz6"))))
    memory = read_memory(cgroups, CT("openvz", "101"))
    slab = 824 * 1024
    assert memory.anon is not None
    assert memory.file is not None
    assert memory.usage == memory.anon + memory.file + slab == 4609 * PAGE


def test_openvz6_ct0_itself(host: Callable[[str], Path]) -> None:
    memory = read_memory(Cgroups(Host(str(host("openvz6")))), CT("openvz", "0"))
    assert memory.usage == 9838 * PAGE
    assert memory.anon == 7424 * 1024


def test_meminfo() -> None:
    assert parse_meminfo("MemTotal:  1020264 kB\nHugePages_Total:  3\n") == {
        "MemTotal": 1020264 * 1024,
        "HugePages_Total": 3,
    }
    assert parse_meminfo("") == {}


@pytest.mark.parametrize("text", ["MemTotal:", "MemTotal", "MemTotal: lots kB\n", "\0"])
def test_meminfo_truncated_or_garbage(text: str) -> None:
    with pytest.raises(Malformed):
        parse_meminfo(text)


@given(st.text(max_size=60))
def test_any_meminfo(text: str) -> None:
    try:
        parse_meminfo(text)
    except Malformed:
        pass
