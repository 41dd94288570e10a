"""What killall must not do to containers, and where it is meant to differ from psmisc's.

That it is the same in all the rest, test_drop_in_killall plays through.
"""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

import planted
from ct0_shims import killall
from shims.private import copy_of_sleep, run_private

# A daemon of CT0's; a container with the same daemon as its PID 1 and as an ordinary process that
# leads its own session; both run the very same file.
CAST = r"""
path = sys.argv[1]
name = os.path.basename(path)
own = start(path, "1000")
manager = subprocess.Popen(
    ["unshare", "--pid", "--fork", "--kill-child", "sh", "-c",
     'setsid "$0" 1001 & exec "$0" 1002', path],
)
def inside():
    return [
        int(pid) for pid in os.listdir("/proc") if pid.isdigit()
        and os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")
        and os.readlink(f"/proc/{pid}/exe").startswith(path)
    ]
wait_for(lambda: len(inside()) == 2)
inner = inside()

def killall(*arguments, shim=True, **more):
    return subprocess.run(
        [*(SHIM if shim else []), "killall", *arguments], stdin=subprocess.DEVNULL, timeout=60,
        capture_output=True, text=True, errors="surrogateescape", **more
    )
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    return copy_of_sleep(tmp_path, "kill-me-not")


@pytest.mark.parametrize(
    "arguments",
    [
        ["NAME"],
        ["-9", "NAME"],
        ["-I", "KILL-ME-NOT"],
        ["-e", "NAME"],
        ["-r", "^kill-me"],
        ["-g", "NAME"],
        ["PATH"],
        ["-y", "1h", "NAME"],
        ["-u", "root", "NAME"],
        ["-n", "INNER", "NAME"],
        ["-g", "-9", "-r", "kill-me|^sh$"],
    ],
    ids=" ".join,
)
def test_container_survives(arguments: list[str], program: str) -> None:
    run_private(
        CAST
        + r"""
words = {"NAME": name, "PATH": path, "INNER": str(inner[0])}
arguments = [words.get(word, word) for word in sys.argv[2:]]
done = killall("-v", *arguments)
time.sleep(0.02)
assert [state(pid) for pid in inner] == ["S", "S"], done
if "-n" not in arguments:
    assert done.returncode == 0, done
    assert own.wait(20) < 0
assert "in containers" not in done.stderr
""",
        program,
        *arguments,
    )


def test_incumbent_kills_the_container(program: str) -> None:
    run_private(
        CAST
        + r"""
if not os.path.exists("/usr/bin/killall"):
    sys.exit()
assert killall("-9", name, shim=False).returncode == 0
wait_for(lambda: {state(pid) for pid in inner} <= set("Z-"))
""",
        program,
    )


def test_after_an_upgrade_the_old_process_is_meant_and_not_the_container(program: str) -> None:
    """psmisc's compares inode and link: there only the container still matches."""
    run_private(
        CAST
        + r"""
subprocess.run(["cp", path, path + ".new"], check=True)
os.rename(path + ".new", path)
done = killall("-v", path)
assert done.stderr == f"Killed {name}({own.pid}) with signal 15\n"
assert done.returncode == 0 and own.wait(20) == -15
assert [state(pid) for pid in inner] == ["S", "S"]
""",
        program,
    )


def test_member_of_the_group_in_another_pid_namespace_is_left_alone(program: str) -> None:
    """unshare without setsid: kill(-group) would reach into the container."""
    run_private(
        r"""
path = sys.argv[1]
name = os.path.basename(path)
leader = start(path, "1000", preexec_fn=os.setpgrp)
def join():
    os.setpgid(0, leader.pid)
member = start("sleep", "1000", preexec_fn=join)
inner = start("unshare", "--pid", "--fork", "--kill-child", "sleep", "1001", preexec_fn=join)
find = lambda: [int(x) for x in os.listdir("/proc") if x.isdigit() and int(x) > inner.pid]
wait_for(find)
stranger = find()[0]
wait_for(lambda: os.getpgid(stranger) == leader.pid)
# The manager ignores the signal, or its end would be the container's.
done = subprocess.run([*SHIM, "killall", "-v", "-g", "-URG", name], capture_output=True, text=True)
assert done.stderr == f"Killed {name}(pgid {leader.pid}) with signal 23\n", done
done = subprocess.run([*SHIM, "killall", "-g", "-STOP", name], capture_output=True, text=True)
assert done.returncode == 0
wait_for(lambda: [state(p.pid) for p in (leader, member, inner)] == ["T", "T", "T"])
time.sleep(0.02)
assert state(stranger) == "S"
""",
        program,
    )


def test_group_that_keeps_forking_is_killed_whole(program: str) -> None:
    run_private(
        r"""
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # PID 1 reaps
FORKS = '''
import os, time
while True:
    if os.fork():
        os._exit(0)
    time.sleep(0.0005)
'''
leader = start(sys.argv[1], "1000", preexec_fn=os.setpgrp)
def join():
    os.setpgid(0, leader.pid)
subprocess.Popen([sys.executable, "-ISc", FORKS], preexec_fn=join)
time.sleep(0.1)
subprocess.run([*SHIM, "killall", "-g", "-KILL", "kill-me-not"], check=True)
wait_for(lambda: [name for name in os.listdir("/proc") if name.isdigit()] == ["1"])
""",
        program,
    )


