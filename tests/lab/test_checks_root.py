"""What needs root, shipped and run: the reader through a real sudo, the timer by a real systemd.

sudo is run in a mount namespace of its own, where /etc and /usr/lib are writable copies: the user
`nagios`, the sudoers line and the reader are there, and nowhere else on this machine.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import ct0
import ct0_checks
from ct0.survey import load

from .command import attempt, call
from .ct import CT
from .node import Node
from .run import Run
from .service import service

CHECKS = Path(__file__).parents[2] / "checks"
READER = "/usr/lib/ct0/ct0-read"
STATE = "/run/ct0/state.json"


def nagiosplugin() -> Path:
    found = importlib.util.find_spec("nagiosplugin")
    assert found is not None
    assert found.submodule_search_locations
    return Path(found.submodule_search_locations[0])


@pytest.fixture(scope="module")
def site(run: Run) -> Path:
    """The packages where anybody may read them."""
    folder = run.folder / "root-site"
    folder.mkdir()
    sources = [
        Path(str(ct0.__file__)).parent,
        Path(str(ct0_checks.__file__)).parent,
        nagiosplugin(),
    ]
    for source in sources:
        nothing = shutil.ignore_patterns("__pycache__")
        shutil.copytree(source, folder / source.name, ignore=nothing)
    call(["chmod", "-R", "a+rX", str(folder)])
    return folder


def reader(site: str) -> str:
    """The one that is shipped, which finds the packages where they are in this test."""
    text = (CHECKS / "ct0-read").read_text(encoding="utf-8")
    return text.replace("import sys\n", f"import sys\n\nsys.path[:0] = [{site!r}]\n", 1)


PLACES = """\
set -e
for place in etc usr/lib; do
    mkdir -p "$1/$place/upper" "$1/$place/work"
    mount -t overlay -o "lowerdir=/$place,upperdir=$1/$place/upper,workdir=$1/$place/work" \
        "$2" "/$place"
done
getent passwd nagios >/dev/null || useradd --system --user-group --no-create-home \
    --shell /usr/sbin/nologin nagios
mkdir -p /usr/lib/ct0
install -m 0755 "$1/ct0-read" /usr/lib/ct0/ct0-read
install -m 0440 "$3" /etc/sudoers.d/ct0
visudo -c
touch "$1/ready"
exec sleep 86400
"""


class Sudoers:
    """The namespace; `pid` is in it."""

    def __init__(self, pid: int, site: Path) -> None:
        self.enter = ["nsenter", f"--target={pid}", "--mount", "--"]
        self.site = site

    def as_nagios(
        self, argv: Sequence[str], *env: str, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        drop = ["setpriv", "--reuid=nagios", "--regid=nagios", "--init-groups"]
        return attempt([*self.enter, *drop, "env", *env, *argv], timeout=timeout)

    def plugin(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        start = f"import sys; sys.path[:0] = [{str(self.site)!r}]; "
        start += f"from ct0_checks.launch import launch; sys.exit(launch({name!r}, sys.argv[1:]))"
        return self.as_nagios(["/usr/bin/python3", "-I", "-c", start, "-t", "50", *arguments])


@pytest.fixture(scope="module")
def sudoers(run: Run, site: Path, lxc: CT) -> Iterator[Sudoers]:
    run.folder.chmod(0o711)
    folder = run.folder / "sudo"
    folder.mkdir()
    (folder / "ct0-read").write_text(reader(str(site)), encoding="utf-8")
    argv = ["unshare", "--mount", "sh", "-c", PLACES, run.prefix, str(folder), run.prefix]
    argv.append(str(CHECKS / "sudoers/ct0"))
    with service(argv, folder / "log", (folder / "ready").exists) as pid:
        yield Sudoers(pid, site)


def test_the_shipped_line_is_sound() -> None:
    done = attempt(["visudo", "-cf", str(CHECKS / "sudoers/ct0")])
    assert done.returncode == 0, done.stdout + done.stderr


def test_nagios_gets_the_survey(sudoers: Sudoers, lxc: CT) -> None:
    done = sudoers.as_nagios(["sudo", "-n", "--", READER])
    assert done.returncode == 0, done.stderr
    (found,) = [each for each in load(done.stdout).cts if each.ct.ctid == lxc.ctid]
    assert found.memory.usage


@pytest.mark.parametrize(
    "argv",
    [
        [READER, "--help"],
        [READER, ""],
        [READER, "/etc/shadow"],
        ["/usr/bin/python3", "-c", "1"],
        ["/bin/sh"],
        ["-u", "nobody", READER],
        ["PYTHONPATH=/tmp", READER],
        ["--preserve-env", READER],
        ["--preserve-env=PYTHONPATH", READER],
        ["-s"],
        ["--edit", READER],
        ["--chdir=/tmp", READER],
    ],
)
def test_and_nothing_else(sudoers: Sudoers, argv: list[str]) -> None:
    done = sudoers.as_nagios(["sudo", "-n", *argv], "PYTHONPATH=/tmp")
    assert done.returncode == 1, done.stdout[:200]
    assert done.stdout == ""


def test_nothing_of_its_environment_counts(sudoers: Sudoers, run: Run) -> None:
    trap = run.folder / "trap"
    trap.mkdir()
    for name in ("json", "ct0", "sitecustomize"):
        (trap / f"{name}.py").write_text(f"open({str(trap / 'owned')!r}, 'w')\n")
    trap.chmod(0o777)
    env = ["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "HOME", "PATH", "LD_LIBRARY_PATH"]
    done = sudoers.as_nagios(
        ["/usr/bin/sudo", "-n", READER],
        *[f"{name}={trap}" for name in env],
        f"LD_PRELOAD={trap}/x.so",
        "PYTHONINSPECT=1",
    )
    assert done.returncode == 0, done.stderr
    assert load(done.stdout).host
    assert not (trap / "owned").exists()


def test_a_plugin_goes_through_sudo_by_itself(sudoers: Sudoers, lxc: CT, run: Run) -> None:
    """Nothing else is set up: no state file. The plugin is nagios' all the while."""
    nowhere = f"--state-file={run.folder}/none"
    done = sudoers.plugin("check_ct_pressure", f"--ct={lxc.ctid}", nowhere, "--missing=ok")
    assert done.returncode in (0, 1, 2), done.stdout + done.stderr
    assert done.stdout.startswith("CT_PRESSURE ")
    assert "sudo" not in done.stdout
    direct = sudoers.plugin("check_ct_pressure", f"--ct={lxc.ctid}", "--source=state", nowhere)
    assert (direct.returncode, direct.stdout) == (
        3,
        f"CT_PRESSURE UNKNOWN - {run.folder}/none is not there: "
        "systemctl enable --now ct0-state.timer\n",
    )


