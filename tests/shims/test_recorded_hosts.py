"""Every shim on every recorded host, dry: it means CT0's own daemon and no container's.

The record says whom: the daemon's PIDs whose owner the golden lists (tests/golden/*.owners.txt,
reviewed) call CT0's own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest

from planted import HOSTS

PARTS = Path(__file__).parent.parent.parent
GOLDEN = PARTS / "tests/golden"
RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())

LISTING = ("pidof {name}", "pidof {path}", "pidof -c {name}", "pgrep -x {name}", "pgrep -f {name}",
           "pidofproc {name}")  # fmt: skip
KILLING = ("killall {name}", "killall -r ^{name}$", "pkill -x {name}", "pkill -f {name}",
           "killproc {name}", "killproc -HUP {name}")  # fmt: skip


def daemon(name: str) -> tuple[str, str]:
    """The daemon that runs on CT0 and in CTs of the record."""
    return ("syslogd", "/usr/sbin/syslogd") if name == "openvz6" else ("appd", "/usr/sbin/appd")


def owned(name: str) -> tuple[set[str], set[str]]:
    """(CT0's own, all) PIDs of the daemon, from the reviewed list."""
    lines = (GOLDEN / f"{name}.owners.txt").read_text().splitlines()
    fields = [line.split(" ", 2) for line in lines if line.split()[1] == daemon(name)[0] + ":"]
    return {pid for pid, _, rest in fields if rest.startswith("ct0:")}, {f[0] for f in fields}


def shim(row: str, name: str, root: Path) -> subprocess.CompletedProcess[str]:
    words = row.format(name=daemon(name)[0], path=daemon(name)[1]).split()
    paths = os.pathsep.join(str(PARTS / part) for part in ("core", "shims"))
    return subprocess.run(
        [sys.executable, "-S", "-m", "ct0_shims", *words],
        env={"PYTHONPATH": paths, "CT0_ROOT": str(root), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("row", LISTING)
def test_listed(row: str, name: str, host: Callable[[str], Path]) -> None:
    own, everybody = owned(name)
    assert own
    assert own < everybody
    done = shim(row, name, host(name))
    assert set(done.stdout.split()) == own, done.stderr
    assert done.returncode == 0


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("row", KILLING)
def test_would_be_signalled(row: str, name: str, host: Callable[[str], Path]) -> None:
    done = shim(row, name, host(name))
    assert set(re.findall(r"would send signal \d+ to (\d+) ", done.stdout)) == owned(name)[0]


@pytest.mark.parametrize("name", RECORDED)
def test_killall5_would_signal_ct0_s_own_alone(name: str, host: Callable[[str], Path]) -> None:
    done = shim("killall5 -15", name, host(name))
    said = set(re.findall(r"would send signal 15 to (\d+) ", done.stdout))
    lines = (GOLDEN / f"{name}.owners.txt").read_text().splitlines()
    own = {line.split()[0] for line in lines if ": ct0: " in line}
    assert owned(name)[0] <= said <= own - {"1"}


@pytest.mark.parametrize("name", RECORDED)
def test_checkproc_and_startproc_see_ct0_s_own(name: str, host: Callable[[str], Path]) -> None:
    assert shim("checkproc {name}", name, host(name)).returncode == 0


@pytest.fixture(scope="module")
def blind(host: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenVZ 6 as an ordinary user sees it: no namespace, no exe, envID alone."""
    copy = tmp_path_factory.mktemp("blind") / "openvz6"
    shutil.copytree(host("openvz6"), copy, symlinks=True)
    for folder in copy.glob("proc/[0-9]*/ns"):
        shutil.rmtree(folder)
    return copy


@pytest.mark.parametrize("row", [row for row in LISTING + KILLING if "{path}" not in row])
def test_openvz6_by_envid_alone(row: str, blind: Path) -> None:
    done = shim(row, "openvz6", blind)
    said = re.findall(r"to (\d+) ", done.stdout) if row in KILLING else done.stdout.split()
    assert set(said) == owned("openvz6")[0], done.stderr


@pytest.fixture(scope="module", params=["uuid-ct", "legacy-numeric-ct", "no-envID"])
def virtuozzo7(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Virtuozzo 7: PID 1 and rsyslogd 1234 of CT0's, rsyslogd of a CT under the derived status."""
    root = tmp_path_factory.mktemp("vz7")
    files = HOSTS / "openvz7-derived"
    early = request.param == "no-envID"
    name = "vz7-early.proc.pid.status.no-envID" if early else f"vz7.proc.pid.status.{request.param}"
    theirs = (files / name).read_text()
    ours = (files / "vz7.proc.pid.status.ve0").read_text()
    cgroup = (files / "vz7.proc.pid.cgroup.ct").read_text()
    if request.param == "legacy-numeric-ct":
        cgroup = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "101", cgroup)
    own_cgroup = re.sub(r":/.*", ":/", cgroup)
    if early:
        ours = re.sub(r"(?m)^(envID|VPid):.*\n", "", ours)
    pid = int(re.findall(r"(?m)^Pid:\s+(\d+)", theirs)[0])
    for number, status, groups, space in (
        (1, ours.replace("1234", "1"), own_cgroup, 4026531836),
        (1234, ours, own_cgroup, 4026531836),
        (pid, theirs, cgroup, 4026532104),
    ):
        folder = root / "proc" / str(number)
        (folder / "ns").mkdir(parents=True)
        (folder / "status").write_text(status)
        (folder / "cgroup").write_text(groups)
        (folder / "comm").write_text("rsyslogd\n")
        (folder / "cmdline").write_bytes(b"/usr/sbin/rsyslogd\0-n\0")
        (folder / "stat").write_text(f"{number} (rsyslogd) S 1 1 1 0 -1" + " 0" * 45 + "\n")
        os.symlink("/usr/sbin/rsyslogd", folder / "exe")
        os.symlink(f"pid:[{space}]", folder / "ns/pid")
    return root


@pytest.mark.parametrize("readable", [True, False], ids=["namespaces", "no namespaces"])
@pytest.mark.parametrize("row", [row for row in LISTING + KILLING if "{path}" not in row])
def test_virtuozzo7(row: str, readable: bool, virtuozzo7: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    shutil.copytree(virtuozzo7, root, symlinks=True)
    if not readable:
        for folder in root.glob("proc/[0-9]*/ns"):
            shutil.rmtree(folder)
    row = row.replace("{name}", "rsyslogd")
    done = shim(row, "openvz7", root)
    said = re.findall(r"to (\d+) ", done.stdout) if "kill" in row else done.stdout.split()
    assert set(said) - {"1"} == {"1234"}, done.stderr
