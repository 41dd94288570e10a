"""Declared rules and policies against those that are in force."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from ct0.firewall.foreign import Foreign
from ct0.firewall.rules import Chain, Rule, Table, place, shown

EXACT, AT_LEAST, FORBID = "exact", "at-least", "forbid"
MODES = (EXACT, AT_LEAST, FORBID)
Chains = Mapping[tuple[str, str], Sequence[Rule]]

MISSING, EXTRA, ORDER, POLICY, UNUSED, SHADOWED, FORBIDDEN = (
    "missing",
    "extra",
    "order",
    "policy",
    "unused",
    "shadowed",
    "forbidden",
)


class Difference(NamedTuple):
    kind: str
    chain: str  # as people name it
    text: str  # a sentence; not safe to print raw


class Comparison(NamedTuple):
    differences: tuple[Difference, ...]
    foreign: tuple[str, ...]  # rules and chains of others that were passed over


def compare(
    declared: Chains,
    policies: Mapping[str, str],
    live: Mapping[str, Table],
    mode: str = AT_LEAST,
    chains: Collection[str] = (),
    foreign: Foreign | None = None,
) -> Comparison:
    """`declared` is by table and chain, as `iptables_save.parse_rules` gives it; `chains` are
    patterns of chains to compare besides those that are declared (exact only)."""
    return Comparing(live, mode, foreign or Foreign()).compare(declared, policies, chains)


class Comparing:
    def __init__(self, live: Mapping[str, Table], mode: str, foreign: Foreign) -> None:
        self.live = live
        self.mode = mode
        self.foreign = foreign
        self.passed: list[str] = []

    def compare(
        self, declared: Chains, policies: Mapping[str, str], chains: Collection[str]
    ) -> Comparison:
        found = [each for name, policy in policies.items() for each in self.policy(name, policy)]
        wanted = dict(declared)
        if self.mode == EXACT:
            for where in (*map(place, policies), *self.also(chains)):
                wanted.setdefault(where, ())
        for (table, chain), rules in wanted.items():
            found += self.chain(table, chain, rules)
        return Comparison(tuple(found), tuple(self.passed))

    def also(self, patterns: Collection[str]) -> Iterator[tuple[str, str]]:
        """The chains that patterns mean: those in force, and what is no pattern but a name."""
        for pattern in patterns:
            table, chain = place(pattern)
            if not set(pattern) & set("*?["):
                yield table, chain
        for name, table_in_force in self.live.items():
            for chain in table_in_force.chains:
                if any(self.matches(name, chain, place(each)) for each in patterns):
                    if self.foreign.chain(name, chain):
                        self.passed.append(shown(name, chain))
                    else:
                        yield name, chain

    @staticmethod
    def matches(table: str, chain: str, pattern: tuple[str, str]) -> bool:
        return fnmatchcase(table, pattern[0]) and fnmatchcase(chain, pattern[1])

    def policy(self, name: str, wanted: str) -> Iterator[Difference]:
        table, chain = place(name)
        found = self.live.get(table)
        known = found.chains.get(chain) if found else None
        if known is not None:
            policy = known.policy
            told = f"policy is {policy}" if policy else "has no policy: it is no chain of its hook"
        elif " " not in table and found is None:
            # A table that is not loaded lets everything through.
            policy, told = "ACCEPT", f"table {table} is not loaded: everything is accepted"
        else:
            policy, told = "", "there is no such chain"
        if found is not None and found.dormant:
            yield Difference(POLICY, name, f"{name}: table {table} is dormant: it does nothing")
        elif policy.upper() != wanted.upper():
            yield Difference(POLICY, name, f"{name}: {told}, not {wanted}")

    def chain(self, table: str, name: str, wanted: Sequence[Rule]) -> Iterator[Difference]:
        found = self.live.get(table, Table(table))
        chain = found.chains.get(name, Chain(name))
        where = shown(table, name)
        if self.mode == FORBID:
            yield from self.forbidden(where, chain, wanted)
            return
        own = []
        forms = {form for rule in wanted for form in rule.forms}
        for rule in chain.rules:
            if forms.isdisjoint(rule.forms) and self.foreign.rule(found, rule):
                self.passed.append(rule.text)
            else:
                own.append(rule)
        places = matched(wanted, own)
        for rule, at in zip(wanted, places):
            if at is None:
                yield Difference(MISSING, where, f"{where}: missing: {rule.text}")
        if self.mode == EXACT:
            taken = {at for at in places if at is not None}
            for at, rule in enumerate(own):
                if at not in taken:
                    text = f"{where}: extra, rule {number(chain, rule)}: {rule.text}"
                    yield Difference(EXTRA, where, text)
        yield from self.order(where, chain, own, places)
        if any(at is not None for at in places):
            yield from self.in_force(found, where, chain, [o for o in places if o is not None], own)

    def forbidden(self, where: str, chain: Chain, wanted: Sequence[Rule]) -> Iterator[Difference]:
        forms = {form for rule in wanted for form in rule.forms}
        for at, rule in enumerate(chain.rules, 1):
            if not forms.isdisjoint(rule.forms):
                text = f"{where}: rule {at} must not be there: {rule.text}"
                yield Difference(FORBIDDEN, where, text)

    def order(
        self, where: str, chain: Chain, own: Sequence[Rule], places: Sequence[int | None]
    ) -> Iterator[Difference]:
        """The first rule that stands before one that is declared before it. To those that only have
        to be there it matters where they do not come to the same."""
        last: dict[str, int] = {}  # what becomes of a packet -> the last place of such a rule
        for at in places:
            if at is None:
                continue
            verdict = own[at].verdict
            same = verdict if self.mode != EXACT and verdict in FINAL else None
            before = max((each for key, each in last.items() if key != same), default=-1)
            if before > at:
                text = (
                    f"{where}: order changed: rule {number(chain, own[at])} comes before"
                    f" rule {number(chain, own[before])}, not after it: {own[at].text}"
                )
                yield Difference(ORDER, where, text)
                return
            last[verdict] = max(at, last.get(verdict, -1))

    def in_force(
        self,
        table: Table,
        where: str,
        chain: Chain,
        places: Sequence[int],
        own: Sequence[Rule],
    ) -> Iterator[Difference]:
        """Rules that are there and do nothing."""
        if table.dormant:
            yield Difference(UNUSED, where, f"{where}: table {table.name} is dormant")
        elif chain.name not in table.reached():
            yield Difference(UNUSED, where, f"{where}: nothing leads to this chain")
        if self.mode == EXACT:
            return  # all before them is declared, or said
        ended = next((at for at, rule in enumerate(chain.rules) if rule.ends), None)
        if ended is None:
            return
        for at in places:
            if number(chain, own[at]) > ended + 1:
                text = f"{where}: never reached: {own[at].text}: rule {ended + 1} ends all before"
                yield Difference(SHADOWED, where, text)


FINAL = ("ACCEPT", "DROP", "REJECT")


def number(chain: Chain, rule: Rule) -> int:
    """Its number, from 1, by identity: equal rules may be there twice."""
    return next(at for at, each in enumerate(chain.rules, 1) if each is rule)


def matched(wanted: Sequence[Rule], own: Sequence[Rule]) -> list[int | None]:
    """For each declared rule the place of its own one in force; equal rules in their order."""
    by_form: dict[str, deque[int]] = {}
    for at, rule in enumerate(own):
        for form in rule.forms:
            by_form.setdefault(form, deque()).append(at)
    taken: set[int] = set()
    found: list[int | None] = []
    for rule in wanted:
        first = None
        for form in rule.forms:
            places = by_form.get(form, deque())
            while places and places[0] in taken:
                places.popleft()
            if places:
                first = places[0]
                taken.add(first)
                break
        found.append(first)
    return found
