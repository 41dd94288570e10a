"""killall5 in a process table of its own, with a nested PID namespace as the container in it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

import planted
from ct0_shims import killall5
from ct0_shims.killall5 import MOST_MISSES, Everybody
from ct0_shims.options import UsageError
from shims.private import run_private

# The cast: two daemons of CT0's, one that ignores SIGTERM, one in the caller's own session; the
# container's init and its daemon, which write down every SIGCONT and SIGTERM that reaches them.
CAST = r"""
daemon = start("sleep", "1000", start_new_session=True)
ours = start("sleep", "1001")
stubborn = start(
    sys.executable, "-ISc",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(999)",
    start_new_session=True, stdout=subprocess.PIPE,
)
stubborn.stdout.readline()
WITNESS = '''
import os, signal, sys, time
def note(number, frame):
    os.write(1, f"{os.getpid()}:{number} ".encode())
for number in (signal.SIGCONT, signal.SIGTERM):
    signal.signal(number, note)
os.setsid()
if os.getpid() == 1 and os.fork() == 0:
    os.execv(sys.executable, [sys.executable, "-ISc", sys.argv[1], sys.argv[1]])
os.write(1, b"ready ")
while True:
    time.sleep(1000)
'''
reader, writer = os.pipe()
manager = subprocess.Popen(
    ["unshare", "--pid", "--fork", "--kill-child", sys.executable, "-ISc", WITNESS, WITNESS],
    stdout=writer, start_new_session=False,
)
heard = ""
while heard.count("ready") < 2:
    heard += os.read(reader, 100).decode()
inner = [
    int(name) for name in os.listdir("/proc") if name.isdigit()
    and os.readlink(f"/proc/{name}/ns/pid") != os.readlink("/proc/self/ns/pid")
]
assert len(inner) == 2
os.set_blocking(reader, False)

def told():
    time.sleep(0.05)
    try:
        return sorted(os.read(reader, 1000).decode().split())
    except BlockingIOError:
        return []

def run(*argv):
    # CT0's rc script: in a session of its own or, as here, in that of `ours`.
    return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True)
"""


def test_incumbent_stops_and_signals_the_container() -> None:
    if not os.path.exists("/sbin/killall5"):
        pytest.skip("no killall5 of sysvinit here")
    run_private(
        CAST
        + r"""
done = run("/sbin/killall5", "-18")
assert done.returncode == 0
words = set()
# Or the container was not frozen: what is this test about?
wait_for(lambda: {"1:18", "2:18"} <= (words.update(told()) or words))
done = run("/sbin/killall5")
wait_for(lambda: {state(pid) for pid in inner} <= set("Z-"))
"""
    )


def test_container_is_neither_stopped_nor_signalled() -> None:
    run_private(
        CAST
        + r"""
for arguments in (["-18"], ["-15"], ["-15", "-o", "1"], ["-9"], []):
    done = run(*SHIM, "killall5", *arguments)
    assert done.stderr == "", done
    assert told() == [], arguments
    wait_for(lambda: [state(pid) for pid in inner] == ["S", "S"])
assert daemon.wait(20) == -15
assert stubborn.wait(20) == -9
assert state(ours.pid) == "S", "the caller's own session is spared"
assert done.returncode == 2, "nobody is left"
"""
    )


def test_everybody_runs_on_after_a_signal_they_ignore() -> None:
    run_private(
        CAST
        + r"""
assert run(*SHIM, "killall5", "-15").returncode == 0
wait_for(lambda: state(stubborn.pid) == "S")
stopped = start("sleep", "1002", start_new_session=True)
os.kill(stopped.pid, 19)
wait_for(lambda: state(stopped.pid) == "T")
assert run(*SHIM, "killall5", "-1").returncode == 0
assert stopped.wait(20) == -1, "stopped before, it gets the signal as well"
"""
    )


def test_omitted_are_spared_and_nobody_is_stopped() -> None:
    run_private(
        CAST
        + r"""
