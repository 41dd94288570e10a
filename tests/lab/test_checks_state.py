"""check_ct_state on real containers: frozen, stopped, starting at boot, starting over and over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from plugin_runs import Ended, plugin

from .command import call, wait_for
from .lxc import LxcCT, is_up, lxc_ct, start
from .run import Run


@pytest.fixture(scope="module")
def ct(run: Run, lxc: LxcCT) -> Iterator[LxcCT]:
    """One that starts at boot; `lxc`, which does not, is there to tell where LXC keeps both."""
    with lxc_ct(run, "boot1", keys=["lxc.start.auto = 1"]) as ct:
        yield ct


def said(run: Run, *arguments: str) -> Ended:
    ended = plugin("check_ct_state", f"--state-dir={run.folder}/kept-state", "-t60", *arguments)
    assert ended.errors == ""
    return ended


def about(run: Run, ct: LxcCT, *arguments: str) -> tuple[int, str]:
    """Status, and what is said of this one."""
    ended = said(run, f"--ct={ct.ctid}", "--no-perfdata", *arguments)
    return ended.status, ended.first.partition("): ")[2]


def test_what_starts_at_boot_and_what_does_not(run: Run, ct: LxcCT, lxc: LxcCT) -> None:
    status, text = about(run, ct)
    assert (status, text.partition(" for ")[0]) == (0, "running")
    assert about(run, lxc) == (1, "running, and would not start at boot")
    assert about(run, lxc, "--autostart=running=ok")[0] == 0
    assert about(run, lxc, "--expect=running")[0] == 0
    assert about(run, lxc, "--expect=stopped") == (2, "running, and should be stopped")


def test_frozen(run: Run, ct: LxcCT) -> None:
    call(["lxc-freeze", "-P", str(ct.lxcpath), "-n", ct.ctid])
    try:
        assert about(run, ct) == (1, "frozen")
        assert about(run, ct, "--state=frozen=critical") == (2, "frozen")
        assert about(run, ct, "--expect=running") == (2, "frozen, and should be running")
    finally:
        call(["lxc-unfreeze", "-P", str(ct.lxcpath), "-n", ct.ctid])
    assert about(run, ct)[0] == 0


def test_stopped_though_it_starts_at_boot_and_restarts_are_counted(run: Run, ct: LxcCT) -> None:
    only = ["--restart-warning=1", "--restart-critical=2"]
    assert about(run, ct, *only)[0] == 0
    found = []
    for _ in range(3):
        ct.stop()
        wait_for(f"{ct!r} to be stopped", lambda: about(run, ct, *only)[1].startswith("stopped"))
        found.append(about(run, ct, *only))
        again = start("lxc", ct.lxcpath, ct.ctid, ct.name, ct.root)
        wait_for(f"{again!r}: its init to be done", lambda again=again: is_up(again), 60)  # type: ignore[misc]
        found.append(about(run, ct, *only))
    down = "stopped, and should start at boot"
    assert [status for status, _ in found] == [2, 0, 2, 1, 2, 2]
    assert found[0][1] == down
    assert found[3][1] == "restarted 2 times within 1h (outside 0:1)"
    assert found[4][1] == f"{down}, restarted 2 times within 1h (outside 0:1)"
    assert found[5][1] == "restarted 3 times within 1h (outside 0:2)"
    # Whoever asks next sees the same.
    assert about(run, ct, *only) == found[5]


def test_a_container_that_is_gone(run: Run, ct: LxcCT) -> None:
    gone = said(run, f"--ct={ct.ctid}", f"--ct={run.prefix}-gone", "--missing=critical")
    assert gone.status == 2
    assert f"no container {run.prefix}-gone on this host" in gone.first
