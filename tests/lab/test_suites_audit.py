"""The suites initscripts, exporter, checks, ssh, mounts and sysctls on a real node and its CTs.

The node is reached as a container of this machine, so that every command really runs there; what
the audit finds from afar must be what it finds in the node's own files.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ct0.host import Host
from ct0_audit.engine import audit
from ct0_audit.words import open_findings, unread
from ct0_suites.records import CT, CT0, NotApplicable, Subject
from ct0_suites.resources.audit import read_audit
from ct0_suites.suites import checks, exporter, initscripts, mounts, ssh, sysctls
from ct0_suites.target import Target
from ct0_suites.transport import Inside, Local

from .command import wait_for
from .ct import CT as LabCT
from .node import CTIDS, Node
from .processes import alive
from .prometheus import exporter as running_exporter
from .run import Run

SCRIPT = "/etc/init.d/ct0-suites"


def target_of(place: LabCT, kind: str = CT0) -> Target:
    way = Inside(Local(), lambda text: [*place.enter, "/bin/sh", "-c", text], place.name)
    return Target(Subject("node1", kind, "lxc", "" if kind == CT0 else place.ctid), way)


@pytest.fixture(params=["node", "node_sysvinit"])
def placed(request: pytest.FixtureRequest) -> Node:
    found: Node = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def daemons(run: Run, placed: Node) -> Iterator[dict[str, int]]:
    """The run's daemon in both CTs: CTID -> PID."""
    started = {ctid: placed.ct(ctid).start_daemon(run.daemon) for ctid in CTIDS}
    yield started
    for pid in filter(alive, started.values()):
        os.kill(pid, signal.SIGKILL)


def test_audit_from_afar_is_the_audit_of_the_nodes_own_files(placed: Node) -> None:
    found = read_audit(target_of(placed))
    own = audit(Host(f"/proc/{placed.init}/root"))
    assert {(f.rule, f.path, f.line) for f in found.findings} == {
        (f.rule, f.place.path, f.place.line) for f in open_findings(own)
    }
    assert {path for path, _ in found.unread} == {item.path for item in unread(own)}
    assert found.files == own.files > 300


def test_planted_init_script_is_found_and_nothing_else(
    run: Run, placed: Node, daemons: dict[str, int]
) -> None:
    target = target_of(placed)
    (want,) = initscripts.observe(target)
    assert list(initscripts.judge(want, target)) == []
    placed.write(SCRIPT, f"#!/bin/sh\n# stop it\nkillall {run.daemon_name}\n")
    try:
        target.forget()
        (line,) = initscripts.judge(want, target)
        assert line.startswith(f"{SCRIPT}:3: CT001 kills: ")
        assert [ctid for ctid in CTIDS if f"{run.daemon_name} of ct{ctid}" not in line] == [], line
        assert list(initscripts.judge({**want, "rules": ["CT002"]}, target)) == []
    finally:
        placed.run(["rm", "-f", SCRIPT])
    target.forget()
    assert list(initscripts.judge(want, target)) == []
    assert all(map(alive, daemons.values()))


def test_script_that_a_unit_leads_to_is_found(node: Node, run: Run) -> None:
    target = target_of(node)
    (want,) = initscripts.observe(target)
    node.write("/opt/vendor/stop", f"#!/bin/sh\npkill {run.daemon_name}\n")
    node.write("/etc/systemd/system/vendor.service", "[Service]\nExecStop=/opt/vendor/by-link\n")
    node.run(["ln", "-s", "../vendor/stop", "/opt/vendor/by-link"])
    try:
        target.forget()
        (line,) = initscripts.judge(want, target)
        assert line.startswith("/opt/vendor/stop:2: CT001 kills: ")
    finally:
        node.run(["rm", "-rf", "/opt/vendor", "/etc/systemd/system/vendor.service"])


def test_what_is_observed_of_a_node_and_its_cts_is_met(placed: Node) -> None:
    for target in (target_of(placed), target_of(placed.ct("101"), CT)):
        for suite in (mounts, sysctls, ssh):
            found = list(suite.observe(target))
            assert suite is ssh or found
            for want in found:
                assert list(suite.judge(want, target)) == []


def test_mount_of_a_ct_is_found_where_it_is(node: Node) -> None:
    ct = node.ct("101")
    target = target_of(ct, CT)
    want = {"path": "/mnt/a b", "type": "tmpfs", "options": ["noexec", "nosuid"], "free": 50}
    assert list(mounts.judge(want, target)) == ["/mnt/a b: nothing is mounted there"]
    ct.run(["mkdir", "-p", "/mnt/a b"])
    options = "noexec,nosuid,size=1m"
    assert ct.run(["mount", "-t", "tmpfs", "-o", options, "x", "/mnt/a b"]).returncode == 0
    try:
        target.forget()
        assert list(mounts.judge(want, target)) == []
        ct.run(["dd", "if=/dev/zero", "of=/mnt/a b/full", "bs=1k", "count=700"])
        (line,) = mounts.judge(want, target)
        assert "% is free, should be 50% at least" in line
    finally:
        ct.run(["umount", "/mnt/a b"])
        ct.run(["rmdir", "/mnt/a b"])


def test_private_key_without_a_passphrase_in_a_ct_is_found(node: Node) -> None:
    ct = node.ct("101")
    target = target_of(ct, CT)
    with pytest.raises(NotApplicable):
        list(ssh.judge({}, target))
    key = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    ct.run(["sh", "-c", f"mkdir -p /root/.ssh; printf %s {shlex.quote(key)} >/root/.ssh/id_x"])
    try:
        target.forget()
        assert list(ssh.judge({}, target)) == [
            "/root/.ssh/id_x: a private key of root's without a passphrase"
        ]
    finally:
        ct.run(["rm", "-rf", "/root/.ssh"])


def test_exporter_of_this_machine_shows_every_container(run: Run, node: Node) -> None:
    target = Target(Subject("here", CT0, "lxc"), Local())
    with running_exporter(run) as port:
        want = {"url": f"http://127.0.0.1:{port}", "collectors": ["cpu", "memory", "tasks"]}
        # Who else uses this machine may start and stop containers.
        wait_for("all to be shown", lambda: not any(exporter.judge(want, target)), 60)
        assert ("lxc", node.ctid) in exporter.seen_on(target)
        off = {**want, "collectors": ["top"], "containers": False}
        (line,) = exporter.judge(off, target)
        assert "collector top did not run" in line
    (line,) = exporter.judge(want, target)
    assert line.startswith(f"http://127.0.0.1:{port}: no answer: ")


def test_plugin_of_this_machine_sees_the_node(node: Node) -> None:
    target = Target(Subject("here", CT0, "lxc"), Local())
    plugin = str(Path(sys.executable).parent / "check_ct_state")
    want = {"plugin": plugin, "state": ["ok", "warning", "critical"], "output": "running=[1-9]"}
    assert list(checks.judge(want, target)) == []
    (line,) = checks.judge({"plugin": plugin, "arguments": ["--ct", "nobody"]}, target)
    assert "should be ok" in line
