"""Puppet makes two bare nodes ct0's, Debian 12 with Puppet 7 and Debian 13 with Puppet 8, side by
side: what it changes, what it protects from then on, what it mends, and that it takes all of it
off again to the byte. One story, told in the order of the tests.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bcrypt
import pytest

from exporters.served import certificate
from puppet_docs import undocumented

from .managed import Applied, Estate, Managed, estate_of, outcome, until
from .nrpe import Nrpe
from .prometheus import serving
from .run import Run
from .tree import Tree, difference

PORT = 9955
USER, PASSWORD = "prometheus", "a password of the lab's"
FEATURES = ["shims", "exporter", "checks", "audit", "verify", "service_guard"]
DIVERTED = ("pidof", "killall", "pkill", "pgrep")
# What is expected of each node from then on: that the shims protect, and that the rest works.
EXPECTED = {
    "shims": [
        {"id": "shims-in-front", "commands": list(DIVERTED), "callers": ["init", "absolute"]},
        {"id": "shims-protect", "for": {"kind": "ct0"}, "canary": True, "callers": ["init"]},
    ],
    "services": [{"id": "ssh-runs", "for": {"kind": "ct0"}, "name": "ssh", "enabled": True}],
    "state": [{"id": "cts-run", "for": {"kind": "ct"}, "is": "running"}],
    "checks": [
        {
            "id": "own-cron-runs",
            "for": {"kind": "ct0"},
            "plugin": "check_procs",
            "arguments": ["-c", "1:1", "-C", "cron"],
        }
    ],
}


class Bare(NamedTuple):
    """How the nodes are before, and what Puppet said it would do."""

    estate: Estate
    trees: list[Tree]


@pytest.fixture(scope="module")
def estate(run: Run) -> Iterator[Estate]:
    with estate_of(run) as estate:
        for managed in estate.nodes:
            managed.configure(wanted(managed))
        yield estate


@pytest.fixture(scope="module")
def bare(estate: Estate) -> Bare:
    return Bare(estate, estate.both(Managed.tree))


@pytest.fixture(scope="module")
def installed(bare: Bare) -> Estate:
    """Both nodes after the first run, which must have changed things and failed at none."""
    for applied in bare.estate.both(Managed.puppet):
        assert applied.status == 2, outcome(applied)
    return bare.estate


def wanted(managed: Managed) -> dict[str, Any]:
    """Its Hiera data: everything that the module offers, by ct0's Debian packages."""
    pair = certificate(managed.folder, managed.name, f"IP:{managed.address},DNS:{managed.name}")
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    return {
        "ct0::features": FEATURES,
        "ct0::shims::divert": list(DIVERTED),
        "ct0::exporter::listen": [f":{PORT}"],
        "ct0::exporter::tls": {"cert": pair.cert.read_text(), "key": pair.key.read_text()},
        "ct0::exporter::users": {USER: hashed},
        "ct0::checks::nrpe": True,
        "ct0::verify::expectations": EXPECTED,
    }


def answer(managed: Managed, command: str) -> tuple[int, str]:
    """What NRPE on the node answers this machine, as Nagios would ask it."""
    got = Nrpe(managed.address, Path("/")).run_check(command)
    return got.state, got.text


def unchanged(applied: Applied) -> bool:
    return applied.status == 0 and applied.summary["events"]["total"] == 0


def test_on_a_bare_host_pidof_sees_the_containers(run: Run, bare: Bare) -> None:
    def seen(managed: Managed) -> int:
        place = managed.node.ct(managed.ctid)
        pids = [managed.node.start_daemon(run.daemon), place.start_daemon(run.daemon)]
        try:
            return len(managed.sure(f"/usr/bin/pidof {run.daemon_name}").split())
        finally:
            managed.sure(f"kill {' '.join(str(managed.node.inside(pid)) for pid in pids)}")

    assert bare.estate.both(seen) == [2, 2]


def test_noop_changes_nothing(bare: Bare) -> None:
    for applied in bare.estate.both(lambda managed: managed.puppet("--noop")):
        assert applied.status == 0, outcome(applied)
        assert applied.summary["events"]["noop"] > 10
    for before, after in zip(bare.trees, bare.estate.both(Managed.tree)):
        assert difference(before, after) == []


def test_second_run_finds_nothing_to_do(installed: Estate) -> None:
    for applied in installed.both(Managed.puppet):
        assert unchanged(applied), outcome(applied)


def test_what_changed_is_in_the_docs(bare: Bare, installed: Estate) -> None:
    def packaged(managed: Managed) -> set[str]:
        """What dpkg has of ct0's packages, as it lies on a merged /usr."""
        listed = managed.sure("cat /var/lib/dpkg/info/ct0*.list").splitlines()
        return {f"/usr{path}" if path.startswith("/lib/") else path for path in listed}

    for before, after, own in zip(
        bare.trees, installed.both(Managed.tree), installed.both(packaged)
    ):
        changed = {line.partition(": ")[0] for line in difference(before, after)} - own
        by_python = {path for path in changed if "/__pycache__" in path or path.endswith(".pyc")}
        assert undocumented(sorted(changed - by_python - {"packages", "diversions"})) == []


def test_shims_protect_whoever_calls_by_absolute_path(run: Run, installed: Estate) -> None:
    def stopped(managed: Managed) -> tuple[list[int], list[int]]:
        """(whom pidof saw beside CT0's own, whom killall left alive)."""
        ct = managed.node.ct(managed.ctid)
        own, other = managed.node.start_daemon(run.daemon), ct.start_daemon(run.daemon)
        inside = managed.node.inside(own)
        seen = [int(pid) for pid in managed.sure(f"/usr/bin/pidof {run.daemon_name}").split()]
        managed.sure(f"/usr/bin/killall -w {run.daemon_name}")
        left = [*managed.node.pids(run.daemon_name), *ct.pids(run.daemon_name)]
        os.kill(other, signal.SIGKILL)
        return [pid for pid in seen if pid != inside], [pid for pid in left if pid != other]

    assert installed.both(stopped) == [([], []), ([], [])]


