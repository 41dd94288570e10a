"""firewall: which rules and policies are in force, compared by what they mean.

firewall:
  - id: ssh-is-open
    rules: [-A INPUT -p tcp --dport ssh -j ACCEPT]
  - id: node-filter
    for: {kind: ct0}
    mode: exact
    policy: {INPUT: DROP, FORWARD: ACCEPT}
    rules:
      - -A INPUT -i lo -j ACCEPT
      - -A INPUT -p tcp -m multiport --dports 22,80,443 -j ACCEPT
    saved: true
  - id: web-filter
    framework: nft
    policy: {inet filter input: drop}
    rules: ["inet filter input tcp dport { 22, 80 } accept"]

Chains, tables and rules of Docker, libvirt, fail2ban and others that manage their own are never
drift.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ct0.errors import Unavailable
from ct0.firewall import ipset, iptables_save
from ct0.firewall.compare import AT_LEAST, EXACT, FORBID, MODES, compare
from ct0.firewall.foreign import Foreign
from ct0.firewall.iptables_save import BUILTIN
from ct0.firewall.nft_text import declared
from ct0.firewall.rules import Table, place, shown
from ct0.firewall.values import FAMILIES, IPV4
from ct0_suites.records import KINDS
from ct0_suites.resources.firewall import Firewall, read_firewall, read_ipsets
from ct0_suites.suites.firewall_saved import not_as_saved
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

EITHER, IPTABLES, NFT = FRAMEWORKS = ("either", "iptables", "nft")
MATCH_SET = re.compile(r" --match-set ([^\s\"]+) ")
TEXTS = {"type": "array", "items": {"type": "string", "minLength": 1}}
SCHEMA: dict[str, Any] = {
    "framework": {
        "description": "Whose rules are in force, and no others: iptables' (over nf_tables or"
        " legacy), nft's own; either does not ask.",
        "enum": list(FRAMEWORKS),
        "default": EITHER,
    },
    "family": {
        "description": "Of iptables' rules and policies. nft's name their own.",
        "oneOf": [
            {"enum": list(FAMILIES)},
            {"type": "array", "items": {"enum": list(FAMILIES)}, "minItems": 1},
        ],
        "default": IPV4,
    },
    "policy": {
        "description": "Chain -> what becomes of packets that no rule takes: INPUT: DROP,"
        ' "nat OUTPUT": ACCEPT, "inet filter input": drop.',
        "type": "object",
        "additionalProperties": {"type": "string", "pattern": "^[A-Za-z]+$"},
    },
    "rules": {
        "description": "iptables' as `iptables` takes them, from -A on, `-t nat` before it where"
        " needed, in double quotes only; nft's as `nft list ruleset` shows them behind family,"
        " table and chain, or as an object of libnftables-json(5).",
        "type": "array",
        "items": {"oneOf": [{"type": "string", "minLength": 1}, {"type": "object"}]},
    },
    "mode": {
        "description": "exact: these and no others, in this order, in every chain that is named;"
        " at-least: these, whatever else there is; forbid: none of these.",
        "enum": list(MODES),
        "default": AT_LEAST,
    },
    "chains": {
        "description": "More chains to compare, as shell patterns: those without rules here must"
        ' have none (exact). INPUT, "nat *", "inet filter *".',
        **TEXTS,
    },
    "sets": {
        "description": "Named sets -> their elements, exactly, at least or none of these: ipset's"
        ' by their names, nft\'s as "inet filter trusted": [10.0.0.0/8].',
        "type": "object",
        "additionalProperties": TEXTS,
    },
    "foreign": {
        "description": "More that others manage, as shell patterns: of chains (MY-*), of nft's"
        " tables (inet mine), of rules (-A FORWARD -i tun0 *).",
        **TEXTS,
    },
    "saved": {
        "description": "The saved rules are those in force: true for the distribution's file, or a"
        " path.",
        "oneOf": [{"type": "boolean"}, {"type": "string", "pattern": "^/"}],
        "default": False,
    },
    "one_framework": {
        "description": "Legacy iptables and nf_tables are not both at work.",
        "type": "boolean",
        "default": True,
    },
    "conntrack": {
        "description": "Whether connections are tracked; false for an OpenVZ node.",
        "type": "boolean",
    },
}
REQUIRED: tuple[str, ...] = ()


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    firewall = read_firewall(target)
    foreign = Foreign(want.get("foreign", ()))
    if want.get("one_framework", True):
        yield from two_frameworks(firewall)
    if "conntrack" in want:
        yield from tracking(want["conntrack"], firewall)
    yield from others(want.get("framework", EITHER), firewall, foreign)
    given = want.get("family", IPV4)
    families = [given] if isinstance(given, str) else list(given)
    if any(is_iptables(each) for each in named(want)):
        for family in families:
            yield from iptables(want, firewall, family, foreign)
    if not all(is_iptables(each) for each in named(want)):
        yield from nft(want, firewall, foreign)
    for name, elements in want.get("sets", {}).items():
        mode = want.get("mode", AT_LEAST)
        yield from one_set(name, elements, set_elements(name, firewall, target), mode)
    saved = want.get("saved", False)
    if saved:
        framework = want.get("framework", EITHER)
        yield from not_as_saved(target, saved, framework, families, foreign)


def named(want: Mapping[str, Any]) -> list[str]:
    """The rules, chains and policies of an expectation, as far as needed to see whose they are."""
    rules = [each if isinstance(each, str) else "a b c" for each in want.get("rules", ())]
    return [*rules, *want.get("policy", ()), *want.get("chains", ())]


def is_iptables(name: str) -> bool:
    """A rule from its command on, or INPUT, or nat OUTPUT; nft's are of a family, table, chain."""
    return name.lstrip().startswith("-") or len(name.split()) < 3


