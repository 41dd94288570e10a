"""The suite firewall on rules that the kernel has, in network namespaces of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from ct0.errors import Unavailable
from ct0_suites.records import CT, CT0, HOST, Subject
from ct0_suites.suites import firewall
from ct0_suites.target import Target
from ct0_suites.transport import Inside, Local

from .run import Run
from .service import service

# /etc as it is, and what is written to it gone at the end.
OWN_ETC = """\
set -e
mkdir -p {folder}
mount -t tmpfs tmpfs {folder}
mkdir {folder}/upper {folder}/work
mount -t overlay overlay -o lowerdir=/etc,upperdir={folder}/upper,workdir={folder}/work /etc
mkdir -p /etc/iptables
rm -f /etc/nftables.conf
ip link set lo up
"""
LEGACY = "".join(
    f"ln -sf /usr/sbin/{p}tables-legacy{end} /etc/alternatives/{p}tables{end}\n"
    for p in ("ip", "ip6")
    for end in ("", "-save", "-restore")
)

IPTABLES_RULES = [
    "-A INPUT -i lo -j ACCEPT",
    "-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT",
    "-A INPUT -p tcp -m tcp --dport ssh -s 192.0.2.9/255.255.255.0 -j ACCEPT",
    '-A INPUT -p tcp -m multiport --dports 443,http -m comment --comment "a \\"web\\"" -j ACCEPT',
    "-A INPUT -p icmp --icmp-type echo-request -m limit --limit 5/second -j ACCEPT",
    "-A FORWARD -i venet0 -o eth0 -j ACCEPT",
]
NFT_RULES = [
    'inet filter input iif "lo" accept',
    "inet filter input ct state established,related accept",
    "inet filter input tcp dport { 80, 443, 22 } accept",
]
NFT_FILE = """\
table inet filter {
  chain input { type filter hook input priority 0; policy drop;
    iif lo accept
    ct state { established, related } counter accept
    tcp dport { ssh, http, https } accept comment "open"
  }
  chain forward { type filter hook forward priority 0; policy accept; }
}
"""
IPTABLES = {
    "rules": {
        "mode": "exact",
        "policy": {"INPUT": "DROP", "FORWARD": "ACCEPT"},
        "rules": IPTABLES_RULES,
        "one_framework": False,
    },
    "saved": {"saved": True, "framework": "iptables", "one_framework": False},
    "frameworks": {},
}
NFT: dict[str, dict[str, Any]] = {
    "rules": {
        "mode": "exact",
        "policy": {"inet filter input": "drop", "inet filter forward": "accept"},
        "rules": NFT_RULES,
        "chains": ["inet filter *"],
        "one_framework": False,
    },
    "saved": {"saved": "/etc/nftables.conf", "one_framework": False},
    "frameworks": {},
}


class Namespace(NamedTuple):
    """A network and /etc of its own, with rules in it."""

    transport: Inside
    pid: int
    wanted: dict[str, dict[str, Any]]
    load: str
    save: str

    def sh(self, text: str) -> str:
        said = self.transport.run(f"set -e\n{text}")
        assert said.status == 0, said.trouble
        return said.text

    def target(self) -> Target:
        return Target(Subject("lab", HOST), self.transport)

    def problems(self) -> dict[str, list[str]]:
        found = {}
        for name, want in self.wanted.items():
            lines = list(firewall.judge(want, self.target()))
            if lines:
                found[name] = lines
        return found


@contextmanager
def namespace(run: Run, name: str) -> Iterator[tuple[Inside, int]]:
    own = os.readlink("/proc/self/ns/net")
    argv = ["unshare", "--net", "--mount", "sleep", "1000"]
    with service(argv, run.folder / f"firewall-{name}.log", lambda: True) as pid:
        way = Inside(Local(), lambda text: enter(pid, text), name)
        folder = run.folder / f"firewall-{name}"
        while os.readlink(f"/proc/{pid}/ns/net") == own or comm(pid) != "sleep":
            pass
        said = way.run(OWN_ETC.format(folder=folder))
        assert said.status == 0, said.trouble
        yield way, pid


def comm(pid: int) -> str:
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().strip()


def enter(pid: int, text: str) -> list[str]:
    return ["nsenter", "-t", str(pid), "-n", "-m", "--", "/bin/sh", "-c", text]


def commands(program: str) -> str:
    lines = [f"{program} -P INPUT DROP"]
    lines += [f"{program} {rule}" for rule in IPTABLES_RULES]
    return "\n".join(lines)


KINDS = {
    "iptables-nft": ("", IPTABLES, commands("iptables-nft"), "iptables-nft-save"),
    "iptables-legacy": (LEGACY, IPTABLES, commands("iptables-legacy"), "iptables-legacy-save"),
    "nft": ("", NFT, f"nft -f - <<'END'\n{NFT_FILE}END", "nft list ruleset"),
}


@pytest.fixture(params=KINDS)
def loaded(request: pytest.FixtureRequest, run: Run) -> Iterator[Namespace]:
    before, wanted, load, show = KINDS[request.param]
    path = "/etc/nftables.conf" if request.param == "nft" else "/etc/iptables/rules.v4"
    with namespace(run, request.param) as (way, pid):
        found = Namespace(way, pid, wanted, load, f"{show} >{path}")
        found.sh(f"{before}{load}\n{found.save}")
        yield found


def test_rules_as_they_should_be_are_green(loaded: Namespace) -> None:
    assert loaded.problems() == {}


def faults(loaded: Namespace) -> dict[str, tuple[str, str, str]]:
    """What is done -> how, which expectation fails, and with which words."""
    other = "iptables-nft" if "legacy" in loaded.load else "iptables-legacy"
    two = (f"{other} -A INPUT -j ACCEPT", "frameworks", "two frameworks at once: ")
    if loaded.wanted is NFT:
        rule = "$(nft -a list chain inet filter input | sed -n 's/.*tcp dport.* handle //p')"
        saved = "sed -i '/tcp dport/d' /etc/nftables.conf"
        where = "inet filter "
        return {
            "missing": (
                f"nft delete rule inet filter input handle {rule}\n{loaded.save}",
                "rules",
                f"{where}input: missing: {where}input tcp dport {{ 22, 443, 80 }} accept",
            ),
            "extra": (
                f"nft add rule inet filter input position {rule} accept\n{loaded.save}",
                "rules",
                f"{where}input: extra, rule 4: {where}input accept",
            ),
            "policy": (
                "nft chain inet filter forward '{ policy drop; }'\n" + loaded.save,
                "rules",
                f"{where}forward: policy is drop, not accept",
            ),
            "saved": (saved, "saved", "in force is not what /etc/nftables.conf says: "),
            "two": two,
        }
    program = loaded.save.partition("-save")[0]
    path = "/etc/iptables/rules.v4"
    return {
        "missing": (
            f"{program} -D INPUT -i lo -j ACCEPT\n{loaded.save}",
            "rules",
            "INPUT: missing: -A INPUT -i lo -j ACCEPT",
        ),
        "extra": (
            f"{program} -I INPUT 2 -j ACCEPT\n{loaded.save}",
            "rules",
            "INPUT: extra, rule 2: -A INPUT -j ACCEPT",
        ),
        "policy": (
            f"{program} -P FORWARD DROP\n{loaded.save}",
            "rules",
            "FORWARD: policy is DROP, not ACCEPT",
        ),
        "saved": (
            f"sed -i '/-i lo/d' {path}",
            "saved",
            f"in force is not what {path} says: INPUT: extra, rule 1: -A INPUT -i lo -j ACCEPT",
        ),
        "two": two,
    }


@pytest.mark.parametrize("fault", ["missing", "extra", "policy", "saved", "two"])
def test_each_fault_is_found_and_nothing_else(loaded: Namespace, fault: str) -> None:
    text, expectation, words = faults(loaded)[fault]
    loaded.sh(text)
    ((failed, lines),) = loaded.problems().items()
    assert failed == expectation
    assert len(lines) == 1
    assert lines[0].startswith(words)


@pytest.mark.parametrize("fault", ["missing", "extra", "policy"])
def test_what_is_observed_holds_until_something_changes(loaded: Namespace, fault: str) -> None:
    seen = list(firewall.observe(loaded.target()))
    assert any(want.get("saved") for want in seen)
    assert [list(firewall.judge(want, loaded.target())) for want in seen] == [[] for _ in seen]
    text, _, words = faults(loaded)[fault]
    loaded.sh(text)
    (line,) = [line for want in seen for line in firewall.judge(want, loaded.target())]
    assert line.partition(":")[0] == words.partition(":")[0]


def test_a_file_written_by_people_is_loaded_elsewhere_to_be_compared(run: Run) -> None:
    with namespace(run, "typed") as (way, pid):
        found = Namespace(way, pid, NFT, "", "")
        typed = NFT_FILE.replace("table inet", "define web = { http, https, ssh }\ntable inet")
        typed = typed.replace("{ ssh, http, https }", "$web")
        found.sh(f"cat >/etc/nftables.conf <<'END'\n{typed}END\nnft -f /etc/nftables.conf")
        assert found.problems() == {}
        before = found.sh("nft list ruleset")
        found.sh("sed -i 's/policy drop/policy accept/' /etc/nftables.conf")
        assert list(found.problems()) == ["saved"]
        assert found.sh("nft list ruleset") == before


def test_looking_loads_no_table(run: Run) -> None:
    with namespace(run, "fresh") as (way, pid):
        found = Namespace(
            way, pid, {"none": {"mode": "exact", "policy": {"INPUT": "ACCEPT"}}}, "", ""
        )
        names = "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names; nft list ruleset"
        assert found.sh(names).strip() == ""
        assert found.problems() == {}
        assert len(list(firewall.observe(found.target()))) == 2
        assert found.sh(names).strip() == ""


def test_a_ct_without_commands_is_read_from_its_machine(run: Run) -> None:
    with namespace(run, "bare") as (way, pid):
        found = Namespace(way, pid, {}, "", "")
        found.sh(f"{commands('iptables-nft')}\nmount -t tmpfs tmpfs /usr/sbin")
        machine = Target(Subject("lab", CT0), Local())
        want = IPTABLES["rules"]

        def ct(init_pid: int) -> Target:
            return Target(Subject("lab", CT, "lxc", "1"), way, machine=machine, init_pid=init_pid)

        assert list(firewall.judge(want, ct(pid))) == []
        assert len(list(firewall.judge({"rules": ["-A INPUT -j DROP"]}, ct(pid)))) == 1
        with pytest.raises(Unavailable, match="network namespace"):
            list(firewall.judge(want, ct(os.getpid())))
        with pytest.raises(Unavailable, match="no iptables-save"):
            list(firewall.judge(want, ct(0)))


def test_ipsets_of_rules_are_observed_and_missed(run: Run) -> None:
    with namespace(run, "ipset") as (way, pid):
        found = Namespace(way, pid, {}, "", "")
        found.sh("ipset create trusted hash:net\nipset add trusted 192.0.2.0/24")
        found.sh("iptables -A INPUT -m set --match-set trusted src -j ACCEPT")
        want = next(iter(firewall.observe(found.target())))
        assert want["sets"] == {"trusted": ["192.0.2.0/24"]}
        assert list(firewall.judge(want, found.target())) == []
        found.sh("ipset add trusted 0.0.0.0/1")
        assert list(firewall.judge(want, found.target())) == [
            "trusted: 0.0.0.0/1 is in this set besides"
        ]
