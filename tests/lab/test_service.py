"""Whole-machine stories: the one file is carried to a node, installed there, and services stopped.

Each story is told twice: without the hooks, where the containers' daemons die (the bug), and with
them, where CT0's die and every container's lives.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from functools import partial

import pytest

from .command import wait_for
from .ct import CT
from .initscripts import EXIM4, NAMED, Script, install_rhel, remove_rhel
from .node import Node
from .processes import alive
from .run import Run
from .shims import Shims, laid_out

ONE_FILE = "/root/ct0-shims"
PLACES = "/usr/lib/ct0 /lib/lsb/init-functions.d /etc/sysconfig /etc/ct0"
PICTURE = f"for place in {PLACES}; do [ ! -d $place ] || find $place -type f -o -type l; done"


@pytest.fixture(scope="session")
def carried(run: Run, node_sysvinit: Node) -> Node:
    """The node with the one file in it, not installed."""
    shims: Shims
    with laid_out(run.folder / "carried") as shims:
        node_sysvinit.copy_in(shims.file, ONE_FILE)
    return node_sysvinit


@pytest.fixture(params=[False, True], ids=["without the hooks", "with the hooks"])
def hooked(request: pytest.FixtureRequest, carried: Node) -> Iterator[bool]:
    """Whether the shims are installed in the node, as an admin without pip would."""
    if request.param:
        install(carried)
    try:
        yield request.param
    finally:
        if request.param:
            remove(carried)


def install(node: Node) -> None:
    done = node.run([ONE_FILE, "install"])
    assert (done.returncode, done.stderr) == (0, "")


def remove(node: Node) -> None:
    done = node.run(["/usr/lib/ct0/ct0-shims", "remove"])
    assert (done.returncode, done.stderr) == (0, "")


def started(node: Node, script: Script, *ctids: str) -> list[int]:
    """The service started in these CTs, "0" being the node itself: PIDs of its daemons."""
    found = []
    for place in [node if ctid == "0" else node.ct(ctid) for ctid in ctids]:
        place.run(["service", script.service, "start"])
        wait_for(f"{place!r}: {script.daemon}", partial(has, place, script.daemon))
        found += place.pids(script.daemon)
    return found


def has(place: CT, daemon: str) -> bool:
    return bool(place.pids(daemon))


def kill_all(pids: list[int]) -> None:
    for pid in filter(alive, pids):
        os.kill(pid, signal.SIGKILL)


def test_a_debian_service_stops(carried: Node, hooked: bool) -> None:
    """exim4's force-stop, which asks `pidof exim4`."""
    own, theirs = started(carried, EXIM4, "0"), started(carried, EXIM4, "101", "102")
    try:
        carried.run(["service", EXIM4.service, EXIM4.action])
        wait_for("CT0's daemon to die", lambda: not any(map(alive, own)), 10)
        if hooked:
            assert all(map(alive, theirs))
        else:
            wait_for("the CTs' daemons to die as well", lambda: not any(map(alive, theirs)), 10)
    finally:
        kill_all(own + theirs)


def test_a_debian_service_that_only_containers_run_stops(carried: Node, hooked: bool) -> None:
    """named's stop, which asks `pgrep -f ^/usr/sbin/named` when CT0's own does not answer."""
    theirs = started(carried, NAMED, "101", "102")
    try:
        carried.run(["service", NAMED.service, NAMED.action], timeout=60)
        if hooked:
            assert all(map(alive, theirs))
        else:
            wait_for("the CTs' daemons to die", lambda: not any(map(alive, theirs)), 10)
    finally:
        kill_all(theirs)


@pytest.fixture
def daemons(run: Run, carried: Node) -> Iterator[tuple[int, list[int]]]:
    """The run's daemon on CT0 and in both CTs."""
    own = carried.start_daemon(run.daemon)
    theirs = [carried.ct(ctid).start_daemon(run.daemon) for ctid in ("101", "102")]
    try:
        yield own, theirs
    finally:
        kill_all([own, *theirs])


@pytest.fixture(params=["el4", "el7"])
def rhel(request: pytest.FixtureRequest, run: Run, carried: Node) -> Iterator[tuple[str, str]]:
    """A service whose script uses RHEL's functions: its path, and the release."""
    try:
        yield install_rhel(carried, request.param, run.daemon), request.param
    finally:
        remove_rhel(carried)


