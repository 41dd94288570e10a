"""What the readers of core say of real containers, against work done inside and the kernel's files.

The expected figures are read here by path, from the hierarchy this machine has, without ct0.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ct0.block_io import read_block_io
from ct0.cgroup_files import Cgroups
from ct0.container import CT as Known
from ct0.containers import containers
from ct0.cpu import read_cpu
from ct0.errors import Unavailable
from ct0.filesystem import read_filesystem
from ct0.host import Host
from ct0.memory import read_memory
from ct0.network import read_network
from ct0.pressure import read_pressure
from ct0.tasks import read_tasks

from .command import wait_for
from .ct import CT
from .docker import Docker, docker_ct
from .processes import cgroups as cgroup_text
from .processes import start_time

MIB = 1 << 20
BIG = 50 * MIB
# A pipe's reader that keeps all it has read: 50 MiB of anonymous memory until the end comes.
HOLD = f"{{ head -c {BIG} /dev/zero; sleep 300; }} | tail -c {BIG} >/dev/null"
# The kernel ends it after one second of CPU time, however long that takes on a busy machine.
BURN = "ulimit -t 1; while :; do :; done"


@pytest.fixture(params=["lxc", "docker", "docker_host_pid", "podman"])
def ct(request: pytest.FixtureRequest) -> CT:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, CT)
    return found


def known(ct: CT) -> Known:
    """The same CT as ct0 lists it."""
    return next(one for one in containers(Host()) if one.ctid == ct.ctid)


def kernel_file(ct: CT, controller: str, name: str) -> Path:
    """A file in the CT's cgroup: of version 1's controller where it is mounted, else version 2's.
    The CT's init is in the outer cgroup itself here, or in a leaf that is all there is."""
    for line in cgroup_text(ct.init).splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            return Path(f"/sys/fs/cgroup/{controller}{path}/{name}")
    raise AssertionError(f"{controller} is not on version 1 here")


def killed(ct: CT, before: set[int]) -> set[int]:
    """Kills the CT's processes that were not there before, and returns which they were."""
    mine = {pid: start_time(pid) for pid in set(members(ct)) - before}
    for pid, started in mine.items():
        try:
            if started and pid in members(ct) and start_time(pid) == started:
                os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass  # it ended by itself just now
    return set(mine)


@contextmanager
def inside(ct: CT, script: str) -> Iterator[None]:
    """A shell script that runs in the CT until the end of the block."""
    before = set(members(ct))
    argv = [*ct.enter, "/bin/sh", "-c", script]
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()
        # Again and again: it may be starting others, in a CT that comes to them slowly.
        wait_for(f"{ct!r}: its script to end", lambda: not killed(ct, before), 60)


def members(ct: CT) -> list[int]:
    return [int(pid) for pid in kernel_file(ct, "memory", "cgroup.procs").read_text().split()]


version1 = pytest.mark.skipif(
    not Path("/sys/fs/cgroup/memory/cgroup.procs").exists(),
    reason="the kernel's figures are read from version 1 here",
)


def anonymous(ct: CT) -> int:
    words = kernel_file(ct, "memory", "memory.stat").read_text().split()
    return int(words[words.index("total_rss") + 1])


@version1
@pytest.mark.may_skip
def test_memory_held_inside_is_seen(ct: CT) -> None:
    record = known(ct)
    before = read_memory(Cgroups(Host()), record)
    with inside(ct, HOLD):
        path = kernel_file(ct, "memory", "memory.usage_in_bytes")
        # Not by the usage: the kernel's own part and the pipe's are in that too, and come first.
        held = (before.anon or 0) + BIG
        wait_for("50 MiB to be held", lambda: anonymous(ct) >= held, 60)
        during = read_memory(Cgroups(Host()), record)
        usage = int(path.read_text())
    assert before.usage is not None
    assert during.usage == pytest.approx(usage, abs=2 * MIB)
    assert during.anon is not None
    assert before.anon is not None
    assert BIG <= during.anon - before.anon < BIG + 8 * MIB
    assert during.working_set is not None
    assert during.usage is not None
    assert during.peak is not None
    assert BIG <= during.working_set <= during.usage <= during.peak
    assert (during.page_faults or 0) > (before.page_faults or 0)


@version1
@pytest.mark.may_skip
def test_cpu_burnt_inside_is_seen(ct: CT) -> None:
    record = known(ct)
    path = kernel_file(ct, "cpuacct", "cpuacct.usage")
    before, first = read_cpu(Cgroups(Host()), record), int(path.read_text())
    ct.run(["/bin/sh", "-c", BURN])
    after, last = read_cpu(Cgroups(Host()), record), int(path.read_text())
    used = (after.usage_seconds or 0) - (before.usage_seconds or 0)
    assert used == pytest.approx((last - first) / 1e9, abs=0.1)
    # The kernel ends it by counting ticks, which on a busy machine are charged to who just runs.
    assert 0.5 <= used < 1.5
    modes = (after.user_seconds or 0) + (after.system_seconds or 0)
    assert modes == pytest.approx(after.usage_seconds, abs=0.2)
    assert after.online_cpus == len(os.sched_getaffinity(0))


