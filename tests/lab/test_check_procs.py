"""check_procs beside monitoring-plugins' on a host with real containers of every engine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp

import pytest

from .command import SYSTEM_PATH, LabError, wait_for
from .ct import CT
from .nspawn import nspawn_ct
from .processes import alive, all_pids, cgroups, named, namespace
from .run import Run
from .work import own_cgroup

THEIRS = "/usr/lib/nagios/plugins/check_procs"
PARTS = Path(__file__).parent.parent.parent
NOBODY = 65534
SCRIPT = f"""#!/usr/bin/python3 -IS
import sys
sys.path[:0] = [{str(PARTS / "core")!r}, {str(PARTS / "checks")!r}]
from ct0_checks.procs import command
sys.exit(command())
"""
MARKED = (
    "lxc",
    "lxc_systemd",
    "proxmox",
    "lxd",
    "docker",
    "docker_host_pid",
    "containerd",
    "podman",
)


class Check:
    """Ours as a command, and theirs."""

    def __init__(self, run: Run) -> None:
        self.path = run.folder / "check_procs"
        self.path.write_text(SCRIPT)
        self.path.chmod(0o755)

    def ours(self, *arguments: str, user: int = 0) -> tuple[str, int]:
        return self._said(str(self.path), arguments, user)

    def theirs(self, *arguments: str, user: int = 0) -> tuple[str, int]:
        return self._said(THEIRS, arguments, user)

    def _said(self, path: str, arguments: tuple[str, ...], user: int) -> tuple[str, int]:
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]
        done = subprocess.run(
            [*(become if user else []), path, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={"PATH": SYSTEM_PATH, "LANG": "C.UTF-8"},
        )
        assert done.stderr == ""
        return done.stdout, done.returncode

    def count(self, *arguments: str) -> int:
        return int(self.ours(*arguments)[0].split()[2])


@pytest.fixture(scope="module")
def check(run: Run) -> Check:
    return Check(run)


@pytest.fixture(scope="module")
def sshd(run: Run) -> str:
    """The daemon's name: sshd, which is the lab's daemon under that name, unless this machine runs
    one of its own, which no test may end."""
    mine = namespace("self")
    return "sshd" if all(namespace(pid) != mine for pid in named("sshd")) else f"s{run.daemon_name}"


@pytest.fixture(scope="module")
def everywhere(run: Run, sshd: str, cts: dict[str, CT]) -> Iterator[dict[str, int]]:
    """The daemon in every CT: fixture name -> its PID on CT0."""
    started: dict[str, int] = {}
    with ExitStack() as stack:
        for name, ct in cts.items():
            ct.run(["/bin/cp", run.daemon, f"/tmp/{sshd}"])
            started[name] = ct.start_daemon(f"/tmp/{sshd}")
            stack.callback(os.kill, started[name], 9)
        yield started


@pytest.fixture
def on_ct0(run: Run, sshd: str) -> Iterator[subprocess.Popen[bytes]]:
    """And on CT0 itself."""
    folder = Path(mkdtemp(dir=run.folder))  # others of the lab have a folder "sshd"
    program = folder / sshd
    shutil.copy("/usr/bin/sleep", program)
    daemon = subprocess.Popen([str(program), "86400"])
    try:
        wait_for(f"{sshd} on CT0", lambda: daemon.pid in named(sshd))
        yield daemon
    finally:
        daemon.kill()
        daemon.wait()
        shutil.rmtree(folder)


@pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
def test_a_dead_sshd_on_ct0_is_critical_though_containers_have_one(
    user: int,
    sshd: str,
    check: Check,
    everywhere: dict[str, int],
    on_ct0: subprocess.Popen[bytes],
) -> None:
    assert check.ours("-c", "1:1", "-C", sshd, user=user) == (
        f"PROCS OK: 1 process with command name '{sshd}' | procs=1;;1:1;0;\n",
        0,
    )
    on_ct0.kill()
    on_ct0.wait()
    assert all(alive(pid) for pid in everywhere.values())

    text, status = check.theirs("-c", "1:", "-C", sshd, user=user)
    assert text.startswith("PROCS OK: ")
    assert int(text.split()[2]) >= len(everywhere)
    assert status == 0

    text, status = check.ours("-c", "1:", "-C", sshd, user=user)
    assert text.startswith(f"PROCS CRITICAL: 0 processes with command name '{sshd}' (")
    assert text.endswith("not counted) | procs=0;;1:;0;\n")
    assert status == 2
    # By its arguments as well.
    assert check.ours("-c", "1:", "-a", f"/tmp/{sshd}", user=user)[1] == 2


def ps_inside(ct: CT) -> int:
    """How many processes ps shows inside, itself left out."""
    lines = ct.run(["ps", "-e", "-o", "pid,args"]).stdout.splitlines()[1:]
    return sum(not re.match(r"\s*\d+ ps -e", line) for line in lines)


@pytest.mark.parametrize("name", [name for name in MARKED if name != "docker_host_pid"])
def test_a_cts_count_is_that_of_ps_inside(name: str, check: Check, cts: dict[str, CT]) -> None:
    ct = cts[name]
    seen: list[tuple[int, int]] = []

    def equal() -> bool:
        """Services come and go; nothing came between if ps says the same after as before."""
        before = ps_inside(ct)
        seen.append((check.count(f"--ct={ct.ctid}"), before))
        return ps_inside(ct) == before == seen[-1][0]

    try:
        wait_for(f"{ct}: ours and ps to agree", equal, 120)
    except LabError as error:
        raise LabError(f"{error}; they said {seen[-10:]}") from error
    assert seen[-1][0] > 0


def test_a_ct_that_shares_ct0_s_pids_is_counted_by_its_cgroup(
    check: Check, cts: dict[str, CT], everywhere: dict[str, int]
) -> None:
    ct = cts["docker_host_pid"]
    inside = [pid for pid in all_pids() if ct.ctid in cgroups(pid)]
    assert everywhere["docker_host_pid"] in inside
    assert check.count(f"--ct={ct.ctid}") == len(inside)


def test_a_machine_of_nspawn_in_a_cgroup_of_its_own(check: Check, run: Run) -> None:
    with nspawn_ct(run, "machine2") as made, own_cgroup(made) as ct:
        wait_for("ours and ps to agree", lambda: check.count(f"--ct={ct.name}") == ps_inside(ct))
        assert f"'{ct.name}::procs'=" in check.ours("--per-ct")[0]


@pytest.mark.parametrize("user", [0, NOBODY], ids=["root", "nobody"])
def test_each_ct_is_judged_by_itself(
    user: int, sshd: str, check: Check, cts: dict[str, CT], everywhere: dict[str, int]
) -> None:
    """A user may not know every CT's name; each of them is there all the same."""
    wanted = [word for name in MARKED for word in ("--ct", cts[name].ctid)]
    text, status = check.ours(*wanted, "--per-ct", "-c", "1:1", "-C", sshd, user=user)
    assert (status, text.startswith(f"PROCS OK: {len(MARKED)} containers, ")) == (0, True), text
    assert len(re.findall(r"'[\w.-]+::procs'=1;;1:1;0;", text)) == len(MARKED)

    text, status = check.ours(*wanted, "--per-ct", "-c", "2:", "-C", sshd, user=user)
    assert status == 2
    assert text.startswith("PROCS CRITICAL: 1 process in ")


def test_sandboxes_are_nobodys_until_told(
    sshd: str, check: Check, everywhere: dict[str, int]
) -> None:
    """nspawn without a cgroup, a bare PID namespace: no engine claims them."""
    assert check.count("-C", sshd) == 0
    assert check.count("-C", sshd, "--sandbox=host") == len(everywhere) - len(MARKED)
    assert check.count("-C", sshd, "--scope=cts") >= len(everywhere)
    assert check.count("-C", sshd, "--scope=all") >= len(everywhere)
