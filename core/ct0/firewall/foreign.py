"""Chains, tables and rules that other programs put there by themselves: told, never judged.

One literal table. They come and go with containers, banned addresses and virtual machines, and who
declares a firewall does not declare them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from typing import NamedTuple

from ct0.firewall.rules import Rule, Table, shown


class Manager(NamedTuple):
    chains: tuple[str, ...] = ()  # of iptables, as shell patterns
    tables: tuple[str, ...] = ()  # of nft
    rules: tuple[str, ...] = ()  # in others' chains, as regular expressions


MANAGERS = {
    # Its accept rules are its own only where its chains are.
    "Docker": Manager(
        ("DOCKER", "DOCKER-*", "DOCKER_*"),
        ("ip docker-bridges", "ip6 docker-bridges"),
        (
            r"-A FORWARD -o (docker0|br-[0-9a-f]{12}) -m conntrack --ctstate"
            r" RELATED,ESTABLISHED -j ACCEPT",
            r"-A FORWARD -i (docker0|br-[0-9a-f]{12}) ! -o \1 -j ACCEPT",
            r"-A FORWARD -i (docker0|br-[0-9a-f]{12}) -o \1 -j (ACCEPT|DROP)",
            r"-A POSTROUTING -s [0-9./]+ ! -o (docker0|br-[0-9a-f]{12}) -j MASQUERADE",
            r"-A POSTROUTING -s ([0-9.]+/32) -d \1 -p (tcp|udp)( -m \2)? --dport [0-9]+"
            r" -j MASQUERADE",
        ),
    ),
    "CNI": Manager(("CNI-*", "CNI_*")),
    "Netavark": Manager(("NETAVARK*",), ("inet netavark", "ip netavark")),
    "libvirt": Manager(("LIBVIRT_*",), ("ip libvirt_network", "ip6 libvirt_network")),
    "fail2ban": Manager(("f2b-*", "fail2ban-*"), ("inet f2b-table", "ip f2b-table")),
    "Kubernetes": Manager(("KUBE-*", "cali-*", "CILIUM_*", "FLANNEL-*"), ("ip kube-proxy",)),
    "Proxmox VE": Manager(("PVEFW-*",), ("inet proxmox-firewall*", "bridge proxmox-firewall*")),
    "ufw": Manager(("ufw-*", "ufw6-*")),
    "firewalld": Manager((), ("inet firewalld", "ip firewalld", "ip6 firewalld")),
    "LXC": Manager((), ("inet lxc", "ip lxc")),
    "Incus or LXD": Manager((), ("inet incus", "inet lxd", "bridge incus", "bridge lxd")),
    # libvzctl's counters, one table for each container: netdev ve_<uuid without dashes>.
    "Virtuozzo": Manager((), ("netdev ve_*",)),
    "CrowdSec": Manager(("CROWDSEC_CHAIN",), ("ip crowdsec", "ip6 crowdsec6")),
}
# What only counts packets is no second framework.
COUNTING = ("netdev ve_*",)


class Foreign:
    """What is others'; `extra` are a user's patterns of chains ("MY-*", "nat MY-*"), of nft's
    tables ("inet mine") or of rules ("-A FORWARD * -i tun0 *")."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.extra = [" ".join(each.split()) for each in extra]

    def table(self, name: str) -> bool:
        """Whether one of nft's tables is another's."""
        known = [each for manager in MANAGERS.values() for each in manager.tables]
        return any(fnmatchcase(name, each) for each in (*known, *self.extra))

    def chain(self, table: str, name: str) -> bool:
        if " " in table:
            return self.table(table) or any(
                fnmatchcase(shown(table, name), each) for each in self.extra
            )
        known = [each for manager in MANAGERS.values() for each in manager.chains]
        return any(fnmatchcase(name, each) for each in known) or any(
            fnmatchcase(shown(table, name), each) for each in self.extra
        )

    def rule(self, table: Table, rule: Rule) -> bool:
        """Whether a rule in a chain that is nobody else's is another's: it leads to theirs, or is
        one of those they put there."""
        if any(self.chain(table.name, each) for each in rule.jumps if each in table.chains):
            return True
        if any(each.startswith("-") and fnmatchcase(rule.text, each) for each in self.extra):
            return True
        return any(
            re.fullmatch(pattern, rule.text) and present(manager, table.chains)
            for manager in MANAGERS.values()
            for pattern in manager.rules
        )


def present(manager: Manager, chains: Collection[str]) -> bool:
    return any(fnmatchcase(name, each) for name in chains for each in manager.chains)


def only_counts(table: str) -> bool:
    return any(fnmatchcase(table, each) for each in COUNTING)
