"""The units that generate the configuration anew, by a real systemd on a node with two CTs."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import LabError, attempt, wait_for
from .node import Node
from .plugins import ROOT, site
from .run import Run

UNITS = ROOT / "checks/systemd"
NAMES = (
    "ct0-monitoring.service",
    "ct0-monitoring.timer",
    "ct0-nrpe-reload.path",
    "ct0-nrpe-reload.service",
)
SITE = "/usr/lib/ct0/monitoring-site"
COMMAND = f"""\
#!/usr/bin/python3 -I
import sys
sys.path[:0] = [{SITE!r}]
from ct0.cli.__main__ import main
sys.exit(main())
"""
# Stands for NRPE: it notes when it is told to read its commands anew.
SERVER = """\
[Service]
ExecStart=/bin/sleep 86400
ExecReload=/bin/sh -c 'echo told >>/run/nrpe-reloads'
"""
FILE = "/etc/nagios/nrpe.d/ct0-alpha.cfg"
GENERATE = "/usr/bin/env ct0 monitoring generate --name alpha"
NAMED = f"""\
[Service]
ExecStart=
ExecStart={GENERATE} --nrpe --output /etc/nagios/nrpe.d
ExecStart={GENERATE} --nagios --output /var/lib/ct0/monitoring
"""
# As if no container were found.
NONE = (
    f"[Service]\nExecStart=\nExecStart={GENERATE} --nrpe --exclude .* --output /etc/nagios/nrpe.d\n"
)


@pytest.fixture(scope="module")
def timed(node: Node, run: Run) -> Iterator[Node]:
    node.copy_in(site(run), SITE)
    node.write("/usr/local/bin/ct0", COMMAND)
    node.write("/etc/systemd/system/nagios-nrpe-server.service", SERVER)
    node.write("/etc/systemd/system/ct0-monitoring.service.d/name.conf", NAMED)
    for name in NAMES:
        node.copy_in(UNITS / name, f"/etc/systemd/system/{name}")
    shell(node, "chmod 755 /usr/local/bin/ct0; mkdir -p /etc/nagios/nrpe.d")
    shell(
        node, "systemctl daemon-reload && systemctl start nagios-nrpe-server ct0-nrpe-reload.path"
    )
    try:
        yield node
    finally:
        units = " ".join(("nagios-nrpe-server.service", *NAMES))
        node.run(["sh", "-c", f"systemctl stop {units}"])
        files = f"{SITE} /usr/local/bin/ct0 /etc/nagios /var/lib/ct0/monitoring /var/lib/lxc/103"
        node.run(["sh", "-c", f"rm -rf {files} /run/nrpe-reloads"])
        removed = "cd /etc/systemd/system && rm -rf ct0-monitoring.service.d"
        node.run(["sh", "-c", f"{removed} {units}; systemctl daemon-reload"])


def shell(node: Node, script: str) -> str:
    done = node.run(["sh", "-c", script])
    if done.returncode != 0:
        status = node.run(["sh", "-c", "systemctl status --no-pager 'ct0-*'"]).stdout
        raise LabError(f"{script}: exit {done.returncode}: {done.stdout}{done.stderr}\n{status}")
    return done.stdout


def reloads(node: Node) -> int:
    return int(shell(node, "cat /run/nrpe-reloads 2>/dev/null | wc -l"))


def test_the_unit_writes_what_is_found(timed: Node) -> None:
    shell(timed, "systemctl start ct0-monitoring.service")
    text = shell(timed, f"cat {FILE}")
    line = "command[ct_state_ct101]=/usr/lib/ct0/plugins/check_ct_state --engine=lxc --ct=101\n"
    assert line in text
    assert "command[ct_state_ct102]=" in text
    hosts = shell(timed, "cat /var/lib/ct0/monitoring/ct0-alpha.cfg")
    assert "  host_name ct101\n" in hosts
    assert shell(timed, "stat -c %a /var/lib/ct0/monitoring/ct0-alpha.cfg") == "644\n"


def test_nrpe_is_told_of_changes_and_of_nothing_else(timed: Node) -> None:
    shell(timed, "systemctl start ct0-monitoring.service")
    wait_for("NRPE to be told of the first file", lambda: reloads(timed) > 0, 60)
    before, marks = reloads(timed), shell(timed, f"stat -c '%i %Y %Z' {FILE}")
    shell(timed, "systemctl start ct0-monitoring.service")
    assert shell(timed, f"stat -c '%i %Y %Z' {FILE}") == marks
    copied = "sed s/ct101/ct103/ /var/lib/lxc/101/config >/var/lib/lxc/103/config"
    shell(timed, f"mkdir -p /var/lib/lxc/103 && {copied}")
    shell(timed, "systemctl start ct0-monitoring.service")
    assert "command[ct_state_ct103]=" in shell(timed, f"cat {FILE}")
    wait_for("NRPE to be told of the new CT", lambda: reloads(timed) > before, 60)
    # Had the second run told it, there would be three by now.
    assert reloads(timed) == before + 1


def test_the_unit_fails_when_no_container_is_found(timed: Node) -> None:
    shell(timed, "systemctl start ct0-monitoring.service")
    before = shell(timed, f"cat {FILE}")
    place = "/etc/systemd/system/ct0-monitoring.service.d/none.conf"
    timed.write(place, NONE)
    try:
        shell(timed, "systemctl daemon-reload")
        assert timed.run(["systemctl", "start", "ct0-monitoring.service"]).returncode != 0
        assert shell(timed, "systemctl show -P ExecMainStatus ct0-monitoring.service") == "3\n"
    finally:
        shell(timed, f"rm {place}; systemctl daemon-reload; systemctl reset-failed")
    assert shell(timed, f"cat {FILE}") == before


def test_systemd_has_nothing_to_say_about_the_units(tmp_path: Path) -> None:
    for name in NAMES:
        shutil.copy(UNITS / name, tmp_path)
    paths = [str(tmp_path / name) for name in NAMES]
    done = attempt(["systemd-analyze", "verify", "--man=no", *paths])
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "ct0-" in line]
    assert (done.returncode, ours) == (0, [])
