"""Init scripts kill in containers: the bug, with nothing but what Debian and RHEL ship."""

from __future__ import annotations

import os
import signal

import pytest

from .command import wait_for
from .ct import CT
from .initscripts import (
    EXIM4,
    NAMED,
    Script,
    install_rhel,
    no_path_first,
    path_first,
    remove_rhel,
)
from .node import Node
from .processes import alive
from .run import Run

EMPTY = "/usr/local/lib/empty"


@pytest.mark.parametrize("script", [NAMED, EXIM4], ids=lambda script: script.service)
def test_stopping_a_service_on_ct0_kills_it_in_every_container(
    script: Script, node_sysvinit: Node
) -> None:
    victims = _running(node_sysvinit, script)
    assert node_sysvinit.pids(script.daemon) == []
    node_sysvinit.run(["service", script.service, script.action], timeout=60)
    wait_for("the CTs' daemons to die", lambda: not any(map(alive, victims)), 5)


@pytest.mark.parametrize(
    ("script", "finder"), [(NAMED, "pgrep"), (EXIM4, "pidof")], ids=["named", "exim4"]
)
def test_a_directory_put_first_in_path_reaches_the_script(
    script: Script, finder: str, node_sysvinit: Node
) -> None:
    """What a finder of ours needs to be asked at all; here one that never finds anything."""
    victims = _running(node_sysvinit, script)
    node_sysvinit.write(f"{EMPTY}/{finder}", "#!/bin/sh\nexit 1\n")
    node_sysvinit.run(["chmod", "755", f"{EMPTY}/{finder}"])
    path_first(node_sysvinit, EMPTY)
    try:
        node_sysvinit.run(["service", script.service, script.action], timeout=60)
    finally:
        no_path_first(node_sysvinit)
        node_sysvinit.run(["rm", "-r", EMPTY])
    assert all(map(alive, victims))


@pytest.mark.parametrize(("release", "spared"), [("el4", False), ("el5", True), ("el7", False)])
def test_rhels_killproc_kills_in_containers(
    release: str, spared: bool, run: Run, node_sysvinit: Node
) -> None:
    script = install_rhel(node_sysvinit, release, run.daemon)
    places = [node_sysvinit, node_sysvinit.ct("101"), node_sysvinit.ct("102")]
    here, *inside = [place.start_daemon(run.daemon) for place in places]
    try:
        assert node_sysvinit.run([script, "status"]).returncode == 0
        done = node_sysvinit.run([script, "stop"])
        assert (done.returncode, done.stdout) == (0, "[  OK  ]\n"), done.stderr
        wait_for("CT0's daemon to die", lambda: not alive(here), 5)
        assert [alive(pid) for pid in inside] == [spared, spared]
    finally:
        remove_rhel(node_sysvinit)
        for pid in filter(alive, (here, *inside)):
            os.kill(pid, signal.SIGKILL)


def test_etc_sysconfig_init_puts_a_directory_first_in_rhels_path(
    run: Run, node_sysvinit: Node
) -> None:
    script = install_rhel(node_sysvinit, "el4", run.daemon)
    node_sysvinit.write(f"{EMPTY}/pidof", "#!/bin/sh\nexit 1\n")
    node_sysvinit.run(["chmod", "755", f"{EMPTY}/pidof"])
    node_sysvinit.write("/etc/sysconfig/init", f"PATH={EMPTY}:$PATH\n")
    victim = node_sysvinit.start_daemon(run.daemon)
    try:
        done = node_sysvinit.run([script, "status"])
        assert (done.returncode, done.stdout) == (3, f"{run.daemon_name} is stopped\n")
    finally:
        os.kill(victim, signal.SIGKILL)
        node_sysvinit.run(["rm", "-r", EMPTY])
        remove_rhel(node_sysvinit)


def _running(node: Node, script: Script) -> list[int]:
    """The service started in both CTs and on nobody else; PIDs of its daemons there."""
    found = []
    for ctid in ("101", "102"):
        ct = node.ct(ctid)
        ct.run(["service", script.service, "start"])
        found += _appeared(ct, script.daemon)
    return found


def _appeared(ct: CT, daemon: str) -> list[int]:
    wait_for(f"{ct!r}: {daemon} to run", lambda: bool(ct.pids(daemon)))
    return ct.pids(daemon)
