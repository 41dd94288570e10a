"""Processes by owner, and the proof that shims protect, on a node with CTs of its own."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Callable

import pytest

from ct0.containers import containers
from ct0.host import Host
from ct0_suites.nodes import look
from ct0_suites.records import HOST, Subject
from ct0_suites.resources.canary import canary, new_name
from ct0_suites.resources.copying.snapshot import snapshot
from ct0_suites.suites import processes, shims
from ct0_suites.target import Target
from ct0_suites.transport import Inside, Local, Transport

from .command import wait_for
from .ct import CT
from .initscripts import install_rhel, remove_rhel
from .node import Node
from .processes import start_time
from .run import Run
from .shims import laid_out

ONE_FILE = "/root/ct0-shims"
MIMIC = "ct0mimic"
# prctl(PR_SET_NAME), as any process may.
CALL_ITSELF = f"""
import ctypes, time
ctypes.CDLL(None).prctl(15, b"{MIMIC}", 0, 0, 0)
time.sleep(600)
"""
LEFT_FILES = "ls -d /run/ct0c* /var/tmp/ct0c* /dev/shm/ct0c* /tmp/ct0c* /root/ct0c* 2>/dev/null"
LEFT = f"ps -eo comm= | grep '^ct0c'; {LEFT_FILES}"


def way_into(ct: CT) -> Transport:
    return Inside(Local(), lambda text: [*ct.enter, "/bin/sh", "-c", text], ct.name)


@pytest.fixture(scope="module")
def ct0(node: Node) -> Target:
    """The node, as `ct0 verify` sees it."""
    return look(way_into(node), "node").machine


@contextmanager
def installed(run: Run, node: Node) -> Iterator[None]:
    """The shims, as their one file installs them."""
    with laid_out(run.folder / "suites-shims") as delivered:
        node.copy_in(delivered.file, ONE_FILE)
    done = node.run([ONE_FILE, "install"])
    assert done.returncode == 0, done.stderr
    try:
        yield
    finally:
        node.run([ONE_FILE, "remove"])


@pytest.fixture
def protected(run: Run, node: Node, ct0: Target) -> Iterator[Target]:
    """With the shims installed."""
    with installed(run, node):
        ct0.forget()
        yield ct0
    ct0.forget()


@pytest.fixture
def started(run: Run) -> Iterator[Callable[[CT], int]]:
    """started(ct) -> PID in the lab of a daemon that ends with the test."""
    with ExitStack() as stack:

        def start(ct: CT) -> int:
            pid = ct.start_daemon(run.daemon)
            stack.callback(kill, pid, start_time(pid))
            return pid

        yield start


def kill(pid: int, begun: int) -> None:
    """Its number may be somebody else's by now."""
    if start_time(pid) == begun:
        os.kill(pid, signal.SIGKILL)


def judged(target: Target, **want: Any) -> list[str]:
    target.forget()
    return list(processes.judge(want, target))


def proved(target: Target, **want: Any) -> list[str]:
    target.forget()
    return list(shims.judge({"canary": True, "commands": ["pidof", "killall"], **want}, target))


def inner(ct0: Target, ctid: str) -> Target:
    return next(each for each in ct0.containers if each.subject.ctid == ctid)


def test_a_cts_daemon_does_not_pass_for_ct0s(
    run: Run, node: Node, ct0: Target, started: Callable[[CT], int]
) -> None:
    name = run.daemon_name
    started(node.ct("101"))
    started(node.ct("102"))
    assert judged(ct0, name=name) == [f"no {name} of its own (2 in containers: 101, 102)"]
    assert judged(inner(ct0, "101"), name=name, count=1) == []
    started(node)
    assert judged(ct0, name=name, count=1) == []
    assert judged(ct0, name=name, of="all", count=3) == []


def test_who_only_calls_himself_so_is_told(node: Node, ct0: Target) -> None:
    text = f"setsid python3 -c {shlex.quote(CALL_ITSELF)} </dev/null >/dev/null 2>&1 & echo $!"
    node.run(["sh", "-c", text])
    wait_for("the mimic", lambda: bool(node.pids(MIMIC)), 10)
    (pid,) = node.pids(MIMIC)
    number = node.inside(pid)
    try:
        problems = judged(ct0, name=MIMIC)
    finally:
        node.run(["kill", str(number)])
        wait_for("the mimic's end", lambda: not node.pids(MIMIC), 10)
    assert problems[0] == f"no {MIMIC} of its own"
    assert problems[1].startswith(f"PID {number} is called {MIMIC}, but runs /usr/bin/python3")
    assert len(problems) == 2


def test_what_is_observed_holds(ct0: Target) -> None:
    for target in (ct0, *ct0.containers):
        target.forget()
        seen = list(processes.observe(target))
        assert seen
        for want in seen:
            assert judged(target, **want) == [], (target.subject.id, want)


def test_without_shims_the_canary_in_a_ct_dies(node: Node, ct0: Target) -> None:
    problems = proved(ct0)
    assert "the shims are not installed: no /usr/lib/ct0/ct0-shims" in problems
    ended = "in an init script on the CT0 ended a process of the same name in lxc"
    assert any(line.startswith(f"killall {ended} ") for line in problems), problems
    assert any(line.startswith(f"pkill {ended} ") for line in problems), problems
    assert any("pidof in an init script also finds" in line for line in problems), problems
    assert not any("CT0's own" in line for line in problems), problems
    nothing_left(node)