def two_frameworks(firewall: Firewall) -> Iterator[str]:
    found = firewall.frameworks()
    if len(found) > 1:
        yield "two frameworks at once: " + "; ".join(f"{k} ({v})" for k, v in found.items())


def tracking(wanted: bool, firewall: Firewall) -> Iterator[str]:
    if firewall.tracking and not wanted:
        yield f"connections are tracked ({firewall.tracking}), and should not be"
    elif wanted and not firewall.tracking:
        yield "connections are not tracked, and should be"


def others(framework: str, firewall: Firewall, foreign: Foreign) -> Iterator[str]:
    """Rules of the framework that should have none."""
    if framework == IPTABLES:
        if not firewall.has("text") and not firewall.may_have_nft:
            return
        if not firewall.has("text"):
            raise Unavailable(
                "no nft here: whether it has rules besides iptables' is not to be seen"
            )
        tables = [each for each in firewall.nft().values() if has_own(each, foreign)]
    elif framework == NFT:
        tables = [
            table._replace(name=f"{family} {table.name}")
            for family in FAMILIES
            for dump in (firewall.legacy(family), firewall.modern(family))
            for table in dump.tables.values()
            if has_own(table, foreign)
        ]
    else:
        return
    if tables:
        other = "nft" if framework == IPTABLES else "iptables"
        names = ", ".join(each.name for each in tables)
        yield f"{other} has rules or policies in force ({names}): only {framework} should"


def has_own(table: Table, foreign: Foreign) -> bool:
    """Whether it does anything that is not another program's doing."""
    if not table.effective or foreign.table(table.name):
        return False
    theirs = any(foreign.chain(table.name, name) for name in table.chains)
    return any(
        any(not foreign.rule(table, rule) for rule in chain.rules)
        or (chain.policy.upper() not in ("", "ACCEPT") and not theirs)
        for name, chain in table.chains.items()
        if not foreign.chain(table.name, name)
    )


def iptables(
    want: Mapping[str, Any], firewall: Firewall, family: str, foreign: Foreign
) -> Iterator[str]:
    rules = [each for each in want.get("rules", ()) if isinstance(each, str) and is_iptables(each)]
    policies = {k: v for k, v in want.get("policy", {}).items() if is_iptables(k)}
    chains = [each for each in want.get("chains", ()) if is_iptables(each)]
    dump = firewall.complete(family)
    wanted = iptables_save.parse_rules(rules, "rules", family)
    found = compare(wanted, policies, dump.tables, want.get("mode", AT_LEAST), chains, foreign)
    for each in found.differences:
        yield each.text if family == IPV4 else f"{family} {each.text}"


def nft(want: Mapping[str, Any], firewall: Firewall, foreign: Foreign) -> Iterator[str]:
    rules = [
        each for each in want.get("rules", ()) if not isinstance(each, str) or not is_iptables(each)
    ]
    policies = {k: v for k, v in want.get("policy", {}).items() if not is_iptables(k)}
    chains = [each for each in want.get("chains", ()) if not is_iptables(each)]
    mode = want.get("mode", AT_LEAST)
    tables = firewall.nft()
    if any(not isinstance(each, str) for each in rules) and firewall.sections["json"].status:
        raise Unavailable("nft here has no JSON: write its rules as text")
    found = compare(declared(rules, "rules"), policies, tables, mode, chains, foreign)
    for each in found.differences:
        yield each.text


