"""The firewall by Puppet, and what `ct0 verify` says of it: Debian 12 with nft and Puppet 7, Debian
13 with iptables and Puppet 8, side by side in networks of their own. One story, told in the order
of the tests; the audit's report and the suites' own timer are in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Callable, NamedTuple, TypeVar

import pytest
import yaml

from puppet_docs import undocumented

from . import ct0_debs, managed
from .command import call
from .fleet import sure
from .lxc import LxcCT, lxc_ct
from .puppet_tools import MODULE
from .recipes import PUPPET_IPTABLES, PUPPET_NODE_BOOKWORM, Recipe, rootfs
from .run import Run
from .tree import Tree, difference, tree

ROOT = Path(__file__).parents[2]
ENVIRONMENT = "/etc/puppet/code/environments/production"
PARTS = ("core", "shims", "audit", "tests/infra")
CT0 = """\
#!/bin/sh
PYTHONPATH={paths} PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 -m {module} "$@"
"""
HIERA = {
    "version": 5,
    "defaults": {"datadir": "data", "data_hash": "yaml_data"},
    "hierarchy": [{"name": "of this host", "path": "common.yaml"}],
}
# What the tests put there, and packages' own files, of which there are many.
APART = (
    *managed.APART,
    *("/usr/bin", "/usr/sbin", "/usr/share", "/usr/lib/python3", "/usr/lib/ruby"),
    *("/usr/lib/locale", "/usr/lib/x86_64-linux-gnu"),
)


class Filter(NamedTuple):
    """A host's packet filter: how it was, how Puppet is to have it, and who meddles with it."""

    name: str
    recipe: Recipe
    before: str  # a shell's: others' rules and the owner's, from before Puppet came
    data: dict[str, Any]
    shown: str
    boot: str
    drift: str
    told: str  # of the drift, by `ct0 verify`
    others: str  # what others do meanwhile, which is no drift
    theirs: tuple[str, ...]  # what of others is in `shown`, whatever Puppet does
    wrong: str  # a rule that no kernel takes
    service: str


NFT = Filter(
    "nft",
    PUPPET_NODE_BOOKWORM,
    """
nft add table inet other
nft add chain inet other input '{ type filter hook input priority 10; }'
nft add rule inet other input counter
nft add table netdev ve_0123456789abcdef
nft add table inet filter
nft add chain inet filter input '{ type filter hook input priority 0; policy accept; }'
nft add rule inet filter input tcp dport 23 drop
""",
    {
        "framework": "nft",
        "policy": {"inet filter input": "drop"},
        "rules": [
            "inet filter input iif lo accept",
            "inet filter input ct state established,related counter accept",
            "inet filter input ip saddr @trusted tcp dport { 22, 80 } accept",
            "inet filter input jump more",
            "inet filter more icmp type echo-request limit rate 5/second accept",
        ],
        "sets": {"inet filter trusted": ["10.0.0.0/8", "192.0.2.1"]},
        "foreign": ["inet other"],
    },
    "nft -s list ruleset",
    "/etc/nftables.conf",
    "nft insert rule inet filter input tcp dport 4711 accept",
    "tcp dport 4711 accept",
    "nft add rule inet other input tcp dport 1 accept",
    ("table inet other", "table netdev ve_0123456789abcdef"),
    "inet filter input tcp dprt 22 accept",
    "nftables",
)
IPTABLES = Filter(
    "iptables",
    PUPPET_IPTABLES,
    """
iptables -N DOCKER
iptables -A FORWARD -o docker0 -j DOCKER
iptables -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables -t nat -N DOCKER
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
iptables -N f2b-sshd
iptables -A f2b-sshd -j RETURN
iptables -A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd
iptables -A INPUT -p tcp -m tcp --dport 23 -j DROP
""",
    {
        "framework": "iptables",
        "family": ["ipv4", "ipv6"],
        "policy": {"INPUT": "DROP", "FORWARD": "ACCEPT"},
        "rules": [
            "-A INPUT -i lo -j ACCEPT",
            "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
            '-A INPUT -p tcp --dport 22 -m comment --comment "who \\"may\\"" -j MINE',
            "-A MINE -j ACCEPT",
            "-A FORWARD -i venet0 -j ACCEPT",
        ],
    },
    "iptables-save; ip6tables-save",
    "/etc/iptables/rules.v4",
    "iptables -I INPUT -p tcp --dport 4711 -j ACCEPT",
    "--dport 4711",
    "iptables -I f2b-sshd -s 192.0.2.66 -j REJECT; iptables -A DOCKER -j RETURN",
    ("-A FORWARD -o docker0 -j DOCKER", "-A INPUT -p tcp -m tcp --dport 22 -j f2b-sshd"),
    "-A INPUT -p tcp --dport 22 -j NOWHERE",
    "netfilter-persistent",
)


