"""`ct0 verify` over ssh: two nodes and their four CTs in one run, all well; then twelve faults.

Each fault is planted for real, alone, and undone. What is found then is exactly that fault: whose
it is, and which expectation it breaks.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Callable, NamedTuple

import pytest

from .fleet import FILES, Fleet, apply, make_key, sure
from .shims import PARTS

ROOTS = ("core", "shims", "audit", "tests/infra")
WELL = ("passed", "waived", "not_applicable")
EVERYBODY = {"node-a", "node-a/web", "node-a/mail", "node-b", "node-b/shop", "node-b/base"}
Found = set[tuple[str, str]]


class Verified(NamedTuple):
    """What a run of `ct0 verify` wrote as JSON lines, and its exit status."""

    status: int
    results: list[dict[str, str]]

    @property
    def judged(self) -> set[str]:
        return {who(each) for each in self.results}

    @property
    def suites(self) -> set[str]:
        return {each["suite"] for each in self.results}

    @property
    def found(self) -> Found:
        """Whose expectations are not met, or could not be judged."""
        return {
            (who(each), each["expectation"]) for each in self.results if each["outcome"] not in WELL
        }

    def count(self, outcome: str) -> int:
        return sum(each["outcome"] == outcome for each in self.results)

    def told(self) -> str:
        lines = [f"{who(each)} {each['expectation']}: {each['problems']}" for each in self.results]
        return "\n".join([f"status {self.status}", *lines])


def who(result: dict[str, str]) -> str:
    node = result["node"]
    return f"{node}/{result['name'] or result['ctid']}" if result["ctid"] else node


def verify(
    fleet: Fleet,
    folder: Path,
    nodes: Sequence[str],
    waived: int = 30,
    suites: Sequence[str] = (),
) -> Verified:
    """The real command; what is known of the fleet is waived for so many days from today on."""
    lines = folder / "results.jsonl"
    words = [f"--hosts={','.join(map(fleet.url, nodes))}", f"--waivers={waivers(folder, waived)}"]
    words += [f"--jsonl={lines}", *expectations(nodes), *(f"--suite={each}" for each in suites)]
    done = subprocess.run(
        [sys.executable, "-m", "ct0.cli", "verify", *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert lines.exists(), done.stdout + done.stderr
    read = [json.loads(line) for line in lines.read_text(encoding="ascii").splitlines()]
    assert read[-1]["type"] == "summary"
    assert read[-1]["status"] == done.returncode
    return Verified(done.returncode, read[:-1])


def expectations(nodes: Sequence[str], option: str = "--expect") -> list[str]:
    """All that is expected of these nodes, and nothing of others."""
    files = ["fleet.yaml", *(f"fleet-{node}.yaml" for node in nodes)]
    return [f"{option}={FILES.parent / file}" for file in files]


def environment() -> dict[str, str]:
    paths = os.pathsep.join(str(PARTS / part) for part in ROOTS)
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONPATH": paths}


def waivers(folder: Path, days: int = 30) -> Path:
    path = folder / "waivers.yaml"
    path.write_text(WAIVERS.format(day=date.today() + timedelta(days)), encoding="utf-8")
    return path


WAIVERS = """\
version: 1
waivers:
  - id: counts-its-own
    owner: ct0 lab
    reason: lxc-unpriv-start looks for users' own systemd; nobody here has one
    expires: {day}