def set_elements(name: str, firewall: Firewall, target: Target) -> Sequence[str] | None:
    if " " in name:
        table, own = place(name)
        return firewall.nft().get(table, Table(table)).sets.get(own)
    found = read_ipsets(target).get(name)
    return found.elements if found else None


def one_element(text: str) -> str:
    head, *options = text.split()
    return ipset.element(head, options)


def one_set(
    name: str, given: Sequence[str], elements: Sequence[str] | None, mode: str
) -> Iterator[str]:
    if elements is None:
        if mode != FORBID:
            yield f"{name}: there is no such set"
        return
    wanted = given if " " in name else list(map(one_element, given))
    found = set(elements)
    if mode == FORBID:
        for each in sorted(found & set(wanted)):
            yield f"{name}: {each} must not be in this set"
        return
    for each in sorted(set(wanted) - found):
        yield f"{name}: {each} is missing in this set"
    for each in sorted(found - set(wanted)) if mode == EXACT else ():
        yield f"{name}: {each} is in this set besides"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    firewall = read_firewall(target)
    foreign = Foreign()
    two = bool(list(two_frameworks(firewall)))
    openvz = target.subject.engine == "openvz" and target.subject.kind == "ct0"
    for family in FAMILIES:
        if firewall.has_iptables(family):
            found = observed(firewall.complete(family).tables or EMPTY, foreign, "-A")
            found = {"family": family, **found}
            sets = named_sets(found["rules"], target)
            found = {**found, **({"sets": sets} if sets else {})}
            if openvz:
                found["conntrack"] = bool(firewall.tracking)
            yield finished(found, IPTABLES, two, target, family, foreign)
    if firewall.has("text"):
        tables = {
            name: table
            for name, table in firewall.nft().items()
            if not foreign.table(name) and not table.dormant
        }
        if tables:
            found = observed(tables, foreign, "")
            sets = {
                f"{table.name} {name}": list(elements)
                for table in tables.values()
                for name, elements in table.sets.items()
                if not any(" timeout " in each for each in elements)
            }
            found = {**found, **({"sets": sets} if sets else {})}
            yield finished(found, NFT, two, target, IPV4, foreign)


def named_sets(rules: Sequence[str], target: Target) -> dict[str, list[str]]:
    """ipset's that rules name, those whose elements come and go left out."""
    names = {name for rule in rules for name in MATCH_SET.findall(rule)}
    try:
        found = read_ipsets(target) if names else {}
    except Unavailable:
        return {}  # not to be seen here, so not to be expected
    return {
        name: list(found[name].elements)
        for name in sorted(names & set(found))
        if not found[name].moves
    }


# A filter that is not loaded: everything is accepted.
EMPTY = iptables_save.parse(
    "*filter\n" + "".join(f":{each} ACCEPT\n" for each in BUILTIN["filter"]) + "COMMIT\n"
).tables


def observed(tables: Mapping[str, Table], foreign: Foreign, command: str) -> dict[str, Any]:
    chains = [
        (table, chain)
        for table in tables.values()
        for name, chain in table.chains.items()
        if not foreign.chain(table.name, name) and name in table.reached()
    ]
    return {
        "mode": EXACT,
        "policy": {shown(t.name, c.name): c.policy for t, c in chains if c.policy},
        "rules": [
            rule.text if table.name == "filter" or not command else f"-t {table.name} {rule.text}"
            for table, chain in chains
            for rule in chain.rules
            if not foreign.rule(table, rule)
        ],
        "chains": [shown(table.name, chain.name) for table, chain in chains],
    }


def finished(
    found: dict[str, Any],
    framework: str,
    two: bool,
    target: Target,
    family: str,
    foreign: Foreign,
) -> dict[str, Any]:
    """With what else is true now: one framework only, saved as it is."""
    if two:
        found["one_framework"] = False
    try:
        if not list(others(framework, read_firewall(target), foreign)):
            found = {"framework": framework, **found}
        framework = found.get("framework", EITHER)
        if not list(not_as_saved(target, True, framework, [family], foreign)):
            found["saved"] = True
    except Unavailable:
        pass  # not to be seen here, so not to be expected
    return found