def test_with_shims_it_survives(node: Node, protected: Target) -> None:
    assert list(shims.judge({"canary": True}, protected)) == []
    nothing_left(node)


def test_what_is_observed_of_shims_holds(protected: Target) -> None:
    seen = list(shims.observe(protected))
    assert {"pidof", "killall", "killproc"} <= set(seen[0]["commands"])
    for want in seen:
        protected.forget()
        assert list(shims.judge(want, protected)) == []


def test_an_absolute_path_goes_past_them(node: Node, protected: Target) -> None:
    problems = proved(protected, callers=["absolute"])
    assert "killall by its absolute path is /usr/bin/killall, not the shim" in problems
    assert any("killall by its absolute path on the CT0 ended" in line for line in problems)
    nothing_left(node)


def test_a_hook_that_is_taken_out_is_found(node: Node, protected: Target) -> None:
    hook = "/lib/lsb/init-functions.d/99-ct0"
    node.run(["mv", hook, "/root/99-ct0"])
    try:
        problems = proved(protected)
    finally:
        node.run(["mv", "/root/99-ct0", hook])
    assert f"{hook} of the shims is missing or was changed" in problems
    assert any("ended a process of the same name" in line for line in problems)
    assert proved(protected) == []


def test_rhels_functions(run: Run, node: Node, ct0: Target) -> None:
    """Its killproc asks the pidof that PATH leads to."""
    install_rhel(node, "el4", run.daemon)
    ended = "killproc in an init script on the CT0 ended a process of the same name in lxc"
    try:
        assert any(line.startswith(ended) for line in proved(ct0))
        with installed(run, node):
            ct0.forget()
            assert list(shims.judge({"canary": True}, ct0)) == []
    finally:
        remove_rhel(node)
    nothing_left(node)


def nothing_left(node: Node) -> None:
    for place in (node, node.ct("101"), node.ct("102")):
        assert place.run(["sh", "-c", LEFT]).stdout == ""


def test_the_same_containers_as_on_the_machine_itself(cts: dict[str, CT]) -> None:
    """Of every engine, from places of this run's own."""
    wanted = {ct.ctid for ct in cts.values()}
    here = {ct.ctid: ct for ct in containers(Host()) if ct.ctid in wanted}
    with snapshot(Local()) as copy:
        there = {ct.ctid: ct for ct in containers(copy) if ct.ctid in wanted}
    assert there.keys() == here.keys()
    for ctid, ct in here.items():
        # A CT's processes come and go.
        assert there[ctid]._replace(processes=0) == ct._replace(processes=0)


@pytest.mark.parametrize("name", ["docker", "containerd", "podman", "bare", "nspawn"])
def test_a_ct_that_has_nothing_but_busybox(
    name: str, run: Run, cts: dict[str, CT], daemons: dict[str, int]
) -> None:
    """busybox's sh, head and ls, and a daemon that is another program."""
    target = Target(Subject("lab", HOST), way_into(cts[name]))
    assert judged(target, name=run.daemon_name) == []
    assert judged(target, name="nosuch") == ["no nosuch of its own"]
    for want in processes.observe(target):
        assert judged(target, **want) == []


@pytest.mark.parametrize(
    "name", ["lxc", "lxc_systemd", "lxd", "docker", "containerd", "podman", "bare", "nspawn"]
)
def test_a_canary_lives_in_a_ct_of_any_engine(name: str, cts: dict[str, CT]) -> None:
    """busybox's sleep is nothing under another name: there it is a script."""
    called = new_name()
    target = Target(Subject("lab", HOST), way_into(cts[name]))
    with canary(target, called, as_script=True) as bird:
        assert bird.is_alive()
        (pid,) = cts[name].pids(called)
        os.kill(pid, signal.SIGTERM)
        assert bird.has_ended()
    with canary(target, called, as_script=True):
        assert cts[name].pids(called)
    assert cts[name].pids(called) == []
    assert cts[name].run(["sh", "-c", LEFT_FILES]).stdout == ""


def test_a_ct_that_shares_ct0s_pids(run: Run, cts: dict[str, CT], daemons: dict[str, int]) -> None:
    """docker run --pid=host: what it sees is CT0's and everybody's, what counts is its own."""
    target = Target(Subject("lab", HOST), way_into(cts["docker_host_pid"]))
    assert judged(target, name=run.daemon_name, count=1) == []
    everybody = judged(target, name=run.daemon_name, of="all", count=0)
    assert f"PIDs {min(daemons.values())}" in everybody[0]


def test_on_ct0_only_its_own_count(run: Run, daemons: dict[str, int]) -> None:
    """All engines' CTs at once, and a sandbox."""
    target = Target(Subject("lab", HOST), Local())
    (problem,) = judged(target, name=run.daemon_name, count=9)
    assert problem.startswith(f"3 {run.daemon_name} of its own, PIDs "), problem
    assert " in containers: " in problem
