"""Thousands of times a process dies between its match and its signal, and another gets its PID.

In a PID namespace of the test's own ns_last_pid names the next PID. A seam in the running shim (at
the system call that signals, after the decision, before the process is held) kills the victim,
reaps it and forks an innocent under its very PID. No innocent may ever be signalled, neither with
pidfd_send_signal(2) nor on kernels without.
"""

from __future__ import annotations

import json
from typing import Callable

import pytest

from shims.private import copy_of_sleep, run_private

STORY = r"""
import _signal, errno, json
from ct0_shims.view import View

folder, command, arguments, modes, seam, number = json.loads(sys.argv[1])
module = __import__(f"ct0_shims.{command}", fromlist=["main"])
os.setsid()
BATCH, KEPT = 250, 40
victims, innocents = set(), []
recycled = hits = 0
real = _signal.pidfd_send_signal

def spawn(name, pid=None):
    if pid:
        os.pwrite(last_pid, b"%d" % (pid - 1), 0)
    # killall5 spares its own session: the innocents are in it.
    child = os.posix_spawn(
        f"{folder}/{name}", [name, "1000"], {}, setsid=name == "victim",
        setsigdef=[signal.SIGTERM, signal.SIGINT, signal.SIGHUP],
    )
    assert pid in (None, child)
    return child

def recycle(pid):
    global recycled
    if pid not in victims:
        return
    victims.discard(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    innocents.append(spawn("innocent", pid))
    recycled += 1
    if len(innocents) > KEPT:
        retire(innocents.pop(0))

def retire(pid):
    global hits
    wait_for(lambda: state(pid) not in "RD")  # still on its way into its program
    if os.waitpid(pid, os.WNOHANG)[0] or state(pid) != "S":
        hits += 1
        return
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def pid_behind(descriptor):
    try:
        return int(os.readlink(f"/proc/self/fd/{descriptor}").split("/")[2])
    except (ValueError, OSError):
        return 0

def send(descriptor, which, *rest):
    pid = pid_behind(descriptor)
    if seam == "send":
        recycle(pid)
    if mode == "pidfd":
        return real(descriptor, which, *rest)
    if mode == "fallback":
        raise OSError(errno.ENOSYS, "not in this kernel")
    os.kill(pid, which)  # as every incumbent before pidfd

_signal.pidfd_send_signal = send
if seam == "decision":
    excluded = View.excluded
    def decide(self, process, given=False):
        owner = excluded(self, process, given)
        recycle(process.pid)
        return owner
    View.excluded = decide
elif seam == "open":
    hold = View.open
    def look(self, pid):
        recycle(pid)
        return hold(self, pid)
    View.open = look

last_pid = os.open("/proc/sys/kernel/ns_last_pid", os.O_WRONLY)
quiet = os.open("/dev/null", os.O_WRONLY)
os.dup2(quiet, 2)
for mode in modes:
    recycled = hits = 0
    while recycled < number:
        victims = {spawn("victim") for _ in range(min(BATCH, number - recycled))}
        time.sleep(0.03)  # start times are counted in 1/100 s: let innocents be younger
        before = recycled
        module.main(arguments)
        assert recycled > before, "the seam was not reached"
        while victims:  # those it did not come by
            pid = victims.pop()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    time.sleep(0.02)
    while innocents:
        retire(innocents.pop())
    print(json.dumps([recycled, hits]))
"""

SHIMS: dict[str, tuple[str, list[str]]] = {
    "killall": ("killall", ["-q", "-KILL", "victim"]),
    "killall -r": ("killall", ["-q", "-KILL", "-r", "^vic"]),
    "killall -g": ("killall", ["-q", "-g", "-KILL", "victim"]),
    "killall5": ("killall5", ["-9"]),
    "killall5 -o": ("killall5", ["-9", "-o", "99999"]),
    "pkill": ("pkill", ["-KILL", "-x", "victim"]),
    "killproc": ("killproc", ["-KILL", "victim"]),
}


PIDFD_OR_NOT = ["pidfd", "fallback"]
Recycle = Callable[[str, list[str], str, int], list[list[int]]]


@pytest.fixture(scope="module")
def recycle(tmp_path_factory: pytest.TempPathFactory) -> Recycle:
    """(shim, modes, seam, number) -> for each mode [recycled PIDs, innocents that were hit]."""
    folder = tmp_path_factory.mktemp("programs")
    for name in ("victim", "innocent"):
        copy_of_sleep(folder, name)

    def run(shim: str, modes: list[str], seam: str, number: int) -> list[list[int]]:
        story = [str(folder), *SHIMS[shim], modes, seam, number]
        return [json.loads(line) for line in run_private(STORY, json.dumps(story)).splitlines()]

    return run


@pytest.mark.parametrize(("shim", "number"), [("killall", 750), ("pkill", 650), ("killall5", 650)])
def test_thousands_at_the_very_moment_of_the_signal(
    shim: str, number: int, recycle: Recycle
) -> None:
    assert recycle(shim, PIDFD_OR_NOT, "send", number) == [[number, 0]] * 2


@pytest.mark.parametrize("seam", ["send", "decision", "open"])
@pytest.mark.parametrize("shim", SHIMS)
def test_at_each_seam(shim: str, seam: str, recycle: Recycle) -> None:
    assert recycle(shim, PIDFD_OR_NOT, seam, 10) == [[10, 0]] * 2


@pytest.mark.parametrize("shim", ["killall", "pkill", "killproc", "killall5 -o"])
def test_kill_by_number_does_hit_the_innocent(shim: str, recycle: Recycle) -> None:
    """What the others show is no property of the test."""
    assert recycle(shim, ["by number"], "send", 10) == [[10, 10]]