class Host(NamedTuple):
    """One of both, running; how it was before."""

    filter: Filter
    ct: LxcCT
    tree: Tree
    rules: str

    def puppet(
        self,
        ensure: str = "present",
        *options: str,
        expectations: dict[str, Any] | None = None,
        **firewall: Any,
    ) -> tuple[int, str]:
        """A run with these parameters of the firewall besides: exit status and what was said."""
        data = {f"ct0::firewall::{key}": value for key, value in self.filter.data.items()}
        data |= {f"ct0::firewall::{key}": value for key, value in firewall.items()}
        data |= {
            "ct0::ensure": ensure,
            "ct0::features": ["verify", "firewall", "audit"],
            "ct0::install_method": "none",
            "ct0::audit::only": ["init", "systemd"],
            "ct0::verify::targets": ["local://"],
            "ct0::verify::expectations": expectations or {"sysctls": [LINUX]},
            "ct0::verify::waivers": [{**WAIVER, "id": "nobodys-*"}],
        }
        self.ct.write(f"{ENVIRONMENT}/data/common.yaml", yaml.safe_dump(data))
        site = f"{ENVIRONMENT}/manifests/site.pp"
        words = ["puppet", "apply", "--color=false", "--detailed-exitcodes", *options, site]
        done = self.ct.run(words, timeout=300)
        return done.returncode, done.stdout + done.stderr

    def verified(self) -> tuple[int, str]:
        """What the unit of the suites found, as NRPE would tell it."""
        self.ct.run(["systemctl", "start", "ct0-verify.service"], timeout=120)
        done = self.ct.run(["/usr/lib/ct0/ct0-last-run", "/var/lib/ct0/verify/last-run", "60"])
        return done.returncode, done.stdout

    def shown(self) -> str:
        """The rules in force, without counters and the times at which they were read."""
        text = sure(self.ct, self.filter.shown)
        return "\n".join(line for line in text.splitlines() if not line.startswith("#"))

    def kept(self) -> Tree:
        return tree(Path(f"/proc/{self.ct.init}/root"), APART)


LINUX = {"id": "is-linux", "values": {"kernel.ostype": "Linux"}}
WAIVER = {"owner": "ct0 lab", "reason": "there is none", "expires": "2099-12-31"}
Result = TypeVar("Result")


def both(hosts: list[Host], do: Callable[[Host], Result]) -> list[Result]:
    with ThreadPoolExecutor(len(hosts)) as pool:
        return list(pool.map(do, hosts))


@pytest.fixture(scope="module")
def hosts(run: Run) -> Iterator[list[Host]]:
    filters = (NFT, IPTABLES)
    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        list(pool.map(rootfs, [each.recipe for each in filters]))
        # What the audit's package brings for every Python there is.
        (audit,) = ct0_debs.built().glob("ct0-audit_*.deb")
        call(["dpkg-deb", "-x", str(audit), str(run.folder / "audit")])
        grammar = run.folder / "audit/usr/lib/ct0/vendor/python3"
        begun = [lxc_ct(run, f"wall-{each.name}", each.recipe) for each in filters]
        entering = [pool.submit(context.__enter__) for context in begun]
        for context, entered in zip(begun, entering):
            if entered.exception() is None:
                stack.push(context)
        cts = [each.result() for each in entering]
        yield list(pool.map(prepared, filters, cts, [grammar] * len(cts)))