another = start("sleep", "1003", start_new_session=True)
third = start("sleep", "1004", start_new_session=True)
done = run(*SHIM, "killall5", "-15", "-o", f"{daemon.pid},{another.pid}", "-o", str(stubborn.pid))
assert done.returncode == 0
assert third.wait(20) == -15
wait_for(lambda: [state(p.pid) for p in (daemon, another, stubborn)] == ["S"] * 3)
done = run(*SHIM, "killall5", "-15", "-o", "x", "-o", f"{daemon.pid},{another.pid},{stubborn.pid}")
assert done.returncode == 2 and done.stderr == "killall5: illegal omit pid value (x)!\n", done
"""
    )


def test_one_that_forks_all_the_time_does_not_get_away() -> None:
    run_private(
        r"""
# Each lives for a moment only: it forks a successor in a session of its own and exits.
RUNNER = '''
import os, time
while True:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.001)
'''
signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # PID 1 reaps
subprocess.Popen([sys.executable, "-ISc", RUNNER], start_new_session=True)
time.sleep(0.2)
subprocess.run([*SHIM, "killall5", "-15"])
wait_for(lambda: [name for name in os.listdir("/proc") if name.isdigit()] == ["1"])
"""
    )


class Passing:
    """A host on which somebody is listed and gone when he is looked at, `looks` times."""

    live = False

    def __init__(self, looks: int) -> None:
        self.looks = looks
        self.looked = 0

    def pids(self) -> list[int]:
        self.looked += 1
        return [4711] if self.looked <= self.looks else []


@pytest.mark.parametrize(("looks", "looked"), [(0, 1), (1, 2), (3, 4), (99, MOST_MISSES)])
def test_who_was_gone_may_have_left_a_child(looks: int, looked: int) -> None:
    host = Passing(looks)
    view = SimpleNamespace(host=host, pid=2, open=lambda pid: None)
    everybody = Everybody(view, set())  # type: ignore[arg-type]
    assert everybody.pursue(19) == 0
    assert host.looked == looked


def test_zombies_do_not_count() -> None:
    run_private(
        r"""
