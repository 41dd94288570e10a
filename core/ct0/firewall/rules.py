"""What all packet filters have: tables of chains of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Rule(NamedTuple):
    """Two rules are the same when they have a form in common; `text` is for people.

    nft's rules have two forms, of its JSON and of its text; one that it shows without its arguments
    has none, and is the same as no other.
    """

    text: str  # as found, without counters
    forms: tuple[str, ...]
    verdict: str = ""  # what it does with a packet: ACCEPT, DROP, LOG, a chain's name; "" nothing
    jumps: tuple[str, ...] = ()  # the chains it may lead to
    always: bool = False  # for every packet that gets there

    def same(self, other: Rule) -> bool:
        return not set(self.forms).isdisjoint(other.forms)

    @property
    def ends(self) -> bool:
        """No packet gets past it."""
        return self.always and self.verdict.upper() in ("ACCEPT", "DROP", "REJECT", "RETURN")


class Chain(NamedTuple):
    """`policy` is "" for a chain that only other rules lead to."""

    name: str
    policy: str = ""
    rules: tuple[Rule, ...] = ()
    hook: str = ""  # nft's: "filter input 0"


class Table(NamedTuple):
    """`name` is filter, or nft's inet filter."""

    name: str
    chains: Mapping[str, Chain] = {}
    sets: Mapping[str, tuple[str, ...]] = {}  # nft's named sets -> their elements, sorted
    dormant: bool = False  # nft's: none of its chains is in force
    leads: tuple[str, ...] = ()  # chains that its named maps lead to

    def reached(self) -> set[str]:
        """The chains that packets can get to."""
        known = set(self.leads)
        known.update(name for name, chain in self.chains.items() if chain.policy)
        todo = list(known)
        while todo:
            chain = self.chains.get(todo.pop())
            for name in {each for rule in chain.rules for each in rule.jumps} if chain else ():
                if name not in known:
                    known.add(name)
                    todo.append(name)
        return known

    @property
    def effective(self) -> bool:
        """Whether it does anything: a rule that is reached, or a policy that is not to accept."""
        reached = self.reached()
        return not self.dormant and any(
            chain.rules or chain.policy.upper() not in ("", "ACCEPT")
            for name, chain in self.chains.items()
            if name in reached
        )


def shown(table: str, chain: str) -> str:
    """INPUT, nat POSTROUTING, inet filter input: as people name a chain in expectations."""
    return chain if table == "filter" else f"{table} {chain}"


def place(name: str) -> tuple[str, str]:
    """The table and chain that such a name means."""
    table, _, chain = name.strip().rpartition(" ")
    return " ".join(table.split()) or "filter", chain