def prepared(filter: Filter, ct: LxcCT, grammar: Path) -> Host:
    """As its owner has it who knows nothing of ct0 yet, but for ct0's programs."""
    for part in PARTS:
        ct.copy_in(ROOT / part, f"/srv/ct0/{part}")
    ct.copy_in(grammar, "/srv/ct0/vendor")
    paths = ":".join(f"/srv/ct0/{part}" for part in (*PARTS, "vendor"))
    ct.write("/usr/bin/ct0", CT0.format(paths=paths, module="ct0.cli"))
    plugin = "/usr/lib/ct0/plugins/check_ct0_audit"
    ct.write("/srv/check_ct0_audit", CT0.format(paths=paths, module="ct0_audit.nagios"))
    ct.write(f"{ENVIRONMENT}/hiera.yaml", yaml.safe_dump(HIERA))
    ct.write(f"{ENVIRONMENT}/manifests/site.pp", SITE.format(plugin=plugin))
    ct.copy_in(MODULE, f"{ENVIRONMENT}/modules/ct0")
    sure(ct, f"chmod 755 /usr/bin/ct0 /srv/check_ct0_audit; set -e{filter.before}")
    sure(ct, f"systemctl disable --quiet {filter.service}")
    host = Host(filter, ct, {}, "")
    return host._replace(tree=host.kept(), rules=host.shown())


SITE = """\
include ct0
if $ct0::ensure == 'present' {{
  file {{ '{plugin}': ensure => link, target => '/srv/check_ct0_audit' }}
}} else {{
  file {{ '{plugin}': ensure => absent, before => Class['ct0'] }}
}}
"""


@pytest.fixture(scope="module")
def loaded(hosts: list[Host]) -> list[Host]:
    """Both after the first run, which must have changed things and failed at none."""
    for status, text in both(hosts, Host.puppet):
        assert status == 2, text
    return hosts


def test_noop_changes_nothing(hosts: list[Host]) -> None:
    for status, text in both(hosts, lambda host: host.puppet("present", "--noop")):
        assert status == 0, text
    for host in hosts:
        assert host.shown() == host.rules
        assert difference(host.tree, host.kept()) == []


def test_what_puppet_loaded_is_what_is_expected(loaded: list[Host]) -> None:
    for status, text in both(loaded, Host.verified):
        assert status == 0, text
        assert text.startswith("CT0_VERIFY OK - 3 of 3 passed"), text
    for host in loaded:
        said = json.loads(sure(host.ct, "head -n 1 /var/lib/ct0/verify/results.jsonl"))
        assert said["type"] == "result"


def test_what_changed_on_the_host_is_in_the_docs(loaded: list[Host]) -> None:
    for host in loaded:
        changed = [line.partition(": ")[0] for line in difference(host.tree, host.kept())]
        assert len(changed) > 20
        assert undocumented(changed) == []


def test_others_rules_stay(loaded: list[Host]) -> None:
    for host in loaded:
        now = host.shown()
        for line in host.filter.theirs:
            assert line in now
        assert " 23 " not in now


def test_it_is_loaded_at_boot_by_the_distributions_own_service(loaded: list[Host]) -> None:
    for host in loaded:
        now = host.shown()
        sure(host.ct, f"systemctl is-enabled {host.filter.service}")
        assert "flush ruleset" not in sure(host.ct, f"cat {host.filter.boot}")
        # Again over what is there: the same rules, once.
        if host.filter is NFT:
            sure(host.ct, "systemctl start nftables && systemctl reload nftables")
            assert host.shown() == now