def test_without_the_line_it_says_what_to_set_up(sudoers: Sudoers, run: Run) -> None:
    call([*sudoers.enter, "mv", "/etc/sudoers.d/ct0", "/etc/ct0-sudoers"])
    try:
        done = sudoers.plugin("check_ct_disk", f"--state-file={run.folder}/none")
    finally:
        call([*sudoers.enter, "mv", "/etc/ct0-sudoers", "/etc/sudoers.d/ct0"])
    assert (done.returncode, done.stdout) == (
        3,
        f"CT_DISK UNKNOWN - sudo {READER}: sudo: a password is required ({run.folder}/none "
        f"is not there: enable ct0-state.timer, or allow {READER} in sudoers)\n",
    )


def test_where_proc_hides_processes_no_plugin_finds_a_host_without_containers(
    sudoers: Sudoers, lxc: CT, run: Run
) -> None:
    """hidepid=2: read by nagios itself there is no container and all is well; through sudo there
    are."""
    hide = 'mount -t proc -o hidepid=2 proc /proc; exec "$@"'
    here = Sudoers(0, sudoers.site)
    here.enter = [*sudoers.enter, "unshare", "--mount", "sh", "-ec", hide, "sh"]
    none = f"--state-file={run.folder}/none"
    done = here.plugin("check_ct_disk", "--source=direct", none)
    assert (done.returncode, done.stdout) == (
        3,
        "CT_DISK UNKNOWN - /proc hides processes from this user (hidepid): run as root\n",
    )
    done = here.plugin("check_ct_disk", f"--ct={lxc.ctid}", "--unjudged=ok", none)
    assert done.stdout.startswith(f"CT_DISK OK - {lxc.ctid} "), done.stdout


def test_the_user_was_this_tests_alone(sudoers: Sudoers) -> None:
    assert not os.path.exists("/etc/sudoers.d/ct0")
    assert not os.path.exists(READER)


# The timer, in the node: a Debian with systemd and two CTs.


@pytest.fixture(scope="module")
def timed(node: Node, site: Path) -> Iterator[Node]:
    inside = "/usr/lib/ct0/site"
    node.copy_in(site, inside)
    node.write(READER, reader(inside))
    for name in ("ct0-state.service", "ct0-state.timer"):
        node.copy_in(CHECKS / "systemd" / name, f"/etc/systemd/system/{name}")
    shell(
        node, f"chmod 755 {READER}; useradd --system --user-group nagios; systemctl daemon-reload"
    )
    try:
        yield node
    finally:
        shell(node, "systemctl stop ct0-state.timer ct0-state.service; userdel nagios")
        shell(node, "rm -rf /usr/lib/ct0/site /usr/lib/ct0/ct0-read /run/ct0")
        shell(node, "rm -f /etc/systemd/system/ct0-state.*; systemctl daemon-reload")


