"""nftables' own rules, from `nft -j list ruleset`: libnftables-json(5).

{"nftables": [
  {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}},
  {"table": {"family": "inet", "name": "filter", "handle": 1}},
  {"chain": {"family": "inet", "table": "filter", "name": "input", "handle": 2, "type": "filter",
             "hook": "input", "prio": 0, "policy": "drop"}},
  {"rule": {"family": "inet", "table": "filter", "chain": "input", "handle": 8, "expr": [
     {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}},
                "right": 80}},
     {"counter": {"packets": 0, "bytes": 0}}, {"accept": null}]}}]}

Handles, counters, comments and times to go are left out; a set has no order. What iptables made is
better read with iptables-save: here its matches lose their arguments ({"xt": …}).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ct0.errors import Malformed
from ct0.firewall.iptables_save import Dump
from ct0.firewall.rules import Chain, Rule, Table
from ct0.firewall.values import IPV4, IPV6

FAMILIES = ("ip", "ip6", "inet", "arp", "bridge", "netdev")
VERDICTS = ("accept", "drop", "reject", "jump", "goto", "return", "continue", "queue")
# Statements that say nothing of what becomes of a packet.
SILENT = ("counter", "comment")
VOLATILE = ("handle", "expires", "used", "packets", "bytes", "counter", "comment")


def parse(text: str, path: str = "nft -j list ruleset") -> dict[str, Table]:
    """Tables by name, "inet filter". Raises Malformed."""
    try:
        document = json.loads(text)
        entries = document["nftables"]
        tables: dict[str, Table] = {}
        rules: dict[tuple[str, str], list[Rule]] = {}
        for entry in entries:
            if not isinstance(entry, dict) or len(entry) != 1:
                raise ValueError(entry)
            ((kind, body),) = entry.items()
            add(tables, rules, kind, body)
        for (owner, name), own in rules.items():
            chain = tables[owner].chains[name]
            chains = {**tables[owner].chains, name: chain._replace(rules=tuple(own))}
            tables[owner] = tables[owner]._replace(chains=chains)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise Malformed(path, text if not isinstance(error, KeyError) else str(error)) from error
    return tables


def add(
    tables: dict[str, Table],
    rules: dict[tuple[str, str], list[Rule]],
    kind: str,
    body: Mapping[str, Any],
) -> None:
    if kind == "table":
        name = f"{word(body['family'])} {word(body['name'])}"
        flags = body.get("flags") or []
        tables[name] = Table(name, {}, {}, "dormant" in flags)
        return
    if kind not in ("chain", "rule", "set", "map", "element"):
        return  # metainfo, counters, limits, helpers, flowtables: no rules
    owner = f"{word(body['family'])} {word(body['table'])}"
    table = tables[owner]
    if kind == "rule":
        chain = table.chains[word(body["chain"])]
        rule = rule_of(owner, chain.name, body["expr"])
        rules.setdefault((owner, chain.name), []).append(rule)
    elif kind == "chain":
        hook = f"{body['type']} {body['hook']} {body['prio']}" if "hook" in body else ""
        policy = word(body.get("policy", "accept")) if hook else ""
        chain = Chain(word(body["name"]), policy, (), hook)
        tables[owner] = table._replace(chains={**table.chains, chain.name: chain})
    else:
        elements = [normal(each) for each in body.get("elem") or []]
        known = table.sets.get(word(body["name"]), ())
        texts = tuple(sorted({*known, *map(canonical, elements)}))
        leads = (*table.leads, *jumps(elements))
        sets = {**table.sets, word(body["name"]): texts}
        tables[owner] = table._replace(sets=sets, leads=leads)


def word(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def rule_of(table: str, chain: str, expr: Sequence[Any]) -> Rule:
    """The rule of a list of statements. Raises ValueError, TypeError, AttributeError."""
    if not isinstance(expr, list) or not all(isinstance(each, dict) and each for each in expr):
        raise ValueError(expr)
    statements = [normal(each) for each in expr if next(iter(each)) not in SILENT]
    last = next(iter(statements[-1])) if statements else ""
    leads = tuple(jumps(statements))
    verdict = leads[0] if last in ("jump", "goto") and leads else last
    return Rule(
        f"{table} {chain} {canonical(statements)}",
        () if lossy(statements) else ("json " + canonical(statements),),
        verdict.upper() if last in ("accept", "drop", "reject") else verdict,
        leads,
        len(statements) == 1 and last in VERDICTS,
    )


def lossy(value: Any) -> bool:
    """Whether a match of iptables' is in it, without its arguments."""
    if isinstance(value, dict):
        return "xt" in value or any(map(lossy, value.values()))
    return isinstance(value, list) and any(map(lossy, value))


def normal(value: Any) -> Any:
    """Without what changes by itself; sets sorted, an element with nothing to it itself."""
    if isinstance(value, list):
        return [normal(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {
        key: normal(each)
        for key, each in value.items()
        if key not in VOLATILE or (key == "counter" and isinstance(each, str))
    }
    if set(kept) == {"set"} and isinstance(kept["set"], list):
        kept["set"] = sorted(kept["set"], key=canonical)
    if set(kept) == {"elem"} and isinstance(kept["elem"], dict) and set(kept["elem"]) == {"val"}:
        return kept["elem"]["val"]
    return kept


def canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def jumps(value: Any) -> Iterator[str]:
    """Every chain that is led to, at any depth."""
    if isinstance(value, list):
        for each in value:
            yield from jumps(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key in ("jump", "goto") and isinstance(each, dict):
                yield word(each.get("target"))
            else:
                yield from jumps(each)


def native(tables: Mapping[str, Table], dumps: Mapping[str, Dump]) -> dict[str, Table]:
    """What iptables-save does not show; `dumps` are those of iptables over nf_tables, by family.

    A table may have chains of both: then only nft's own are left.
    """
    found = {}
    for name, table in tables.items():
        family, _, short = name.partition(" ")
        dump = dumps.get({"ip": IPV4, "ip6": IPV6}.get(family, ""), Dump())
        shown = dump.tables.get(short, Table(short)).chains
        own = {key: chain for key, chain in table.chains.items() if key not in shown}
        if own or not shown:
            found[name] = table._replace(chains=own)
    return found
