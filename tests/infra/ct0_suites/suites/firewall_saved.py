"""Whether the rules that a boot would load are those in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ct0.errors import Malformed, Unavailable
from ct0.firewall import iptables_save, nft_text
from ct0.firewall.compare import EXACT, UNUSED, compare
from ct0.firewall.foreign import Foreign
from ct0.firewall.rules import Rule, Table, shown
from ct0_suites.resources.firewall import SAVED, loaded, read_firewall, read_saved
from ct0_suites.target import Target


def not_as_saved(
    target: Target,
    saved: bool | str,
    framework: str,
    families: Sequence[str],
    foreign: Foreign,
) -> Iterator[str]:
    """`saved` is true or a path. Of either framework the one that is at work, or has a file with
    rules in it, is compared."""
    firewall = read_firewall(target)
    one = saved if isinstance(saved, str) else ""
    of_nft = framework == "nft" or one.endswith((".nft", "/nftables.conf"))
    compared = 0
    if not of_nft:
        for family in families:
            if framework == "either" and not one and not firewall.has_iptables(family):
                continue
            shown = firewall.complete if framework == "iptables" else firewall.iptables
            live = own(shown(family).tables, foreign)
            path = one or existing(target, family)
            if path:
                text = read_saved(target, path)
                if text.status:
                    raise Unavailable(f"{path}: {text.trouble}")
                tables = own(iptables_save.parse(text.text, path, family).tables, foreign)
                if effective(live) or effective(tables) or framework == "iptables":
                    compared += 1
                    yield from differences(tables, live, path, foreign)
            elif effective(live):
                compared += 1
                yield f"{family}: rules are in force and not saved: no {' or '.join(SAVED[family])}"
    if of_nft:
        yield from nft(target, one, foreign, True)
    elif (
        framework == "either"
        and not one
        and firewall.has("text")
        # The default /etc/nftables.conf is nobody's where iptables is at work.
        and (not compared or effective(own(firewall.nft(), foreign)))
    ):
        yield from nft(target, one, foreign, False)


def existing(target: Target, kind: str) -> str:
    """The first of a distribution's files that is there."""
    return next((path for path in SAVED[kind] if read_saved(target, path).status == 0), "")


def effective(tables: Mapping[str, Table]) -> bool:
    return any(table.effective for table in tables.values())


def own(tables: Mapping[str, Table], foreign: Foreign) -> dict[str, Table]:
    """Without others' chains and rules."""
    found = {}
    for name, table in tables.items():
        if not foreign.table(name):
            chains = {
                key: chain._replace(
                    rules=tuple(each for each in chain.rules if not foreign.rule(table, each))
                )
                for key, chain in table.chains.items()
                if not foreign.chain(name, key)
            }
            found[name] = table._replace(chains=chains)
    return found


def differences(
    saved: Mapping[str, Table], live: Mapping[str, Table], path: str, foreign: Foreign
) -> Iterator[str]:
    """Every chain of both, exactly."""
    rules: dict[tuple[str, str], tuple[Rule, ...]] = {}
    policies = {}
    for tables in (live, saved):
        for table in tables.values():
            for name, chain in table.chains.items():
                rules[table.name, name] = chain.rules if tables is saved else ()
                if tables is saved and chain.policy:
                    policies[shown(table.name, name)] = chain.policy
                elif chain.policy:
                    policies[shown(table.name, name)] = "ACCEPT"
    awake = {name: table._replace(dormant=False) for name, table in live.items()}
    for each in compare(rules, policies, awake, EXACT, (), foreign).differences:
        if each.kind != UNUSED:
            yield f"in force is not what {path} says: {each.text}"
    for name, table in saved.items():
        if name in live and table.dormant != live[name].dormant:
            yield f"in force is not what {path} says: {name} is dormant in one of them"
        other = live.get(name, Table(name))
        for key, chain in table.chains.items():
            hook = other.chains[key].hook if key in other.chains else chain.hook
            if chain.hook != hook:
                yield f"in force is not what {path} says: {name} {key}: {hook}, not {chain.hook}"
        for key, elements in table.sets.items():
            found = other.sets.get(key, ())
            moves = any(" timeout " in each for each in (*elements, *found))
            if elements != found and not moves and " " in name:
                yield f"in force is not what {path} says: {name} {key}: other elements"


def nft(target: Target, path: str, foreign: Foreign, always: bool) -> Iterator[str]:
    """`always`: also where neither the file nor what is in force does anything."""
    live = own(read_firewall(target).nft(), foreign)
    path = path or existing(target, "nft")
    if not path:
        if effective(live):
            yield f"nft's rules are in force and not saved: no {' or '.join(SAVED['nft'])}"
        return
    said = read_saved(target, path)
    if said.status:
        raise Unavailable(f"{path}: {said.trouble}")
    try:
        saved = own(nft_text.parse(said.text, path), foreign)
        plain = not list(differences(saved, live, path, foreign))
    except Malformed:
        plain = False  # written by people: with variables, includes, sets over several lines
    if not plain:
        saved = own(loaded(target, path), foreign)
    if always or effective(live) or effective(saved):
        yield from differences(saved, live, path, foreign)
