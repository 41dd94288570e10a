"""nftables' own rules, from the text of `nft list ruleset`: nft(8).

table inet filter {
        set trusted {
                type ipv4_addr
                flags interval
                elements = { 10.0.0.0/8, 192.0.2.1 }
        }

        chain input {
                type filter hook input priority filter; policy drop;
                ct state { established, related } accept
                tcp dport { 22, 80 } counter packets 0 bytes 0 accept comment "it's { open"
        }
}

As nft writes it, not as people may: with variables and includes it takes nft itself to read it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from ct0.errors import Malformed
from ct0.firewall import nft
from ct0.firewall.rules import Chain, Rule, Table

TOKEN = re.compile(r'"[^"\n]*"|[{};,]|[^\s{};,"]+')
XT_REMARK = re.compile(r"\s*(?:xt_|match |target |watcher )")
XT = re.compile(r"(?<!\S)xt (?:match|target|watcher) ")
TABLE = re.compile(r"table (ip6?|inet|arp|bridge|netdev) (\S+)")
HOOK = re.compile(r"type (\S+) hook (\S+) (?:devices? .*?)?priority (.+)")
COUNTER = re.compile(
    r"(?<!\S)(?<!jump )(?<!goto )counter(?: packets [0-9]+ bytes [0-9]+| name \S+)?(?!\S)"
)
REMARK = re.compile(r'((?:[^"#]|"[^"]*")*)#')
EXPIRES = re.compile(r" expires [0-9a-z]+")
USED = re.compile(r"( quota (?:over |until )?[0-9]+ [a-z]+) used [0-9]+ [a-z]+")
LEADS = re.compile(r"\b(?:jump|goto) ([^\s,}]+)")
SET = re.compile(r"\{ ([^{}]*) \}")
STATES = re.compile(r"ct state ([a-z]+(?:, [a-z]+)+)")
VERDICTS = ("accept", "drop", "reject", "return", "continue", "queue")
QUOTED = re.compile(r'"[^"\n]*"')
# nft shows an interface's name in quotes, and takes it without.
INTERFACE = re.compile(r"(?<!\S)([io]if(?:name)? (?:== |!= )?)([A-Za-z][^\s\"{},]*)")


def parse(text: str, path: str = "nft list ruleset") -> dict[str, Table]:
    """Tables by name, "inet filter". Raises Malformed."""
    tables: dict[str, Table] = {}
    lines = statements(text, path)
    for head, number in lines:
        found = TABLE.fullmatch(head.rstrip(" {"))
        if found is None or not head.endswith(" {"):
            if head in ("flush ruleset", ";"):
                continue
            # A file that replaces its tables: `table inet filter`, `delete table inet filter`, then
            # what they are.
            again = TABLE.fullmatch(head.replace("delete ", "", 1)) or found
            if again and f"{again[1]} {again[2]}" not in tables:
                continue
            raise Malformed(f"{path}:{number}", head)
        name = f"{found[1]} {found[2]}"
        if name in tables:
            raise Malformed(f"{path}:{number}", head)
        tables[name] = table_of(name, lines, path)
    return tables


def statements(text: str, path: str) -> Iterator[tuple[str, int]]:
    """One statement after another, "{" at the end of what begins a block, "}" by itself; with the
    number of its line. Sets within a statement are of it."""
    words: list[str] = []
    depth, began = 0, 1
    for number, line in enumerate(text.split("\n"), 1):
        remark = REMARK.match(line)
        if remark:
            # nft that knows nothing of xtables: `counter accept # xt_comment`.
            lost = remark[1].strip() and XT_REMARK.match(line[remark.end() :])
            line = remark[1] + (" xt match unknown" if lost else "")
        if '"' in QUOTED.sub("", line):
            raise Malformed(f"{path}:{number}", line)
        tokens = TOKEN.findall(line)
        for at, token in enumerate(tokens):
            if not words:
                began = number
            if token == "{":
                words.append(token)
                if at == len(tokens) - 1 and not depth and begins_block(words):
                    yield " ".join(words), began
                    words = []
                else:
                    depth += 1
            elif token == "}":
                if depth:
                    depth -= 1
                    words.append(token)
                elif words:
                    raise Malformed(f"{path}:{number}", line)
                else:
                    yield "}", number
            elif token == ";" and not depth:
                if words:
                    yield " ".join(words), began
                words = []
            else:
                words.append(token)
        if words and not depth:
            yield " ".join(words), began
            words = []
    if depth or words:
        raise Malformed(f"{path}: ends too early", " ".join(words)[-80:])


def begins_block(words: list[str]) -> bool:
    return words[0] in ("table", "chain", "set", "map", "flowtable", "counter", "quota", "limit",
                        "ct", "secmark", "synproxy", "tunnel") and len(words) < 7  # fmt: skip


def table_of(name: str, lines: Iterator[tuple[str, int]], path: str) -> Table:
    chains: dict[str, Chain] = {}
    sets: dict[str, tuple[str, ...]] = {}
    leads: list[str] = []
    dormant = False
    for line, number in lines:
        where = f"{path}:{number}"
        if line == "}":
            return Table(name, chains, sets, dormant, tuple(leads))
        kind, _, rest = line.partition(" ")
        if not line.endswith(" {"):
            if kind not in ("flags", "comment"):
                raise Malformed(where, line)
            dormant = dormant or (kind == "flags" and "dormant" in rest)
            continue
        block = body(lines, where)
        own = rest[:-2]
        if kind == "chain":
            if own in chains or " " in own:
                raise Malformed(where, line)
            chains[own] = chain_of(name, own, block)
        elif kind in ("set", "map"):
            elements = next((each for each in block if each.startswith("elements = {")), "")
            leads += LEADS.findall(elements)
            inner = normal(elements)[len("elements = {") : -1].strip()
            sets[own] = tuple(sorted(split(inner)))
    raise Malformed(f"{path}: ends within a table", name)


def split(text: str) -> list[str]:
    """At commas, but not at those in quotes."""
    parts, part = [], ""
    for piece in re.findall(r'"[^"]*"|,|[^",]+', text):
        if piece == ",":
            parts.append(part.strip())
            part = ""
        else:
            part += piece
    return [each for each in (*parts, part.strip()) if each]


def body(lines: Iterator[tuple[str, int]], where: str) -> list[str]:
    found: list[str] = []
    for line, _ in lines:
        if line == "}":
            return found
        if line.endswith(" {") and begins_block(line.split(" ")):
            raise Malformed(where, line)
        found.append(line)
    raise Malformed(f"{where}: does not end", found[-1] if found else "")


def chain_of(table: str, name: str, block: list[str]) -> Chain:
    policy = hook = ""
    rules = []
    for line in block:
        found = HOOK.fullmatch(line)
        if found and not hook:
            hook = f"{found[1]} {found[2]} {found[3]}"
            policy = policy or "accept"
        elif line.startswith("policy "):
            policy = line.partition(" ")[2]
        elif not line.startswith("comment "):
            rules.append(rule_of(table, name, line))
    return Chain(name, policy, tuple(rules), hook)


def rule_of(table: str, chain: str, text: str) -> Rule:
    """The rule of statements in nft's words. Raises ValueError."""
    said = normal(text)
    words = said.split(" ")
    leads = tuple(LEADS.findall(QUOTED.sub('""', said)))
    verdict = words[-1]
    if len(words) > 1 and words[-2] in ("jump", "goto"):
        known = verdict
    elif "reject" in words and words[0] == "reject":
        known = "reject"
    else:
        known = verdict if verdict in VERDICTS else ""
    always = len(words) == 1 or words[0] in ("reject", "jump", "goto")
    shown = known.upper() if known in ("accept", "drop", "reject") else known
    forms = () if XT.search(QUOTED.sub('""', said)) else ("text " + said,)
    return Rule(f"{table} {chain} {said}", forms, shown, leads, always and bool(known))