def shell(node: Node, script: str) -> str:
    done = node.run(["sh", "-c", script])
    return done.stdout + done.stderr


def as_nagios(node: Node, plugin: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    start = "import sys; sys.path[:0] = ['/usr/lib/ct0/site']; "
    start += f"from ct0_checks.launch import launch; sys.exit(launch({plugin!r}, sys.argv[1:]))"
    drop = ["setpriv", "--reuid=nagios", "--regid=nagios", "--init-groups"]
    argv = [*drop, "/usr/bin/python3", "-I", "-c", start, "-t", "50", *arguments]
    return node.run(argv)


def test_the_timer_writes_the_state_file(timed: Node) -> None:
    shell(timed, "systemctl start ct0-state.timer ct0-state.service")
    said = shell(timed, "systemctl status ct0-state.service --no-pager")
    seen = shell(timed, f"stat -c '%a %U %G %F' {STATE} /run/ct0; ls -A /run/ct0")
    assert seen == "640 root nagios regular file\n750 root nagios directory\nstate.json\n", said
    text = timed.run(["cat", STATE]).stdout
    found = {each.ct.ctid: each for each in load(text).cts}
    assert {"101", "102"} <= found.keys()
    assert found["101"].memory.usage
    assert shell(timed, "systemctl is-active ct0-state.timer") == "active\n"


def test_a_plugin_believes_it_as_nagios(timed: Node) -> None:
    shell(timed, "systemctl start ct0-state.service")
    keep = "--state-dir=/tmp/kept"
    done = as_nagios(timed, "check_ct_network", "--ct=101", "--unjudged=ok", keep)
    assert done.stdout.startswith("CT_NETWORK OK - ct101 (lxc 101): "), done.stdout + done.stderr
    done = as_nagios(timed, "check_ct_disk", "--ct=101", "--ct=102", "--unjudged=ok")
    assert done.stdout.startswith("CT_DISK OK - 2 containers"), done.stdout + done.stderr


def test_ct0s_health_as_nagios(timed: Node) -> None:
    """The service may not ask for the clock (ProtectClock=); the plugin may."""
    shell(timed, "systemctl start ct0-state.service")
    done = as_nagios(timed, "check_ct0_health", "--format=json", "--state-dir=/tmp/kept")
    found = [finding["text"] for finding in json.loads(done.stdout)["findings"]]
    for word in ("memory ", "tasks ", "/ inodes ", "clock "):
        assert any(text.startswith(word) for text in found), found
    assert not any("adjtimex" in text for text in found)


def test_and_no_longer_when_the_timer_has_stopped(timed: Node) -> None:
    shell(timed, "systemctl start ct0-state.service; systemctl stop ct0-state.timer")
    done = as_nagios(timed, "check_ct_disk", "--max-age=0")
    assert done.returncode == 3
    assert f"CT_DISK UNKNOWN - {STATE} is " in done.stdout
    assert "more than 0 s: systemctl status ct0-state.timer" in done.stdout


def test_another_user_may_not_read_it(timed: Node) -> None:
    shell(timed, "systemctl start ct0-state.service")
    done = timed.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", STATE])
    assert done.returncode != 0


def test_a_reader_that_fails_leaves_the_old_file_to_grow_old(timed: Node) -> None:
    shell(timed, "systemctl start ct0-state.service")
    before = json.loads(timed.run(["cat", STATE]).stdout)["survey"]["time"]
    shell(timed, f"mv {READER} {READER}.away")
    try:
        shell(timed, f"printf '#!/bin/sh\\necho half; exit 1\\n' >{READER}; chmod 755 {READER}")
        shell(timed, "systemctl start ct0-state.service")
    finally:
        shell(timed, f"mv -f {READER}.away {READER}")
    assert json.loads(timed.run(["cat", STATE]).stdout)["survey"]["time"] == before


def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for name in ("ct0-state.service", "ct0-state.timer"):
        shutil.copy(CHECKS / "systemd" / name, tmp_path)
    (tmp_path / "ct0-state.service.d").mkdir()
    for name in ("openvz.conf", "proxmox.conf"):
        shutil.copy(CHECKS / "systemd" / name, tmp_path / "ct0-state.service.d")
    units = [str(tmp_path / name) for name in ("ct0-state.service", "ct0-state.timer")]
    done = attempt(["systemd-analyze", "verify", "--man=no", *units])
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "ct0-state" in line]
    assert (done.returncode, ours) == (0, [])
    broken = Path(units[0]).read_text().replace("ProtectHome=", "ProtectHouse=")
    Path(units[0]).write_text(broken)
    done = attempt(["systemd-analyze", "verify", "--man=no", *units])
    assert "ProtectHouse" in done.stdout + done.stderr