@version1
@pytest.mark.may_skip
def test_tasks_started_inside_are_seen(ct: CT) -> None:
    record = known(ct)
    before = read_tasks(Cgroups(Host()), record)
    assert before.current == int(kernel_file(ct, "pids", "pids.current").read_text())
    with inside(ct, "sleep 300 & sleep 300 & sleep 300 & wait"):
        goal = (before.current or 0) + 4  # the shell and its three
        wait_for("four tasks", lambda: read_tasks(Cgroups(Host()), record).current == goal, 15)


@version1
@pytest.mark.may_skip
@pytest.mark.parametrize("ct", ["lxc", "docker"], indirect=True)
def test_limits_set_from_outside_are_seen(ct: CT) -> None:
    record = known(ct)
    limits = {
        kernel_file(ct, "memory", "memory.limit_in_bytes"): str(256 * MIB),
        kernel_file(ct, "cpu", "cpu.cfs_quota_us"): "150000",
        kernel_file(ct, "pids", "pids.max"): "512",
    }
    usual = {path: path.read_text() for path in limits}
    try:
        for path, text in limits.items():
            path.write_text(text)
        assert read_memory(Cgroups(Host()), record).limit == 256 * MIB
        assert read_cpu(Cgroups(Host()), record).limit_cpus == 1.5
        assert read_tasks(Cgroups(Host()), record).limit == 512
    finally:
        for path, text in usual.items():
            path.write_text(text)
    unlimited = read_memory(Cgroups(Host()), record).limit
    assert unlimited == float("inf")
    assert read_tasks(Cgroups(Host()), record).limit == float("inf")


@version1
@pytest.mark.may_skip
@pytest.mark.parametrize("swap", [True, False], ids=["memory's limit", "the limit with swap"])
def test_a_kill_for_want_of_memory_is_counted(swap: bool, dockerd: Docker) -> None:
    with docker_ct(dockerd, "oom1") as ct:
        record = known(ct)
        before = read_memory(Cgroups(Host()), record)
        both = kernel_file(ct, "memory", "memory.memsw.limit_in_bytes")
        # What `docker exec` itself needs is some 15 MiB.
        most = str((before.usage or 0) + 40 * MIB)
        kernel_file(ct, "memory", "memory.limit_in_bytes").write_text(most)
        if both.exists() and not swap:
            both.write_text(most)
        with inside(ct, HOLD):
            wait_for(
                "a kill", lambda: (read_memory(Cgroups(Host()), record).oom_kills or 0) > 0, 30
            )
        after = read_memory(Cgroups(Host()), record)
        assert (before.oom_kills, before.limit_hits) == (0, 0)
        files = ("memory.failcnt", "memory.memsw.failcnt")
        counts = [kernel_file(ct, "memory", name) for name in files]
        hits = sum(int(path.read_text()) for path in counts if path.exists())
        assert after.limit_hits == hits
        assert hits or not swap  # Linux 6.18 counts nothing at the limit with swap


def test_pressure_never_falls(ct: CT) -> None:
    record = known(ct)
    if not Path("/proc/pressure/cpu").exists():
        with pytest.raises(Unavailable):
            read_pressure(Cgroups(Host()), record)
        return
    before = read_pressure(Cgroups(Host()), record)
    ct.run(["/bin/sh", "-c", ":"])
    after = read_pressure(Cgroups(Host()), record)
    for one, other in zip(before[:6], after[:6]):  # the counters; averages do fall
        assert one is not None
        assert other is not None
        assert one <= other


def test_network_of_a_ct_is_its_own(ct: CT) -> None:
    found = read_network(Cgroups(Host()), known(ct))
    own = os.stat(f"/proc/{ct.init}/ns/net").st_ino != os.stat("/proc/self/ns/net").st_ino
    assert found.shares_host is not own
    assert "lo" in found.interfaces


def test_block_io_and_filesystem_answer(ct: CT) -> None:
    record = known(ct)
    devices = read_block_io(Cgroups(Host()), record)
    assert all(":" not in name for name in devices)
    start = time.monotonic()
    root = read_filesystem(Cgroups(Host()), record)[0]
    real = os.statvfs(f"/proc/{ct.init}/root")
    assert root.size == real.f_blocks * real.f_frsize
    assert root.shared
    assert time.monotonic() - start < 1