def test_nrpe_answers(installed: Estate) -> None:
    for managed in installed.nodes:
        managed.sure("systemctl start ct0-state.service")
        state, text = answer(managed, "ct_state")
        assert state == 0, text
        assert text.startswith("CT_STATE OK"), text


def test_prometheus_scrapes_over_tls_with_a_password(run: Run, installed: Estate) -> None:
    nodes = installed.nodes
    authority = certificate(nodes[0].folder, "", "").cert
    secret = run.folder / "scrape.password"
    secret.write_text(PASSWORD)
    job = {
        "job_name": "ct0",
        "scheme": "https",
        "tls_config": {"ca_file": str(authority)},
        "basic_auth": {"username": USER, "password_file": str(secret)},
        "static_configs": [{"targets": [f"{managed.address}:{PORT}" for managed in nodes]}],
    }
    stranger = {**job, "job_name": "stranger"}
    del stranger["basic_auth"]
    every = {"scrape_interval": "1s", "scrape_timeout": "1s"}
    config = {"scrape_configs": [{**job, **every}, {**stranger, **every}]}
    with serving(run, "prometheus-puppet", config) as server:
        until("both scrapes", lambda: len(server.query('up{job="ct0"} == 1')) == 2, 60)
        names = {each["metric"]["ctid"] for each in server.query('ct_state{state="running"} == 1')}
        until("both refusals", lambda: len(server.query('up{job="stranger"} == 0')) == 2)
    assert names == {managed.ctid for managed in nodes}


def test_audit_is_reported(installed: Estate) -> None:
    def report(managed: Managed) -> tuple[bool, tuple[int, str]]:
        managed.sure("systemctl start ct0-audit.service")
        found = json.loads(managed.sure("cat /var/lib/ct0/audit/report.json"))
        return "findings" in found, answer(managed, "ct0_audit")

    for there, (state, text) in installed.both(report):
        assert there
        assert state in (0, 1, 2), text
        assert "UNKNOWN" not in text


def test_verify_is_green(installed: Estate) -> None:
    def verified(managed: Managed) -> tuple[int, str]:
        managed.sure("systemctl start ct0-verify.service")
        return answer(managed, "ct0_verify")

    for state, text in installed.both(verified):
        assert state == 0, text


DRIFT = (
    "rm /usr/lib/ct0/shims/pidof",
    "rm /usr/bin/pkill",
    "systemctl disable --now ct0-exporter.service",
    "echo '# by hand' >> /etc/default/ct0-exporter",
    "rm /etc/nagios/nrpe.d/ct0_ct0_health.cfg",
    "chmod 644 /etc/ct0/expectations.d/puppet.yaml",
    "systemctl stop ct0-audit.timer",
)


def test_what_drifted_is_mended(installed: Estate) -> None:
    def drifted(managed: Managed) -> tuple[Tree, Applied, Tree]:
        before = managed.tree()
        for line in DRIFT:
            managed.sure(line)
        return before, managed.puppet(), managed.tree()

    for before, applied, after in installed.both(drifted):
        assert applied.status == 2, outcome(applied)
        # Files that were written anew have another time, and no other difference; a timer that was
        # started again writes its report.
        found = difference(timeless(before), timeless(after))
        assert [line for line in found if not line.startswith("/var/lib/ct0/audit/")] == []
    for applied in installed.both(Managed.puppet):
        assert unchanged(applied), outcome(applied)


def timeless(tree: Tree) -> Tree:
    """The marks without files' times."""
    return {path: " ".join(mark.split()[:2] + mark.split()[-1:]) for path, mark in tree.items()}


def test_upgraded_packages_leave_the_shims_in_front(run: Run, installed: Estate) -> None:
    def upgraded(managed: Managed) -> list[str]:
        managed.sure(UPGRADE)
        lines = [f"readlink -f /usr/bin/{each}" for each in DIVERTED]
        return managed.sure("\n".join(lines)).split()

    for places in installed.both(upgraded):
        assert places == ["/usr/lib/ct0/ct0-shims"] * len(DIVERTED)
    for applied in installed.both(Managed.puppet):
        assert unchanged(applied), outcome(applied)


# As a point release does it: the same packages with a higher version.
UPGRADE = """set -e
cd /srv/upgrades
for package in *.deb; do
    rm -rf unpacked && dpkg-deb -R "$package" unpacked
    sed -i 's/^Version: .*/&+ct0/' unpacked/DEBIAN/control
    dpkg-deb -Zgzip -z1 -b unpacked new.deb >&2
    dpkg -i new.deb >&2
done
rm -rf unpacked new.deb
"""


def test_absent_gives_the_tree_back(bare: Bare, installed: Estate) -> None:
    # What was upgraded meanwhile goes back first: it is not Puppet's.
    installed.both(lambda managed: managed.sure("dpkg -i /srv/upgrades/*.deb"))
    for managed in installed.nodes:
        managed.configure({**wanted(managed), "ct0::ensure": "absent"})
    for applied in installed.both(Managed.puppet):
        assert applied.status == 2, outcome(applied)
    for before, after in zip(bare.trees, installed.both(Managed.tree)):
        assert difference(before, after) == []
    for applied in installed.both(Managed.puppet):
        assert unchanged(applied), outcome(applied)
