"""Both check_procs on one live process table without containers, in a PID namespace of its own."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.procs.both import CHECKOUT, ENVIRONMENT, THEIRS, incumbent
from planted import process

# PID 1 of the namespace: makes the cast, waits until all of it stands, plays the lines.
STAGE = """
import ctypes, json, os, signal, subprocess, sys, threading, time
assert os.getpid() == 1
order = json.load(sys.stdin)
libc = ctypes.CDLL(None)
ready, steady = os.pipe()

def actor(name, nice=0, uid=0, session=False, threads=0, lock=False, stop=False, argv=None):
    child = os.fork()
    if child:
        return child
    if session: os.setsid()
    if nice: os.nice(nice)
    if uid: os.setgid(uid); os.setuid(uid)
    for _ in range(threads):
        threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
    if lock: libc.mlockall(3)
    if argv:
        os.close(ready); os.close(steady)
        os.execv("/bin/sleep", [*argv, "3600"])
    libc.prctl(15, name.encode("utf-8", "surrogateescape"), 0, 0, 0)
    os.write(steady, b".")
    if stop: os.kill(os.getpid(), signal.SIGSTOP)
    while True: time.sleep(3600)

cast = order["cast"]
pids = [actor(**one) for one in cast]
for one in cast:
    if not one.get("argv"): os.read(ready, 1)
zombie = os.fork()
if zombie == 0:
    libc.prctl(15, b"un dead", 0, 0, 0)
    os._exit(0)
burner = os.fork()
if burner == 0:
    libc.prctl(15, b"burner", 0, 0, 0)
    while True: pass

