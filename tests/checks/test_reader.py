"""The root reader: one thing, whatever its caller or a container would rather have it do."""

from __future__ import annotations

import configparser
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.survey import load
from generated import generate, write
from planted import HOSTS, process

CHECKS = Path(__file__).parents[2] / "checks"
READ = [sys.executable, "-I", "-m", "ct0_checks.reader"]
root = pytest.mark.skipif(os.geteuid() != 0, reason="the root reader refuses everybody else")


def run(argv: list[str], env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, check=False, env=env, stdin=subprocess.DEVNULL
    )


@pytest.mark.parametrize("more", ["--help", "/etc/shadow", "", "--root=/tmp"])
def test_it_takes_no_arguments(more: str) -> None:
    done = run([*READ, more])
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "ct0-read takes no arguments\n"


@root
@pytest.mark.may_skip
def test_it_writes_a_survey() -> None:
    done = run(READ)
    assert (done.returncode, done.stderr) == (0, "")
    assert load(done.stdout).machine.cpus == os.cpu_count()


@pytest.fixture
def trap(tmp_path: Path) -> dict[str, str]:
    """An environment in which whatever of it counts leaves tmp_path/owned."""
    code = f"open({str(tmp_path / 'owned')!r}, 'a').write('x')\n"
    for name in ("json", "ct0"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(code)
    (tmp_path / "startup.py").write_text(code)
    return {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PYTHONSTARTUP": f"{tmp_path}/startup.py",
        "PYTHONUSERBASE": str(tmp_path),
        "PYTHONINSPECT": "1",
        "LANG": "xx_XX.UTF-8",
        "TZ": f":{tmp_path}/zone",
    }


@root
@pytest.mark.may_skip
def test_nothing_of_the_environment_counts(tmp_path: Path, trap: dict[str, str]) -> None:
    script = tmp_path / "ct0-read"
    text = (CHECKS / "ct0-read").read_text()
    assert text.startswith("#!/usr/bin/python3 -I\n")
    script.write_text(text.replace("/usr/bin/python3", sys.executable, 1))
    script.chmod(0o755)
    done = run([str(script)], env=trap)
    assert done.returncode == 0, done.stderr
    assert load(done.stdout).host
    assert not (tmp_path / "owned").exists()


@root
@pytest.mark.may_skip
def test_started_without_dash_i_it_begins_anew(tmp_path: Path, trap: dict[str, str]) -> None:
    """As an entry point of pip's is."""
    program = "import sys; sys.argv = ['ct0-read']; from ct0_checks.reader import main; main()"
    done = run([sys.executable, "-c", program], env=trap)
    assert load(done.stdout).host
    assert not (tmp_path / "owned").exists()


@root
@pytest.mark.may_skip
def test_a_full_disk_is_one_line_and_no_success() -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(READ, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr == "ct0-read: standard output: No space left on device\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="becoming another user takes root")
@pytest.mark.may_skip
def test_for_root_alone() -> None:
    program = f"import os, sys; os.setuid(65534); os.execv(sys.executable, {READ!r})"
    done = run([sys.executable, "-I", "-c", program])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ct0-read: only root can read all of a host: sudo ct0-read\n"


def test_the_files_that_are_shipped_name_one_command() -> None:
    from ct0_checks.layer.source import READER, TIMER

    sudoers = (CHECKS / "sudoers/ct0").read_text()
    assert f'Cmnd_Alias CT0_READ = {READER} ""\n' in sudoers
    assert "*" not in sudoers
    service = (CHECKS / "systemd/ct0-state.service").read_text()
    assert f"'{READER} >/run/ct0/.state.json.new; mv -f " in service
    assert (CHECKS / "systemd" / TIMER).exists()


def test_the_timer_is_quicker_than_the_file_grows_old() -> None:
    from ct0_checks.layer.options import parser

    options = parser("check_x", "x").parse_args([])
    timer = configparser.ConfigParser()
    timer.read(CHECKS / "systemd/ct0-state.timer")
    every = float(timer["Timer"]["OnUnitActiveSec"].rstrip("s"))
    assert 2 * every < options.max_age
    assert options.state_file == "/run/ct0/state.json"


RECORDED = sorted(path.name for path in HOSTS.iterdir() if (path / "proc/1").is_dir())
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
HOOK = """
import json, os, sys
seen = []
def hook(event, arguments):
    if event == "open":
        seen.append([str(arguments[0]), arguments[2] or 0])
    elif event in ("os.listdir", "os.scandir"):
        seen.append([str(arguments[0]), 0])
    elif event in ("os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "os.remove",
                   "os.rename", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink"):
        print(event, arguments, file=sys.stderr)
from ct0.host import Host
from ct0.survey import dump, survey
sys.addaudithook(hook)
text = dump(survey(Host(sys.argv[1])))
del hook
print(json.dumps([seen, text]))
"""


# Whatever is below these is a container's to write.
ROOTS = re.compile(
    r"/(rootfs|merged|diff|vz/root|var/lib/machines/[^/]+|vz/private/[^/]+|proc/[0-9]+/(root|cwd))/"
)


def opened(host: Path) -> tuple[list[tuple[str, int]], str]:
    """What is opened and listed for a survey of a host below a folder, each with its flags; and
    the survey."""
    env = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    done = run([sys.executable, "-c", HOOK, str(host)], env)
    assert (done.returncode, done.stderr) == (0, "")
    seen, text = json.loads(done.stdout)
    return [(os.path.normpath(path), flags) for path, flags in seen if "/" in path], text


@pytest.mark.parametrize("name", RECORDED)
def test_what_it_opens_of_a_recorded_host(name: str, host: Callable[[str], Path]) -> None:
    """Of every engine: nothing below a container's root, and nothing to write to."""
    root = str(host(name))
    found = [(path[len(root) :], flags) for path, flags in opened(host(name))[0] if root in path]
    assert found
    for path, flags in found:
        assert not ROOTS.search(f"{path}/"), path
        assert not flags & WRITING, path


def test_what_it_opens_of_a_hostile_container(tmp_path: Path) -> None:
    """Its root is full of links to CT0's secrets, and its names lead up and out: nothing below its
    root is opened, nothing that its names point at, and nothing for writing."""
    host = generate(tmp_path / "host", 2, 2)
    secret = tmp_path / "secret"
    secret.write_text("top secret")
    ct = host / "var/lib/lxc/ct1"
    for name in ("etc/hostname", "etc/os-release", "proc/loadavg", "proc/meminfo", "run/x.pid"):
        (ct / "rootfs" / name).parent.mkdir(parents=True, exist_ok=True)
        (ct / "rootfs" / name).symlink_to(secret)
    # Cgroups and processes of names that are paths, format strings and escape sequences.
    for number, name in enumerate(
        ["..", "a;$(touch x)", "%s%n", "\x1b[31m|'\"", "../../etc", "x" * 200]
    ):
        outer = f"/lxc.payload.{name}"
        pid = 5000 + number
        cgroup = f"0::{outer}/init.scope\n"
        if "/" not in name:
            write(host, f"/sys/fs/cgroup{outer}/init.scope/cgroup.procs", f"{pid}\n")
            write(host, f"/sys/fs/cgroup{outer}/memory.current", "1\n")
        process(host, pid, "sh", cmdline=b"[lxc monitor] /secret x\0", cgroup=cgroup, uid=100_000,
                nspid=f"{pid} 1", namespace=f"pid:[{5000 + number}]")  # fmt: skip
        (host / f"proc/{pid}/root").symlink_to(secret)
    seen, text = opened(host)
    assert len(load(text).cts) >= 6
    assert seen
    allowed = tuple(f"{host}/{top}" for top in ("proc", "sys", "etc", "var", "vz", "run"))
    ours = (sys.prefix, sys.base_prefix, str(CHECKS.parent), "/usr")
    for path, flags in seen:
        assert path.startswith((*allowed, *ours)), path
        assert "rootfs" not in path, path
        assert path != str(secret)
        assert not flags & WRITING, path
    assert "top secret" not in text