"""


# The faults: each is there as long as its context.


@contextmanager
def puppet_disabled(fleet: Fleet) -> Iterator[None]:
    sure(fleet.a, "puppet agent --disable 'ct0 lab'")
    try:
        yield
    finally:
        sure(fleet.a, "puppet agent --enable")


@contextmanager
def failed_catalog(fleet: Fleet) -> Iterator[None]:
    """A resource that cannot be had; the next run is well again."""
    fleet.b.write("/root/bad.pp", "file { '/nonexistent/folder/file': ensure => file }\n")
    try:
        assert apply(fleet.b, "/root/bad.pp") in (4, 6)
        yield
    finally:
        sure(fleet.b, "rm /root/bad.pp")
        assert apply(fleet.b) == 0


@contextmanager
def killall_in_an_init_script(fleet: Fleet) -> Iterator[None]:
    path = "/etc/init.d/leftover"
    fleet.a.write(path, KILLALL)
    sure(fleet.a, f"chmod 755 {path}")
    try:
        yield
    finally:
        sure(fleet.a, f"rm {path}")


KILLALL = """\
#!/bin/sh
PATH=/sbin:/usr/sbin:/bin:/usr/bin
case "$1" in
    start) /usr/sbin/leftoverd ;;
    stop) killall -15 leftoverd ;;
esac
"""


def filtered(*changes: str) -> Callable[[Fleet], AbstractContextManager[None]]:
    """node-b with another ruleset, which is saved as well."""
    save = "iptables-save > /etc/iptables/rules.v4"
    text = "\n".join(["set -e", *changes, save])

    @contextmanager
    def plant(fleet: Fleet) -> Iterator[None]:
        try:
            sure(fleet.b, text)
            yield
        finally:
            fleet.b.copy_in(FILES / "rules.v4", "/etc/iptables/rules.v4")
            sure(fleet.b, "iptables-restore /etc/iptables/rules.v4")

    return plant


@contextmanager
def extra_accept(fleet: Fleet) -> Iterator[None]:
    """On node-a, live and saved."""
    rule = "\t\ttcp dport 3306 accept\n\t\ticmp"
    text = (FILES / "nftables.conf").read_text(encoding="utf-8").replace("\t\ticmp", rule)
    try:
        fleet.a.write("/etc/nftables.conf", text)
        sure(fleet.a, "nft -f /etc/nftables.conf")
        yield
    finally:
        fleet.a.copy_in(FILES / "nftables.conf", "/etc/nftables.conf")
        sure(fleet.a, "nft -f /etc/nftables.conf")


@contextmanager
def saved_is_not_live(fleet: Fleet) -> Iterator[None]:
    """After the next boot node-a would let in what it does not now."""
    rule = "\t\ttcp dport 8080 accept\n\t\ticmp"
    text = (FILES / "nftables.conf").read_text(encoding="utf-8").replace("\t\ticmp", rule)
    try:
        fleet.a.write("/etc/nftables.conf", text)
        yield
    finally:
        fleet.a.copy_in(FILES / "nftables.conf", "/etc/nftables.conf")


@contextmanager
def only_the_containers_cron(fleet: Fleet) -> Iterator[None]:
    """CT0's own is stopped; those of its CTs are in its process table as before."""
    sure(fleet.a, "systemctl stop cron")
    try:
        assert sure(fleet.a, "pidof cron").split()
        yield
    finally:
        sure(fleet.a, "systemctl start cron")


@contextmanager
def key_without_passphrase(fleet: Fleet) -> Iterator[None]:
    key = fleet.ssh_config.parent / "planted"
    make_key(key)
    fleet.b.copy_in(key, "/root/.ssh/id_ed25519")
    try:
        yield
    finally:
        sure(fleet.b, "rm /root/.ssh/id_ed25519")
        for path in (key, key.with_suffix(".pub")):
            path.unlink()


@contextmanager
def dead_node(fleet: Fleet) -> Iterator[None]:
    sure(fleet.b, "systemctl stop ssh")
    try:
        yield
    finally:
        sure(fleet.b, "systemctl start ssh")


@contextmanager
def stopped_ct(fleet: Fleet) -> Iterator[None]:
    fleet.a.ct("102").stop()
    try:
        yield
    finally:
        fleet.a.start_ct("102")


@contextmanager
def nothing(fleet: Fleet) -> Iterator[None]:
    yield


class Fault(NamedTuple):
    """What is planted, which nodes are judged, and what is then found, in which words.

    Suites that take seconds are left out where they are not what is at stake.
    """

    plant: Callable[[Fleet], AbstractContextManager[None]]
    nodes: tuple[str, ...]
    whose: str
    expectation: str
    told: str
    slow: tuple[str, ...] = ()
    waived: int = 30
    status: int = 2
    silent: tuple[str, ...] = ()  # of whom nothing can be known