def normal(text: str) -> str:
    """Blanks, counters, comments and times to go left out; a set in order."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        kept.append(found[0])
        return f'"{len(kept) - 1}"'

    def quote(found: re.Match[str]) -> str:
        kept.append(f'"{found[2]}"')
        return f'{found[1]}"{len(kept) - 1}"'

    if '"' in QUOTED.sub("", text) or "\n" in text:
        raise ValueError(text)
    said = QUOTED.sub(keep, " ".join(TOKEN.findall(text)))
    said = INTERFACE.sub(quote, said)
    said = said.replace(" ,", ",")
    said = re.sub(r" comment \"[0-9]+\"", "", said)
    said = EXPIRES.sub("", COUNTER.sub("", said))
    said = USED.sub(r"\1", said)
    said = re.sub(r"  +", " ", said).strip()
    said = STATES.sub(lambda m: "ct state { " + m[1] + " }", said)
    said = SET.sub(in_order, said)
    return QUOTED.sub(lambda found: kept[int(found[0].strip('"'))], said)


def in_order(found: re.Match[str]) -> str:
    elements = sorted(split(found[1]))
    return elements[0] if len(elements) == 1 else "{ " + ", ".join(elements) + " }"


def joined(parsed: Mapping[str, Table], texts: Mapping[str, Table]) -> dict[str, Table]:
    """Tables as JSON and as text say them, both forms in each rule, the text for people.

    Raises ValueError when they are not of the same rules: they have changed in between.
    """
    if set(parsed) != set(texts):
        raise ValueError("other tables")
    found = {}
    for name, table in parsed.items():
        said = texts[name]
        if set(table.chains) != set(said.chains):
            raise ValueError(name)
        chains = {}
        for key, chain in table.chains.items():
            other = said.chains[key]
            if len(chain.rules) != len(other.rules) or chain.policy != other.policy:
                raise ValueError(f"{name} {key}")
            chains[key] = other._replace(
                rules=tuple(
                    a._replace(text=b.text, forms=(*a.forms, *b.forms))
                    for a, b in zip(chain.rules, other.rules)
                )
            )
        found[name] = said._replace(chains=chains, leads=(*table.leads, *said.leads))
    return found


def declared(rules: Sequence[object], path: str) -> dict[tuple[str, str], tuple[Rule, ...]]:
    """Rules by table and chain: `inet filter input tcp dport 22 accept`, with `add rule` before it
    or without, or as an object of libnftables-json(5). Raises Malformed."""
    found: dict[tuple[str, str], list[Rule]] = {}
    for number, given in enumerate(rules, 1):
        try:
            if isinstance(given, Mapping):
                body = given.get("rule", given)
                table, chain = f"{body['family']} {body['table']}", str(body["chain"])
                rule = nft.rule_of(table, chain, body["expr"])
            else:
                text = re.sub(r"^\s*add\s+rule\s", "", str(given))
                family, name, chain, said = text.split(None, 3)
                table = f"{family} {name}"
                rule = rule_of(table, chain, said)
                if family not in nft.FAMILIES:
                    raise ValueError(family)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Malformed(f"{path}[{number}]", str(given)) from error
        found.setdefault((table, chain), []).append(rule)
    return {where: tuple(each) for where, each in found.items()}