def state(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        return chr(file.read().rpartition(b")")[2].split()[0][0])

def wait_for(ready):
    end = time.monotonic() + 60
    while not ready():
        if time.monotonic() > end: sys.exit("the cast does not come")
        time.sleep(0.01)

wait_for(lambda: state(zombie) == "Z")
wait_for(lambda: all(state(pid) in "STZ" for pid in pids))
wait_for(lambda: all(not one.get("argv") or open(f"/proc/{pid}/comm").read() == "sleep\\n"
                     for one, pid in zip(cast, pids)))
time.sleep(1.1)  # so that the burner's percentage is not of no time at all
if order.get("before"):
    subprocess.run(order["before"], shell=True, check=True)

def play(command, line, uid):
    def become():
        if uid: os.setgroups([]); os.setgid(uid); os.setuid(uid)
    done = subprocess.run([*command, *line], capture_output=True, preexec_fn=become,
                          env=order["environment"])
    return done.stdout.decode("latin-1"), done.stderr.decode("latin-1"), done.returncode

json.dump([[play(command, line, order["uid"]) for command in order["commands"]]
           for line in order["lines"]], sys.stdout)
"""

CAST: list[dict[str, Any]] = [
    {"name": "plain"},
    {"name": "plain"},
    {"name": "tmux: server", "session": True},
    {"name": "a) S 1 (b"},
    {"name": "new\nline\x1b[0m"},
    {"name": "   lead"},
    {"name": ""},
    {"name": "f2b/server"},
    {"name": "slash/"},
    {"name": "niced", "nice": 5},
    {"name": "urgent", "nice": -5},
    {"name": "daemonic", "uid": 1, "session": True},
    {"name": "nobodys", "uid": 65534, "threads": 3},
    {"name": "locked", "lock": True, "session": True},
    {"name": "stopped", "stop": True},
    {"name": "fifteen-letters"},
    {"name": "", "argv": ["/usr/sbin/sshd"]},
    {"name": "", "argv": ["nginx: worker process"]},
    {"name": "", "argv": ["x|y a\nb"]},
]

# Their own ps counts for them, so no line may mean it.
SAME = r"""
-C plain
-c 1: -C sshd
-C tmux:
-C 'a)'
-C new.line.[0m
-C lead
-C server
-C slash/
-C fifteen-letters
-C sleep -c 3:3
-C burner -s R
-C un
-C un -a dead
-C un -a '<defunct>'
-a /usr/sbin/sshd
-a 'worker process'
-a 'server '
-a 'S 1 (b'
-a 'y a b'
--ereg-argument-array '^nginx: worker'
--ereg-argument-array '^\[|defunct>$'
--ereg-argument-array 'x.y a.b 3600$'
-s S
-s Ss
-s SN
-s 'S<'
-s SLs
-s L
-s Sl
-s T
-s Z
-s N
-u daemon
-u 1 -s Ss
-u nobody
-p 1 -C plain
-C plain -z 100
-C sleep -m VSZ -w 100 -c 100000
-C sleep -m RSS -w @1:100000 -v
-C nobodys -m VSZ -c 100
-C burner -P 5
-C burner -m CPU -c 5 -v
-C plain -m CPU -c 0.1
-C plain -m ELAPSED -c 100000 -w 0 -v
-u daemon -m ELAPSED -w @0:100000 -v
-s T -m ELAPSED -c 1: -w 2:
-k -C plain
-k -s Z
-T -C plain
-C nothing -c 1:
-C plain -w 5:2
""".strip().split("\n")
# Counted with their own ps.
ONE_MORE = ["", "-u root", "-z 1 -r 1"]

OURS = """#!{python} -IS
import sys
sys.path[:0] = {roots!r}
from ct0_checks.procs import command
sys.exit(command())
"""


@pytest.fixture(scope="module")
def script() -> Iterator[str]:
    """Ours as a command that every user may run."""
    with tempfile.TemporaryDirectory(prefix="ct0-plugin-") as folder:
        os.chmod(folder, 0o755)
        path = Path(folder) / "check_procs"
        roots = [str(CHECKOUT / "core"), str(CHECKOUT / "checks")]
        path.write_text(OURS.format(python=os.path.realpath(sys.executable), roots=roots))
        path.chmod(0o755)
        yield str(path)


def play(
    commands: list[list[str]], lines: list[str], uid: int = 0, before: str = ""
) -> list[list[tuple[str, str, int]]]:
    """What each command says to each line."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        pytest.skip("needs root and unshare for a process table of its own")
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        + [os.path.realpath(sys.executable), "-IS", "-c", STAGE],
        input=json.dumps(
            {
                "cast": CAST,
                "commands": commands,
                "lines": [shlex.split(line) for line in lines],
                "uid": uid,
                "before": before,
                "environment": ENVIRONMENT,
            }
        ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[list[tuple[str, str, int]]] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def both(script: str) -> dict[str, list[tuple[str, str, int]]]:
    incumbent()
    lines = SAME + ONE_MORE
    return dict(zip(lines, play([[THEIRS], [script]], lines)))


@pytest.mark.parametrize("line", SAME)
def test_both_say_the_same(line: str, both: dict[str, list[tuple[str, str, int]]]) -> None:
    theirs, ours = both[line]
    # -v: ours says below the line by what evidence it decided.
    first = ours[0].splitlines(keepends=True)[0] if "-v" in line else ours[0]
    assert [first, *ours[1:]] == list(theirs)


@pytest.mark.parametrize("line", ONE_MORE)
def test_theirs_counts_its_own_ps(line: str, both: dict[str, list[tuple[str, str, int]]]) -> None:
    theirs, ours = both[line]
    count = int(theirs[0].split()[2])
    assert count > len(CAST)
    assert ours[0] == theirs[0].replace(str(count), str(count - 1))


def test_hidden_processes_are_unknown_and_not_uncounted(script: str) -> None:
    before = "mount -o remount,hidepid=2 /proc"
    ((ours,),) = play([[script]], ["-c 1: -C plain"], uid=65534, before=before)
    assert ours[2] == 3
    assert ours[0].startswith("PROCS UNKNOWN: other users' processes are hidden (/proc: hidepid=")
    ((ours,),) = play([[script]], ["-c 1: -C plain"], before=before)
    assert ours[2] == 0


def test_a_user_who_may_not_read_namespaces_sees_the_same(script: str) -> None:
    lines = ["-c 2:2 -C plain", "-u daemon", "-a sshd -v", ""]
    root = play([[script]], lines)
    user = play([[script]], lines, uid=65534)
    assert "NSpid" in user[2][0][0]
    assert [said[0][0].splitlines()[0] for said in user] == [
        said[0][0].splitlines()[0] for said in root
    ]


def test_it_leaves_out_itself_its_parent_and_its_sisters_but_no_python(script: str) -> None:
    """Called by a shell and by an interpreter by name; daemons in Python count."""
    python = os.path.realpath(sys.executable)
    shell = ["/bin/sh", "-c", f'{script} "$@"; exit $?', "sh"]
    named = [python, "-IS", script]
    said = play([[script], shell, named], ["-C python3", "-a check_procs", "-C plain", "-a plugin"])
    for direct, by_shell, by_name in said:
        assert direct == by_shell == by_name
    assert said[1][0][0] == "PROCS OK: 0 processes with args 'check_procs' | procs=0;;;0;\n"


def test_time_is_over_as_theirs_says_it(script: str, tmp_path: Path) -> None:
    """A pipe that nobody writes to, where a process of CT0's own has its command line."""
    process(tmp_path, 1, "init", nspid="1")
    (tmp_path / "proc/1/cmdline").unlink()
    os.mkfifo(tmp_path / "proc/1/cmdline")
    done = subprocess.run(
        [script, "-t", "1", "-a", "x", f"--root={tmp_path}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("CRITICAL - Plugin timed out after 1 seconds\n", 2)
