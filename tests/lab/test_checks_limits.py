"""check_ct_resources on a container that is driven into its limits: WARNING, CRITICAL, an alert
that stays, the same for a second caller, and none from a restart.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from plugin_runs import Ended, plugin

from .command import LabError, wait_for
from .ct import CT
from .lxc import LxcCT, is_up, lxc_ct, start
from .run import Run
from .work import MIB, fork, hold, inside

MEMORY, TASKS = 256, 120
VERSION1 = Path("/sys/fs/cgroup/memory").exists()
KEYS = (
    [f"lxc.cgroup.memory.limit_in_bytes = {MEMORY}M", f"lxc.cgroup.pids.max = {TASKS}"]
    if VERSION1
    else [f"lxc.cgroup2.memory.max = {MEMORY}M", f"lxc.cgroup2.pids.max = {TASKS}"]
)
# Forks until it is refused one, which ends the shell; what was forked stays.
FORK_TO_THE_END = "exec >/dev/null 2>&1; while :; do sleep 300 & done"


@pytest.fixture
def ct(run: Run) -> Iterator[LxcCT]:
    with lxc_ct(run, "limited1", keys=KEYS) as ct:
        yield ct


class Check:
    """check_ct_resources of one CT, with a state directory of the test's own."""

    def __init__(self, run: Run, ct: CT, *arguments: str) -> None:
        self.arguments = (f"--ct={ct.ctid}", *arguments)
        self.kept = run.folder / f"kept-{ct.name}"

    def __call__(self, *arguments: str) -> Ended:
        ended = plugin(
            "check_ct_resources", *self.arguments, f"--state-dir={self.kept}", "-t60", *arguments
        )
        assert ended.errors == ""
        return ended

    def until(self, status: int, *words: str) -> Ended:
        """Asks until it says so: what a CT does takes its time."""
        said = [self()]

        def there() -> bool:
            said.append(self())
            return said[-1].status == status and all(word in said[-1].first for word in words)

        try:
            wait_for(f"{status} and {words}", there, 60)
        except LabError as error:
            raise AssertionError(f"{error}; last: {said[-1]}") from None
        return said[-1]


def test_memory(run: Run, ct: LxcCT) -> None:
    check = Check(run, ct, "--resource=memory")
    first = check()
    assert (first.status, "failures are counted from now on" in first.first) == (0, True)
    assert f"of {MEMORY}M" in first.first

    with inside([ct], hold(MEMORY * MIB * 82 // 100)):
        found = check.until(1, "CT_RESOURCES WARNING", "memory 8", "(outside 0:80)")
        assert f"of {MEMORY}M" in found.first
    with inside([ct], hold(MEMORY * MIB * 93 // 100)):
        check.until(2, "CT_RESOURCES CRITICAL", "memory 9", "(outside 0:90)")
    check.until(0)

    # More than it may: the kernel kills, and what was held is free again.
    burst = f"dd if=/dev/zero of=/dev/null bs={MEMORY * 2 * MIB} count=1"
    assert ct.run(["/bin/sh", "-c", burst], timeout=120).returncode != 0
    killed = check.until(1, "CT_RESOURCES WARNING", "OOM kills: 1 within 1h (outside 0:0)")
    # Held, to whoever asks, however often and in whatever format.
    assert check().first.partition(" | ")[0] == killed.first.partition(" | ")[0]
    again = json.loads(check("--format=json").output)
    assert again["containers"][0]["metrics"]["failures_delta"]["value"] == 1
    # A selection of its own sees the same: the memory is the CT's, not the caller's.
    assert check(f"--include={ct.ctid}").status == 1

    for _ in range(10):
        ct.run(["/bin/sh", "-c", burst], timeout=120)
    check.until(2, "CT_RESOURCES CRITICAL", "OOM kills: 11 within 1h (outside 0:10)")

    restarted(ct)
    after = check()
    assert after.status == 0, after
    assert "failures are counted from now on" in after.first
    assert check().status == 0


def test_tasks(run: Run, ct: LxcCT) -> None:
    check = Check(run, ct, "--resource=tasks")
    first = check()
    assert first.status == 0, first
    had = tasks(check)
    with inside([ct], fork(TASKS * 85 // 100 - had)):
        check.until(1, "CT_RESOURCES WARNING", f"% of {TASKS} (outside 0:80)")
    with inside([ct], fork(TASKS * 96 // 100 - had)):
        check.until(2, "CT_RESOURCES CRITICAL", f"% of {TASKS} (outside 0:90)")
    check.until(0)

    assert ct.run(["/bin/sh", "-c", FORK_TO_THE_END]).returncode != 0
    check.until(2, f"% of {TASKS} (outside 0:90), forks refused: 1 within 1h (outside 0:0)")
    let_go(ct)
    refused = check.until(1, "forks refused: 1 within 1h (outside 0:0)")
    assert check().first.partition(" | ")[0] == refused.first.partition(" | ")[0]
    for _ in range(10):
        ct.run(["/bin/sh", "-c", FORK_TO_THE_END])
        let_go(ct)
    check.until(2, "forks refused: 11 within 1h (outside 0:10)")

    restarted(ct)
    assert check().status == 0
    assert check().status == 0


def tasks(check: Check) -> int:
    told = json.loads(check("--format=json").output)
    return int(told["containers"][0]["metrics"]["tasks"]["value"])


def let_go(ct: CT) -> None:
    """One that was forked last may not be sleep yet."""

    def gone() -> bool:
        pids = ct.pids("sleep")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    wait_for(f"{ct!r}: its sleepers to be gone", gone, 30)


def restarted(ct: LxcCT) -> None:
    """A CT that was stopped and started, as its admin would."""
    ct.stop()
    again = start("lxc", ct.lxcpath, ct.ctid, ct.name, ct.root)
    wait_for(f"{again!r}: its init to be done", lambda: is_up(again), 60)
