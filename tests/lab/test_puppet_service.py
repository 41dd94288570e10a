"""Puppet stops services on a node: its own agent, and daemons that it looks for in `ps -ef`.

Puppet's base service provider takes a container's daemon for the host's (the bug, shown). Ours, and
the guard, which makes any provider look safely, take the host's own.
"""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from .command import wait_for
from .ct import CT
from .initscripts import install_rhel, remove_rhel
from .node import Node, node_ct
from .processes import alive, start_time
from .puppet_tools import MODULE
from .recipes import FLEET_CT_SYSVINIT, FLEET_NODE_HOOKS, FLEET_TRIXIE, Recipe
from .run import Run
from .shims import laid_out

# Debian 12 with sysvinit, Puppet 7, and containers: the same in CT0 and in its CTs.
PUPPET_SYSVINIT = Recipe(
    "puppet-sysvinit",
    "bookworm",
    (*FLEET_CT_SYSVINIT.packages, "lxc", "python3"),
    (*FLEET_CT_SYSVINIT.hooks, *FLEET_NODE_HOOKS),
)

ONE_FILE = "/root/ct0-shims"
SITE = "/root/site.pp"
MODULES = "/root/modules"

# As RHEL's packages start and stop a daemon; no pidfile is where its functions would look.
RHEL_PUPPET = """\
#!/bin/bash
. /etc/rc.d/init.d/functions
case $1 in
    start) daemon /usr/bin/puppet agent ;;
    stop) killproc puppet ;;
    restart) $0 stop; $0 start ;;
esac
"""
RHEL_SCRIPT = "/etc/rc.d/init.d/puppet"

SERVICE = """\
service {{ 'looked-for':
  ensure    => {ensure},
  provider  => {provider},
  hasstatus => false,
  pattern   => '{daemon} 86400',
  start     => 'setsid {daemon} 86400 </dev/null >/dev/null 2>&1 &',
}}
"""


@pytest.fixture(scope="module")
def sysvinit(run: Run) -> Iterator[Node]:
    """Debian 12, Puppet 7, sysvinit; its CTs have Puppet too. The shims lie by, not installed."""
    cts = dict.fromkeys(("101", "102"), FLEET_CT_SYSVINIT)
    with laid_out(run.folder / "puppet-shims") as shims, node_ct(run, PUPPET_SYSVINIT, cts) as node:
        node.copy_in(shims.file, ONE_FILE)
        node.copy_in(MODULE / "lib", f"{MODULES}/ct0/lib")
        yield node


@pytest.fixture(scope="module")
def systemd(run: Run) -> Iterator[Node]:
    """Debian 13, Puppet 8, systemd, and one CT."""
    cts = {"101": FLEET_CT_SYSVINIT}
    with node_ct(run, FLEET_TRIXIE, cts, name="puppet-systemd") as node:
        node.copy_in(MODULE / "lib", f"{MODULES}/ct0/lib")
        yield node


@pytest.fixture
def shims(sysvinit: Node) -> Iterator[None]:
    """The shims installed, with their hooks."""
    done = sysvinit.run([ONE_FILE, "install"])
    assert (done.returncode, done.stderr) == (0, "")
    yield
    done = sysvinit.run(["/usr/lib/ct0/ct0-shims", "remove"])
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture
def agents(sysvinit: Node) -> dict[int, int]:
    """Puppet's agent as a daemon in both CTs and on CT0: the CTs' PIDs and when they started."""
    cts = [sysvinit.ct("101"), sysvinit.ct("102")]
    places = [place for place in [*cts, sysvinit] if not has(place, "puppet")]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda place: sure(place, "service", "puppet", "start"), places))
    for place in places:
        wait_for(f"{place!r}: puppet", partial(has, place, "puppet"))
    return {pid: start_time(pid) for ct in cts for pid in ct.pids("puppet")}


def has(place: CT, daemon: str) -> bool:
    return bool(place.pids(daemon))


def alive_still(agents: dict[int, int]) -> bool:
    assert len(agents) == 2
    return all(alive(pid) and start_time(pid) == started for pid, started in agents.items())