def test_a_rhel_service_stops(
    carried: Node, rhel: tuple[str, str], hooked: bool, daemons: tuple[int, list[int]]
) -> None:
    own, theirs = daemons
    done = carried.run([rhel[0], "stop"])
    assert done.returncode == 0, done.stderr
    wait_for("CT0's daemon to die", lambda: not alive(own), 10)
    assert [alive(pid) for pid in theirs] == [hooked, hooked]


def test_a_rhel_service_stops_after_its_binary_was_replaced(
    run: Run, carried: Node, rhel: tuple[str, str], hooked: bool, daemons: tuple[int, list[int]]
) -> None:
    """sysvinit's pidof then finds only the containers': CT0's daemon lives on, theirs die."""
    own, theirs = daemons
    script, release = rhel
    carried.replace(run.daemon)
    carried.run([script, "stop"])
    if hooked:
        wait_for("CT0's daemon to die", lambda: not alive(own), 10)
        assert all(map(alive, theirs))
    else:
        wait_for("the CTs' daemons to die", lambda: not any(map(alive, theirs)), 10)
        # procps' pidof still knows CT0's by its argv[0]; sysvinit's no longer does.
        assert alive(own) is (release == "el4")


@pytest.fixture
def installed(carried: Node) -> Iterator[Node]:
    install(carried)
    try:
        yield carried
    finally:
        if carried.run(["test", "-e", "/usr/lib/ct0/shims.manifest"]).returncode == 0:
            remove(carried)


def test_syslog_says_whom_it_left_alone(
    run: Run, installed: Node, daemons: tuple[int, list[int]]
) -> None:
    installed.run(["rm", "-rf", "/run/ct0"])
    installed.run(["rsyslogd"])  # Debian 12 has no init script for it any more
    shim = "/usr/lib/ct0/shims/killall"
    for _ in range(3):
        installed.run([shim, "-0", run.daemon_name])
    line = "ct0-killall: skipped 2 in containers: 101 (1), 102 (1)"
    logs = ["grep", "-rhc", line, "/var/log/auth.log"]
    wait_for("the line in syslog", lambda: installed.run(logs).stdout.strip() == "1", 10)


def test_seen_from_inside_a_node_its_own_means_the_node(
    run: Run, installed: Node, daemons: tuple[int, list[int]]
) -> None:
    said = installed.run(["/usr/lib/ct0/shims/pidof", run.daemon_name]).stdout
    assert said.split() == [str(installed.inside(daemons[0]))]


def test_installed_and_removed_the_node_is_as_it_was(carried: Node) -> None:
    sums = f"{PICTURE} | sort | xargs -r sha256sum"
    before = carried.run(["sh", "-c", sums]).stdout
    install(carried)
    assert carried.run(["sh", "-c", sums]).stdout != before
    remove(carried)
    assert carried.run(["sh", "-c", sums]).stdout == before
    assert carried.run(["test", "-e", "/usr/lib/ct0"]).returncode == 1


def test_status_names_what_would_bypass(installed: Node) -> None:
    done = installed.run(["/usr/lib/ct0/ct0-shims", "status"])
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "shims:   installed, /usr/lib/ct0/ct0-shims"
    assert "hook:    /lib/lsb/init-functions.d/99-ct0: active" in lines
    # exim4's maintainer scripts kill whatever `pidof exim4` says, with dpkg's PATH.
    assert any(line.startswith("bypass:  /var/lib/dpkg/info/exim4-base.postrm:") for line in lines)


def test_no_python_no_installation(carried: Node) -> None:
    done = carried.run(["/usr/bin/python3", ONE_FILE, "install", "--python", "/usr/bin/nothing"])
    assert done.returncode == 1
    assert done.stderr.startswith("ct0-shims: /usr/bin/nothing: no such interpreter")
    assert carried.run(["test", "-e", "/usr/lib/ct0"]).returncode == 1


def test_init_scripts_survive_a_half_removed_ct0(installed: Node) -> None:
    """The hook alone is left, the shims are gone: scripts go on as if there were no ct0."""
    installed.run(["mv", "/usr/lib/ct0", "/usr/lib/ct0-away"])
    try:
        done = installed.run(["service", "cron", "restart"])
        assert (done.returncode, done.stderr) == (0, "")
    finally:
        installed.run(["mv", "/usr/lib/ct0-away", "/usr/lib/ct0"])
