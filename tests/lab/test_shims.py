"""Who is matched and who dies: every incumbent's row with our shim in its place.

The same daemon runs on CT0 (plain, in a chroot, with private mounts) and in a CT of every engine.
Each row expects the "wanted" line: CT0's own, and none of the containers' or sandboxes'. Before
each row the daemons are started anew; the containers' must live through it.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import wait_for
from .ct import CT
from .processes import alive
from .run import Run
from .shims import Shims, laid_out

ALL = {"plain", "chrooted", "private_mounts"}
NOBODY = 65534


@pytest.fixture(scope="session")
def shims(run: Run) -> Iterator[Shims]:
    with laid_out(run.folder / "shims") as laid:
        yield laid


def matched(text: str, daemons: dict[str, int]) -> set[str]:
    """Whose PIDs these are. Daemons of earlier rows may still wait to be reaped by PID 1."""
    names = {pid: name for name, pid in daemons.items()}
    return {names[pid] for pid in map(int, text.split()) if pid in names or alive(pid)}


# Who a path names. The chroot has a copy of the file: where the incumbent compares device and
# inode it leaves that one out, and so do we; nobody is hit whom the incumbent would spare.
SAME_FILE = {"plain", "private_mounts"}

# Command line ({name}: the daemon's, {path}: its path) -> whom it lists.
MATCHES = {
    "pidof {name}": ALL,
    "pidof {path}": ALL,
    "pidof -c {name}": ALL,
    "pidof -c {path}": ALL,
    "pidof -c -m -o 1 -o %PPID -x {name}": ALL,
    "pidof -x {name}": ALL,
    "CT0_PIDOF=procps pidof {name}": ALL,
    "CT0_PIDOF=procps pidof -c {path}": ALL,
    "pgrep -x {name}": ALL,
    "pgrep {name}": ALL,
    "pgrep -f ^{path}": ALL,
    "pgrep -u 0 -x {name}": ALL,
    "pgrep --ns $$ {name}": ALL,
    "pgrep --ns 1 {name}": ALL,
    "pgrep --ns $$ --nslist pid {name}": ALL,
    # All the kinds that are listed, so whoever has mounts of his own is left out as was asked.
    "pgrep --ns $$ --nslist mnt,pid {name}": {"plain", "chrooted"},
    "pgrep --ns $$ --nslist pid,mnt {name}": {"plain", "chrooted"},
    "pidofproc {name}": ALL,
    "pidofproc {path}": SAME_FILE,
    "checkproc -v {name}": ALL,
    "checkproc -v {path}": SAME_FILE,
    ". $CT0_FUNCTIONS/rhel.sh; pidofproc {name}": ALL,
    ". $CT0_FUNCTIONS/rhel.sh; pidofproc {path}": ALL,
    ". $CT0_FUNCTIONS/lsb.sh; pidofproc {name}": ALL,
    ". $CT0_FUNCTIONS/lsb.sh; pidofproc {path}": ALL,
}


@pytest.mark.parametrize("row", MATCHES)
def test_matched(row: str, run: Run, shims: Shims, daemons: dict[str, int]) -> None:
    done = shims.shell(row.format(name=run.daemon_name, path=run.daemon))
    assert matched(done.stdout, daemons) == MATCHES[row], done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize(
    "row",
    [
        "pidof {name}",
        "pidof {path}",
        "pidof -c {name}",
        "pidof -x {name}",
        "pgrep -x {name}",
        "pgrep -f ^{path}",
        "pgrep --ns 1 {name}",
        "pidofproc {name}",
    ],
)
def test_matched_for_a_user_who_may_not_read_namespaces(
    row: str, run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    argv = row.format(name=run.daemon_name, path=run.daemon).split()
    assert matched(shims.run(argv, user=NOBODY).stdout, daemons) == ALL


# The lab's daemon does not go into the background by itself; startproc puts it there.
@pytest.mark.parametrize(
    "program",
    [
        "setsid -f sh -c '. $CT0_FUNCTIONS/lsb.sh; start_daemon {path} 1000' >/dev/null 2>&1",
        "startproc {path} 1000 >/dev/null 2>&1",
    ],
)
def test_a_containers_daemon_does_not_keep_ct0s_from_starting(
    program: str, run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    own = [daemons[name] for name in ALL]
    for pid in own:
        os.kill(pid, signal.SIGKILL)
    wait_for("CT0's daemons to die", lambda: not any(map(alive, own)))
    assert shims.shell(program.format(path=run.daemon)).returncode == 0
    wait_for("CT0's new daemon", lambda: bool(shims.run(["pidof", run.daemon]).stdout))
    for word in shims.run(["pidof", run.daemon]).stdout.split():
        os.kill(int(word), signal.SIGKILL)


def test_a_user_signals_nobody_elses(run: Run, shims: Shims, daemons: dict[str, int]) -> None:
    done = shims.run(["killall", run.daemon_name], user=NOBODY)
    assert done.returncode == 1
    assert all(alive(pid) for pid in daemons.values())


def test_scope_sandbox_adds_sandboxes_and_all_adds_everybody(
    run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    argv = ["pidof", run.daemon_name]
    sandboxes = matched(shims.run(argv, CT0_SCOPE="sandbox").stdout, daemons)
    assert sandboxes == ALL | {"nspawn", "bare"}
    assert matched(shims.run(argv, CT0_SCOPE="all").stdout, daemons) == set(daemons)


def test_dry_run_names_whom_it_would_signal(
    run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    done = shims.run(["killall", run.daemon_name], CT0_DRY_RUN="1")
    said = " ".join(line.split(" to ")[1].split()[0] for line in done.stdout.splitlines())
    assert matched(said, daemons) == ALL
    assert all(alive(pid) for pid in daemons.values())


# Command line -> who of CT0's own dies. No container's may, in any row.
KILLS = {
    "killall {name}": ALL,
    "killall -KILL {name}": ALL,
    "killall -w {name}": ALL,
    "killall -r ^{name}$": ALL,
    "killall -u root {name}": ALL,
    "killall -g {name}": ALL,
    "killall {path}": SAME_FILE,
    "killall -n $$ {name}": ALL,
    "pkill -x {name}": ALL,
    "pkill -f ^{path}": ALL,
    "pkill -9 {name}": ALL,
    "pkill -HUP -x {name}": ALL,
    "pkill --ns 1 {name}": ALL,
    "pkill --ns 1 --nslist pid {name}": ALL,
    "pkill --ns $$ --nslist pid,user {name}": ALL,
    "kill $(pidof {name})": ALL,
    "kill $(pidof {path})": ALL,
    "kill $(pgrep -x {name})": ALL,
    "killproc {name}": ALL,
    "killproc {path}": SAME_FILE,
    "killproc -TERM {path}": SAME_FILE,
    ". $CT0_FUNCTIONS/rhel.sh; killproc {name}": ALL,
    ". $CT0_FUNCTIONS/rhel.sh; killproc {path} -HUP": ALL,
    ". $CT0_FUNCTIONS/rhel.sh; kill $(pidofproc {name})": ALL,
    ". $CT0_FUNCTIONS/lsb.sh; kill $(pidofproc {path})": ALL,
}


@pytest.mark.parametrize("row", KILLS)
def test_killed(row: str, run: Run, shims: Shims, daemons: dict[str, int]) -> None:
    done = shims.shell(row.format(name=run.daemon_name, path=run.daemon))
    wait_for(f"{row}: {done}", lambda: not any(alive(daemons[name]) for name in KILLS[row]), 10)
    assert {name for name, pid in daemons.items() if alive(pid)} == set(daemons) - KILLS[row]


@pytest.mark.parametrize("row", ["killall {path}", "kill $(pidof {path})", "killproc {path}"])
def test_killed_after_the_hosts_binary_was_replaced(
    row: str, run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    """An upgrade leaves CT0's daemons with a deleted file; the incumbents then hit only CTs'."""
    Path(run.daemon).unlink()
    run.install_daemon(Path("/"))
    assert os.readlink(f"/proc/{daemons['plain']}/exe").endswith(" (deleted)")
    done = shims.shell(row.format(path=run.daemon))
    wait_for(f"{row}: {done}", lambda: not alive(daemons["plain"]), 10)
    died = {name for name, pid in daemons.items() if not alive(pid)}
    assert died >= SAME_FILE
    assert died <= ALL


@pytest.mark.parametrize(
    "name", ["lxc", "proxmox", "lxd", "docker", "docker_host_pid", "podman", "containerd"]
)
def test_a_stale_pidfile_that_names_a_containers_process_is_refused(
    name: str, run: Run, shims: Shims, daemons: dict[str, int]
) -> None:
    pidfile = run.folder / "stale.pid"
    pidfile.write_text(f"{daemons[name]}\n")
    for row in (
        f"pkill -F {pidfile}",
        f"killproc -p {pidfile} {run.daemon}",
        f". $CT0_FUNCTIONS/rhel.sh; killproc -p {pidfile} {run.daemon}",
        f". $CT0_FUNCTIONS/lsb.sh; killproc -p {pidfile} {run.daemon}",
    ):
        shims.shell(row)
        assert alive(daemons[name]), row


def test_a_pidfile_that_names_a_sandboxs_process_is_obeyed(
    run: Run, shims: Shims, bare: CT
) -> None:
    """A service with a PID namespace of its own must stay stoppable (Gentoo 776010)."""
    pid = bare.start_daemon(run.daemon)
    try:
        pidfile = run.folder / "sandbox.pid"
        pidfile.write_text(f"{pid}\n")
        shims.run(["pkill", "-F", str(pidfile)])
        wait_for("the sandbox's daemon to die", lambda: not alive(pid), 10)
    finally:
        if alive(pid):
            os.kill(pid, signal.SIGKILL)