def test_the_next_run_finds_nothing_to_do(loaded: list[Host]) -> None:
    for host in loaded:
        sure(host.ct, host.filter.others)
    for status, text in both(loaded, Host.puppet):
        assert status == 0, text


def test_drift_is_told_then_mended(loaded: list[Host]) -> None:
    def drifted(host: Host) -> list[tuple[int, str]]:
        sure(host.ct, host.filter.drift)
        return [host.verified(), host.puppet(), host.verified()]

    for host, (told, mended, after) in zip(loaded, both(loaded, drifted)):
        assert told[0] == 2, told
        assert host.filter.told in told[1]
        assert mended[0] == 2, mended
        assert after[0] == 0, after


def test_a_wrong_rule_and_a_wrong_expectation_change_nothing(loaded: list[Host]) -> None:
    def refused(host: Host) -> tuple[str, Tree, tuple[int, str]]:
        rules = [*host.filter.data["rules"], host.filter.wrong]
        wrong = {"sysctls": [{**LINUX, "severty": "warning"}]}
        return host.shown(), host.kept(), host.puppet(rules=rules, expectations=wrong)

    for host, (rules, kept, (status, text)) in zip(loaded, both(loaded, refused)):
        assert status in (4, 6), text
        assert "'severty' was unexpected" in text
        assert host.shown() == rules
        changed = {line.partition(":")[0] for line in difference(kept, host.kept())}
        # What iptables can tell only when it loads is in the file that is to be loaded. The audit's
        # timer may have run meanwhile.
        assert {each for each in changed if not each.startswith("/var/")} <= {
            "/etc/ct0/firewall/ipv4",
            "/etc/ct0/firewall/ipv6",
        }


def test_a_probe_that_fails_brings_the_rules_back(loaded: list[Host]) -> None:
    def probed(host: Host) -> tuple[str, tuple[int, str]]:
        probe = "echo nobody answers; exit 1"
        return host.shown(), host.puppet(rules=host.filter.data["rules"][1:], probe=probe)

    for host, (before, (status, text)) in zip(loaded, both(loaded, probed)):
        assert status in (4, 6), text
        assert "the probe failed, and the rules before are back: nobody answers" in text, text
        assert host.shown() == before


def test_the_audit_is_reported_by_a_unit_without_more_rights_than_it_needs(
    loaded: list[Host],
) -> None:
    def reports(host: Host) -> tuple[dict[str, Any], dict[str, Any], str]:
        host.ct.run(["systemctl", "start", "ct0-audit.service"], timeout=120)
        read = json.loads(sure(host.ct, "cat /var/lib/ct0/audit/report.json"))
        by_hand = host.ct.run(["ct0", "audit", "--only=init", "--only=systemd", "--format=json"])
        said = host.ct.run(["/usr/lib/ct0/ct0-last-run", "/var/lib/ct0/audit/last-run", "60"])
        return read, json.loads(by_hand.stdout), said.stdout

    for read, by_hand, said in both(loaded, reports):
        assert read["findings"] == by_hand["findings"]
        assert said.startswith("AUDIT "), said
        assert said.count("UNKNOWN") == 0


def test_absent_gives_back_what_was_there(loaded: list[Host]) -> None:
    # What others did meanwhile is theirs.
    sure(loaded[0].ct, "nft flush chain inet other input; nft add rule inet other input counter")
    loaded[1].ct.run(["iptables", "-D", "f2b-sshd", "-s", "192.0.2.66", "-j", "REJECT"])
    sure(loaded[1].ct, "iptables -F DOCKER")
    for status, text in both(loaded, lambda host: host.puppet("absent")):
        assert status == 2, text
    for host in loaded:
        assert host.shown().split("*nat")[0] == host.rules.split("*nat")[0]
        assert difference(host.tree, host.kept()) == []
        done = host.ct.run(["systemctl", "is-enabled", host.filter.service])
        assert done.stdout.strip() == "disabled"
    for status, text in both(loaded, lambda host: host.puppet("absent")):
        assert status == 0, text