QUICK = ("state", "processes", "services", "firewall", "ssh", "mounts", "sysctls")
SLOW = ("puppet", "initscripts", "shims")
A, B, BOTH = ("node-a",), ("node-b",), ("node-a", "node-b")
PING = "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT"
FAULTS = {
    "Puppet disabled": Fault(puppet_disabled, A, "node-a", "puppet-a", "disabled", ("puppet",)),
    "failed catalog": Fault(failed_catalog, B, "node-b", "puppet-b", "failed", ("puppet",)),
    "init script with killall": Fault(
        killall_in_an_init_script, A, "node-a", "spares-containers", "leftoverd", ("initscripts",)
    ),
    "missing rule": Fault(
        filtered(f"iptables {PING.replace('-A', '-D')}"), B, "node-b", "filter-b", "icmp"
    ),
    "extra ACCEPT": Fault(extra_accept, A, "node-a", "filter-a", "3306"),
    "wrong FORWARD policy": Fault(
        filtered("iptables -P FORWARD ACCEPT"), B, "node-b", "policies-b", "FORWARD"
    ),
    "saved is not live": Fault(saved_is_not_live, A, "node-a", "saved-a", "8080"),
    "only a CT's daemon": Fault(
        only_the_containers_cron, A, "node-a", "cron-runs", "no cron of its own"
    ),
    "key without passphrase": Fault(
        key_without_passphrase, B, "node-b", "root-by-key-only", "/root/.ssh/id_ed25519"
    ),
    "expired waiver": Fault(
        nothing,
        A,
        "node-a",
        "counts-its-own",
        "/usr/bin/lxc-unpriv-start",
        ("initscripts",),
        waived=-1,
        status=1,
    ),
    "dead node": Fault(
        dead_node,
        BOTH,
        "node-b",
        "state",
        "refused",
        SLOW,
        status=3,
        silent=("node-b/shop", "node-b/base"),
    ),
    "stopped CT": Fault(stopped_ct, A, "node-a/mail", "runs", "stopped"),
}


@pytest.fixture(scope="module")
def well(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Verified:
    """All that is expected, of everybody, before any fault."""
    return verify(fleet, tmp_path_factory.mktemp("well"), BOTH)


def test_all_is_well(well: Verified) -> None:
    assert (well.found, well.status) == (set(), 0), well.told()
    assert well.judged == EVERYBODY
    assert well.suites == {*QUICK, *SLOW}


def test_the_same_by_pytest_on_several_processors(
    fleet: Fleet, well: Verified, tmp_path: Path
) -> None:
    words = [f"--hosts={','.join(fleet.urls)}", f"--ct0-waivers={waivers(tmp_path)}"]
    words += ["-n2", "-p", "no:cacheprovider", "-q", *expectations(BOTH, "--ct0-expect")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--pyargs", "ct0_suites", *words],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    told = done.stdout + done.stderr
    assert done.returncode == 0, told
    counted = re.findall(r"(\d+) (passed|xfailed|failed|error)", told.splitlines()[-1])
    assert {outcome: int(number) for number, outcome in counted} == {
        "passed": well.count("passed"),
        "xfailed": well.count("waived"),
    }


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_found_and_nothing_else(name: str, fleet: Fleet, tmp_path: Path) -> None:
    fault = FAULTS[name]
    with fault.plant(fleet):
        done = verify(fleet, tmp_path, fault.nodes, fault.waived, [*QUICK, *fault.slow])
    assert done.found == {(fault.whose, fault.expectation)}, done.told()
    (one,) = [each for each in done.results if each["outcome"] not in WELL]
    assert fault.told in "\n".join(one["problems"])
    assert done.status == fault.status
    looked_at = {each for each in EVERYBODY if each.split("/")[0] in fault.nodes}
    assert done.judged == looked_at - set(fault.silent)