def test_waits_for_the_very_processes_it_signalled(program: str) -> None:
    run_private(
        r"""
path = sys.argv[1]
name = os.path.basename(path)
first, second = start(path, "1000"), start(path, "1000")
waiter = subprocess.Popen([*SHIM, "killall", "-w", "-KILL", name])
wait_for(lambda: (state(first.pid), state(second.pid)) == ("Z", "Z"))
time.sleep(0.3)
assert waiter.poll() is None
first.wait()
time.sleep(0.3)
assert waiter.poll() is None
# Another of that name under the very same PID is not waited for.
with open("/proc/sys/kernel/ns_last_pid", "w") as file:
    file.write(str(second.pid - 1))
second.wait()
third = start(path, "1000")
assert third.pid == second.pid
assert waiter.wait(5) == 0 and state(third.pid) == "S"
""",
        program,
    )


def test_unreadable_filter_means_nobody(program: str) -> None:
    """psmisc's -n of a PID that is none, and -Z without a security module, filter nothing."""
    run_private(
        CAST
        + r"""
for option in (["-n", "99999"], ["-Z", "nosuchcontext"]):
    done = killall(*option, name)
    assert (done.returncode, done.stderr) == (1, f"{name}: no process found\n"), done
done = killall("-Z", "nosuchcontext")
assert (done.returncode, done.stderr) == (1, "")
assert state(own.pid) == "S"
""",
        program,
    )


def test_program_of_a_container_is_not_asked_for(program: str) -> None:
    """stat(2) on it may wait for a file system that the container's root serves, or not."""
    run_private(
        CAST
        + r"""
from ct0_shims import killall as shim
import posix
asked, stat = [], posix.stat
def watched(path, *, dir_fd=None, **more):
    if path == "exe":
        asked.append(int(os.readlink(f"/proc/self/fd/{dir_fd}").rpartition("/")[2]))
    return stat(path, dir_fd=dir_fd, **more)
posix.stat = watched
elsewhere = path + ".hard"
os.link(path, elsewhere)  # the link's text differs: only the inode tells
assert shim.main(["-0", elsewhere]) == 0
assert own.pid in asked and not set(inner) & set(asked), (asked, inner)
""",
        program,
    )


@pytest.mark.parametrize("scope", ["host", "all"])
def test_recorded_host(
    scope: str,
    host: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    root = host("openvz6")
    monkeypatch.setenv("CT0_ROOT", str(root))
    monkeypatch.setenv("CT0_SCOPE", scope)
    status = killall.main(["-q", "init"])
    pids = [line.split()[5] for line in capfd.readouterr().out.splitlines()]
    everybody = [
        path.parent.name for path in root.glob("proc/[0-9]*/comm") if path.read_text() == "init\n"
    ]
    assert status == 0
    assert "1" in pids
    assert len(everybody) > 1, "the recorded host has containers with an init"
    assert sorted(pids) == (["1"] if scope == "host" else sorted(everybody))


def test_long_name_is_the_first_word_that_begins_with_comm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    planted.process(tmp_path, 1, "init")
    command = b"/bin/sh\0-e\0/usr/sbin/a-very-long-name-of-a-script\0start\0"
    planted.process(tmp_path, 7, "a-very-long-nam", cmdline=command)
    planted.process(tmp_path, 8, "a-very-long-nam", cmdline=b"")  # a kernel thread, say
    for name, pids in {
        "a-very-long-name-of-a-script": [7, 8],
        "a-very-long-name": [8],
        "a-very-long-nam": [8],
        "a-very-long-na": [],
    }.items():
        assert killall.main(["-q", name]) == (0 if pids else 1)
        told = [int(line.split()[5]) for line in capfd.readouterr().out.splitlines()]
        assert told == pids, name
    assert killall.main(["-qe", "a-very-long-name-of-a-script"]) == 0
    assert "to 8" not in capfd.readouterr().out


def test_kernel_worker_names_are_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    planted.process(tmp_path, 1, "init")
    planted.process(tmp_path, 7, "kworker/u4:3-events_unbound", exe=None)
    assert killall.main(["kworker/u4:3-ev"]) == 1  # a path: there is none
    assert killall.main(["-r", "^kworker/.*unbound$"]) == 0
    assert "to 7" in capfd.readouterr().out


def test_kernel_without_a_comm_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It came with Linux 2.6.33, after OpenVZ 6's 2.6.32."""
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    planted.process(tmp_path, 1, "init")
    for pid in (7, 8):
        (planted.process(tmp_path, pid, f"crond{pid}") / "comm").unlink()
    assert killall.main(["-v", "-0", "crond7"]) == 0
    assert capfd.readouterr().err == "Killed crond7(7) with signal 0\n"