def sure(place: CT, *argv: str) -> None:
    done = place.run(argv)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_agent_is_stopped_and_started_alone(
    sysvinit: Node, agents: dict[int, int], shims: None
) -> None:
    """By Debian's init script and by Puppet itself; the containers' agents keep their PIDs."""
    (before,) = sysvinit.pids("puppet")
    sure(sysvinit, "service", "puppet", "restart")
    (after,) = sysvinit.pids("puppet")
    assert before != after
    sure(sysvinit, "puppet", "resource", "service", "puppet", "ensure=stopped")
    assert not has(sysvinit, "puppet")
    sure(sysvinit, "puppet", "resource", "service", "puppet", "ensure=running")
    assert has(sysvinit, "puppet")
    assert alive_still(agents)


@pytest.fixture
def rhel(sysvinit: Node, run: Run) -> Iterator[None]:
    """The functions of RHEL 7 and a script as its packages have for puppet."""
    install_rhel(sysvinit, "el7", run.daemon)
    sysvinit.write(RHEL_SCRIPT, RHEL_PUPPET)
    sysvinit.run(["chmod", "755", RHEL_SCRIPT])
    yield
    remove_rhel(sysvinit)


def test_rhels_script_stops_its_own_agent_with_the_shims(
    sysvinit: Node, agents: dict[int, int], rhel: None, shims: None
) -> None:
    (before,) = sysvinit.pids("puppet")
    sure(sysvinit, RHEL_SCRIPT, "restart")
    (after,) = sysvinit.pids("puppet")
    assert before != after
    assert alive_still(agents)


def test_rhels_script_stops_all_agents_without(
    sysvinit: Node, agents: dict[int, int], rhel: None
) -> None:
    """The bug; last, for nobody's agent is left."""
    sure(sysvinit, RHEL_SCRIPT, "stop")
    assert not any(map(alive, agents))


@pytest.fixture(params=["sysvinit", "systemd"])
def node(request: pytest.FixtureRequest) -> Node:
    """Puppet 7 with sysvinit, Puppet 8 with systemd."""
    found: Node = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def theirs(node: Node, run: Run) -> Iterator[int]:
    """A daemon in CT 101, none on CT0."""
    ct = node.ct("101")
    for place in (ct, node):
        for pid in place.pids(run.daemon_name):
            os.kill(pid, signal.SIGKILL)
    pid = ct.start_daemon(run.daemon)
    yield pid
    if alive(pid):
        os.kill(pid, signal.SIGKILL)


def apply(node: Node, run: Run, ensure: str, provider: str, guard: str = "", *options: str) -> str:
    """What `puppet apply` says; the service is declared in the last lines."""
    text = f"ct0_service_guard {{ 'a': mode => {guard} }}\n" if guard else "\n"
    text += SERVICE.format(ensure=ensure, provider=provider, daemon=run.daemon)
    node.write(SITE, text)
    argv = ["puppet", "apply", "--color=false", f"--modulepath={MODULES}", *options, SITE]
    done = node.run(argv, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


STOPPED = "Service[looked-for]/ensure: ensure changed 'running' to 'stopped'"
STARTED = "Service[looked-for]/ensure: ensure changed 'stopped' to 'running'"
WARNED = "Service[looked-for]: is looked for in the process table"


def test_puppets_own_provider_stops_a_containers_daemon(node: Node, run: Run, theirs: int) -> None:
    """The bug; and the guard's warning names the place, with --noop as without."""
    said = apply(node, run, "stopped", "base", "warn", "--noop")
    assert WARNED in said
    assert f"(file: {SITE}, line: 2)" in said
    assert alive(theirs)
    said = apply(node, run, "stopped", "base", "warn")
    assert WARNED in said
    assert STOPPED in said
    assert not alive(theirs)


def test_ours_starts_and_stops_the_hosts_own(node: Node, run: Run, theirs: int) -> None:
    said = apply(node, run, "running", "ct0", "warn")
    assert STARTED in said
    assert WARNED not in said
    wait_for("its daemon", partial(has, node, run.daemon_name))
    assert STOPPED in apply(node, run, "stopped", "ct0")
    assert not has(node, run.daemon_name)
    assert alive(theirs)


def test_the_guard_makes_any_provider_look_safely(node: Node, run: Run, theirs: int) -> None:
    said = apply(node, run, "running", "base", "enforce", "--noop", "--verbose")
    # In other words where an earlier run had set it.
    assert re.search(r"'stopped'.* 'running'.*\(noop\)", said)
    assert "among the host's own processes only, in this run" in said
    node.start_daemon(run.daemon)
    assert STOPPED in apply(node, run, "stopped", "base", "enforce")
    assert not has(node, run.daemon_name)
    assert alive(theirs)