zombie = subprocess.Popen(["true"], start_new_session=True)
wait_for(lambda: state(zombie.pid) == "Z")
assert subprocess.run([*SHIM, "killall5", "-15"]).returncode == 2
"""
    )


@pytest.mark.parametrize(
    ("arguments", "signal", "omitted"),
    [
        ([], 9, set()),
        (["-15"], 15, set()),
        (["15"], 15, set()),
        (["-15x"], 15, set()),
        (["-31"], 31, set()),
        (["-15", "-o", "7"], 15, {7}),
        (["-15", "-o", "7,8"], 15, {7, 8}),
        (["-15", "-o", "7;8:9", "-o", "10"], 15, {7, 8, 9, 10}),
        (["-15", "-o", "%PPID"], 15, {os.getppid()}),
        (["-15", "--"], 15, set()),
    ],
)
def test_command_line(arguments: list[str], signal: int, omitted: set[int]) -> None:
    assert killall5.parse(arguments) == (signal, omitted)


@pytest.mark.parametrize(
    "arguments",
    [
        ["-0"],
        ["-32"],
        ["-TERM"],
        ["foo"],
        ["-"],
        [""],
        ["-o", "1", "-15"],
        ["-15", "-o"],
        ["-15", "-o7"],
    ]
    + [["-15", "-x"], ["-9", "sshd"], ["--help"], ["--15"]],
)
def test_refused_command_line(arguments: list[str]) -> None:
    with pytest.raises(UsageError):
        killall5.parse(arguments)


def test_recorded_host_says_whom_it_would_signal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted.process(tmp_path, 1, "init")
    planted.process(tmp_path, 7, "crond")
    planted.process(tmp_path, 8, "crond", namespace="pid:[4026532555]")
    planted.process(tmp_path, 9, "nginx", cgroup="0::/lxc.payload.web1\n")
    planted.process(tmp_path, 10, "kthread", exe=None)
    planted.process(tmp_path, 11, "dead", state="Z")
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    assert killall5.main(["-15"]) == 0
    assert capfd.readouterr().out == "would send signal 15 to 7 (crond)\n"
    assert killall5.main(["-15", "-o", "7"]) == 2


def test_pid_recycled_by_a_ct_in_the_same_hundredth_of_a_second_is_spared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    planted.process(tmp_path, 1, "init")
    planted.process(tmp_path, 7, "crond")
    planted.process(tmp_path, 8, "nginx")
    monkeypatch.setenv("CT0_ROOT", str(tmp_path))
    find = killall5.Everybody.find

    def then_recycled(everybody: killall5.Everybody) -> list[tuple[int, int]]:
        found = find(everybody)
        (tmp_path / "proc/7/cgroup").write_text("0::/lxc.payload.web1\n")
        return found

    monkeypatch.setattr(killall5.Everybody, "find", then_recycled)
    assert killall5.main(["-15"]) == 0
    assert capfd.readouterr().out == "would send signal 15 to 8 (nginx)\n"


# sysvinit 3.06's exit status and ours, with nobody to signal and with one; where they differ, why.
LINES = {
    "": (2, 0),
    "-15": (2, 0),
    "15": (2, 0),
    "-15x": (2, 0),
    "-018": (2, 0),
    "+15": (2, 0),
    "-1": (2, 0),
    "-31": (2, 0),
    "-18": (2, 0),
    "-15 -o 4000000": (2, 0),
    "-15 -o @one@": (2, 2),
    "-15 -o@one@": (1, 1),
    "-15 -o 4000000,@one@": (2, 2),
    "-15 -o 4000000 -o @one@": (2, 2),
    "-15 -o x": (2, 0),
    "-15 -o %PPID": (2, 0),
    "-15 --": (2, 0),
    "-0": (1, 1),
    "-32": (1, 1),
    "-TERM": (1, 1),
    "foo": (1, 1),
    "-": (1, 1),
    "--15": (1, 1),
    "-h": (1, 1),
    "--help": (1, 1),
    "-o": (1, 1),
    "-o @one@ -15": (1, 1),
    "-15 -o": (1, 1),
    "-15 -o @one@ -o": (1, 1),
    "-15 sshd": (2, 0),
    "-15 -x": (2, 0),
    "-15 --foo": (2, 0),
}
REFUSED = "who writes this means killall, or mistypes: ours signals nobody"
DIFFERENT = {"-15 sshd": REFUSED, "-15 -x": REFUSED, "-15 --foo": REFUSED}


def test_exit_statuses_are_the_incumbent_s() -> None:
    if not os.path.exists("/sbin/killall5"):
        pytest.skip("no killall5 of sysvinit here")
    told = run_private(
        r"""
import json
for line in json.loads(sys.argv[1]):
    answers = []
    for tool in (["/sbin/killall5"], [*SHIM, "killall5"]):
        for somebody in (False, True):
            if somebody:
                one = start("sleep", "1000", start_new_session=True)
            words = line.replace("@one@", str(one.pid) if somebody else "4000001").split()
            done = subprocess.run([*tool, *words], stdin=subprocess.DEVNULL, capture_output=True)
            answers.append(done.returncode)
            if somebody:
                if done.returncode == 0 and "18" not in line:
                    one.wait(20)  # it is on its way
                one.kill()
                answers.append(one.wait())
    print(json.dumps(answers))
""",
        json.dumps(list(LINES)),
    )
    for line, answer in zip(LINES, told.splitlines()):
        theirs, ours = json.loads(answer)[:3], json.loads(answer)[3:]
        assert tuple(theirs[:2]) == LINES[line], line
        assert (theirs == ours) == (line not in DIFFERENT), (line, theirs, ours)
        if line in DIFFERENT:
            assert ours == [1, 1, -9], line
