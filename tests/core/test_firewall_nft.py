"""nft's rulesets, as JSON and as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.firewall import iptables_save, nft, nft_text
from ct0.firewall.nft_text import declared, joined
from ct0.firewall.rules import Rule, Table

RECORDED = Path(__file__).parents[1] / "suites" / "firewall"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


def both(name: str) -> dict[str, Table]:
    return joined(nft.parse(recorded(f"{name}.json")), nft_text.parse(recorded(f"{name}.txt")))


def one(text: object) -> Rule:
    ((rule,),) = declared([text], "rules").values()
    return rule


def test_the_recorded_ruleset_reads_alike_in_both_forms() -> None:
    tables = both("nft_1.0.6")
    assert list(tables) == ["inet filter", "ip nat", "netdev ve_x", "inet sleepy"]
    table = tables["inet filter"]
    assert {name: chain.policy for name, chain in table.chains.items()} == {
        "web": "",
        "input": "drop",
        "forward": "accept",
    }
    assert table.reached() == {"web", "input", "forward"}
    assert len(table.sets["trusted"]) == 32
    assert table.sets["banned"] == ("192.0.2.3 timeout 2h", "192.0.2.7 timeout 1h")
    assert table.sets["verd"] == ("25 : drop", "80 : jump web")
    assert tables["inet sleepy"].dormant
    assert not tables["inet sleepy"].effective
    assert not tables["netdev ve_x"].effective


RULES = [
    'iif "lo" accept',
    "iif lo accept",
    "ct state established,related accept",
    "ct state { related, established } accept",
    "tcp dport {443, 80,22 , 1000-2000} accept",
    'tcp dport { 22, 80, 443, 1000-2000 } counter packets 9 bytes 9 accept comment "other"',
    "ip saddr @banned drop",
    'log prefix "drop: " level info',
    {"expr": [{"log": {"prefix": "drop: ", "level": "info"}}]},
    {
        "expr": [
            {
                "match": {
                    "op": "==",
                    "left": {"payload": {"protocol": "tcp", "field": "dport"}},
                    "right": {"set": [443, 22, {"range": [1000, 2000]}, 80]},
                }
            },
            {"counter": {"packets": 3, "bytes": 4}},
            {"accept": None},
        ]
    },
]


@pytest.mark.parametrize("given_rule", RULES)
def test_a_declared_rule_is_the_one_nft_shows(given_rule: object) -> None:
    chain = both("nft_1.0.6")["inet filter"].chains["input"]
    if isinstance(given_rule, dict):
        where = {"family": "inet", "table": "filter", "chain": "input"}
        rule = one({"rule": {**where, **given_rule}})
    else:
        rule = one(f"add rule inet filter input {given_rule}")
    assert sum(rule.same(each) for each in chain.rules) == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("tcp dport 22 accept", "tcp dport 22 drop"),
        ("tcp dport { 22, 80 } accept", "tcp dport { 22, 81 } accept"),
        ('log prefix "a b"', 'log prefix "a  b"'),
        ('log prefix "b, a"', 'log prefix "a, b"'),
        ("ip saddr @counter drop", "ip saddr @count drop"),
        ("jump counter", "jump count"),
        ("iif lo accept", "iif eth0 accept"),
        ("iifname lo accept", "iif lo accept"),
        ('iifname != "veth*" drop', "iifname veth* drop"),
        ("tcp dport != 22 accept", "tcp dport 22 accept"),
        ("xt match physdev accept", "xt match physdev accept"),  # its arguments are lost
    ],
)
def test_rules_that_are_not_the_same(first: str, second: str) -> None:
    assert not one(f"inet f i {first}").same(one(f"inet f i {second}"))


def test_a_rule_shown_in_part_is_the_same_as_no_other() -> None:
    expr = [{"xt": {"type": "match", "name": "physdev"}}, {"accept": None}]
    rule = nft.rule_of("ip filter", "INPUT", expr)
    assert not rule.same(rule)
    text = "table ip f {\n\tchain i {\n\t\tcounter packets 0 bytes 0 # xt_physdev\n\t}\n}\n"
    assert nft_text.parse(text)["ip f"].chains["i"].rules[0].forms == ()


@pytest.mark.parametrize(
    ("text", "always", "verdict"),
    [
        ("accept", True, "ACCEPT"),
        ("counter drop", True, "DROP"),
        ("reject with icmpx admin-prohibited", True, "REJECT"),
        ("tcp dport 22 accept", False, "ACCEPT"),
        ("jump web", True, "web"),
        ("tcp dport vmap { 22 : accept, 24 : jump web }", False, ""),
    ],
)
def test_what_a_rule_does(text: str, always: bool, verdict: str) -> None:
    rule = one(f"inet filter input {text}")
    assert (rule.always, rule.verdict) == (always, verdict)


def test_what_iptables_shows_is_not_nfts_own() -> None:
    dump = iptables_save.parse(recorded("docker_1.8.9.txt"))
    tables = both("docker_nft_1.0.6")
    assert list(nft.native(tables, {"ipv4": dump})) == [
        "netdev ve_0a1b2c3d4e5f60718293a4b5c6d7e8f9"
    ]
    # Without iptables nothing else shows them.
    assert list(nft.native(tables, {}))[:2] == ["ip filter", "ip nat"]
    # A table of both kinds of chains has nft's own left.
    mixed = {
        "ip nat": tables["ip nat"]._replace(
            chains={**tables["ip nat"].chains, "mine": tables["ip nat"].chains["DOCKER"]}
        )
    }
    assert list(nft.native(mixed, {"ipv4": dump})["ip nat"].chains) == ["mine"]


def test_a_file_that_replaces_its_tables_is_what_they_become() -> None:
    again = "table inet f\ndelete table inet f\n\n"
    table = "table inet f {\n\tchain c {\n\t\tiif lo accept\n\t}\n}\n"
    text = f"#!/usr/sbin/nft -f\n{again}{table}"
    assert nft_text.parse(text) == nft_text.parse(table)
    with pytest.raises(Malformed):
        nft_text.parse(text + again)


def test_no_ruleset_is_no_tables() -> None:
    assert nft_text.parse("") == {}
    assert nft.parse('{"nftables": [{"metainfo": {"version": "1.0.6"}}]}') == {}


def test_rules_that_changed_in_between_are_told() -> None:
    text = recorded("nft_1.0.6.txt").replace("\t\tct state invalid drop\n", "")
    with pytest.raises(ValueError, match="inet filter input"):
        joined(nft.parse(recorded("nft_1.0.6.json")), nft_text.parse(text))


@pytest.mark.parametrize(
    "text",
    [
        "table inet filter {\n",
        "table inet filter {\n\tchain input {\n\t\taccept\n\t}\n",
        "table inet filter {\n\tchain input {\n\t\ttcp dport { 22\n",
        "}\n",
        'include "/etc/x"\n',
        "define x = 1\n",
        "add rule inet filter input accept\n",
        "table inet filter {\n\tnonsense\n}\n",
        'table inet filter {\n\tchain input {\n\t\tlog prefix "open\n\t}\n}\n',
        "table inet a {\n}\ntable inet a {\n}\n",
        "Error: no\n",
    ],
)
def test_text_that_is_no_ruleset_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        nft_text.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"nftables": 3}',
        '{"nftables": [{"rule": {"family": "ip", "table": "x", "chain": "y", "expr": []}}]}',
        '{"nftables": [{"table": {"family": "ip"}}]}',
        '{"nftables": [{"table": 3}]}',
        '{"nftables": [["table"]]}',
        "[" * 100000,
    ],
)
def test_json_that_is_no_ruleset_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        nft.parse(text)


def test_a_truncated_ruleset_is_malformed_or_without_its_last_tables() -> None:
    text, tables = recorded("nft_1.0.6.txt"), nft_text.parse(recorded("nft_1.0.6.txt"))
    for at in range(0, len(text), 7):
        try:
            found = nft_text.parse(text[:at])
        except Malformed:
            continue
        assert found == {name: tables[name] for name in found}
    whole = recorded("nft_1.0.6.json").rstrip()
    for at in range(0, len(whole), 41):
        with pytest.raises(Malformed):
            nft.parse(whole[:at])


@pytest.mark.parametrize(
    "text", ["", "x", "inet filter input", "foo filter input accept", 'ip a b log prefix "x', {}]
)
def test_a_declared_rule_that_cannot_be_read_is_malformed(text: object) -> None:
    with pytest.raises(Malformed):
        declared([text], "rules")


@given(st.text())
def test_garbage_is_nothing_but_malformed(text: str) -> None:
    for read in (nft_text.parse, nft.parse, lambda each: declared([each], "rules")):
        try:
            read(text)
        except Malformed:
            pass


words = st.sampled_from(
    ["table", "inet", "f", "chain", "{", "}", "\n", ";", ",", '"', "set", "elements = {", "counter",
     "type filter hook input priority 0", "policy drop", "accept", "jump", "#", "flags", "comment"]
)  # fmt: skip


@given(st.lists(words, max_size=30))
def test_words_in_any_order_are_a_ruleset_or_malformed(given_words: list[str]) -> None:
    try:
        nft_text.parse("table inet f {\n" + " ".join(given_words))
    except Malformed:
        pass


values = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["table", "chain", "rule", "set", "family", "name", "expr", "elem",
                             "hook", "jump", "target", "policy", "counter"]), inner, max_size=4
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(values, max_size=5))
def test_any_json_is_a_ruleset_or_malformed(entries: list[object]) -> None:
    try:
        nft.parse(json.dumps({"nftables": entries}))
    except Malformed:
        pass
