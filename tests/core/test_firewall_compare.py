"""Declared rules against those in force: what is missing, extra, in another order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.firewall import nft_text
from ct0.firewall.compare import (
    AT_LEAST,
    EXACT,
    EXTRA,
    FORBID,
    FORBIDDEN,
    MISSING,
    ORDER,
    POLICY,
    SHADOWED,
    UNUSED,
    compare,
)
from ct0.firewall.foreign import Foreign, only_counts
from ct0.firewall.iptables_save import parse, parse_rules
from ct0.firewall.nft_text import declared
from ct0.firewall.rules import Table

RECORDED = Path(__file__).parents[1] / "suites" / "firewall"
SSH = "-A INPUT -p tcp --dport 22 -j ACCEPT"
WEB = "-A INPUT -p tcp --dport 80 -j ACCEPT"
DROP = "-A INPUT -p tcp -j DROP"
ALL = "-A INPUT -j ACCEPT"


def tables(*rules: str, policy: str = "DROP") -> dict[str, Table]:
    lines = ["*filter", f":INPUT {policy} [0:0]", ":FORWARD ACCEPT [0:0]", ":MINE - [0:0]", *rules]
    return dict(parse("\n".join([*lines, "COMMIT", ""])).tables)


def kinds(
    wanted: list[str], live: dict[str, Table], mode: str = AT_LEAST, chains: tuple[str, ...] = ()
) -> list[str]:
    found = compare(parse_rules(wanted, "rules"), {}, live, mode, chains)
    return [each.kind for each in found.differences]


@pytest.mark.parametrize(
    ("wanted", "live", "mode", "found"),
    [
        ([SSH], [SSH], AT_LEAST, []),
        ([SSH], [WEB, SSH, DROP], AT_LEAST, []),
        ([SSH], [WEB], AT_LEAST, [MISSING]),
        ([SSH], [], AT_LEAST, [MISSING]),
        ([SSH, SSH], [SSH], AT_LEAST, [MISSING]),
        ([WEB, SSH], [SSH, WEB], AT_LEAST, []),  # it makes no difference
        ([SSH, DROP], [DROP, SSH], AT_LEAST, [ORDER]),
        ([SSH], [ALL, SSH], AT_LEAST, [SHADOWED]),
        ([SSH], ["-A INPUT -j DROP", SSH], AT_LEAST, [SHADOWED]),
        ([SSH], ["-A INPUT -j RETURN", SSH], AT_LEAST, [SHADOWED]),
        ([SSH], ["-A INPUT -j LOG", SSH], AT_LEAST, []),
        ([SSH, DROP], [SSH, DROP], EXACT, []),
        ([SSH, DROP], [SSH, ALL, DROP], EXACT, [EXTRA]),
        ([SSH, DROP], [DROP, SSH], EXACT, [ORDER]),
        ([SSH, WEB], [WEB, SSH], EXACT, [ORDER]),
        ([SSH], [SSH, SSH], EXACT, [EXTRA]),
        ([SSH], [], EXACT, [MISSING]),
        ([SSH], [WEB], EXACT, [MISSING, EXTRA]),
        ([ALL], [SSH, WEB], FORBID, []),
        ([ALL], [SSH, ALL, ALL], FORBID, [FORBIDDEN, FORBIDDEN]),
        (["-A MINE -j DROP"], ["-A MINE -j DROP"], AT_LEAST, [UNUSED]),
        (["-A MINE -j DROP"], ["-A MINE -j DROP", "-A INPUT -j MINE"], AT_LEAST, []),
        (["-A NONE -j DROP"], [SSH], AT_LEAST, [MISSING]),
        (["-t nat -A OUTPUT -j DNAT --to 1.2.3.4"], [SSH], EXACT, [MISSING]),
    ],
)
def test_what_is_found(wanted: list[str], live: list[str], mode: str, found: list[str]) -> None:
    assert kinds(wanted, tables(*live), mode) == found


def test_an_empty_dump_misses_all_that_is_declared() -> None:
    for mode in (EXACT, AT_LEAST):
        assert kinds([SSH, WEB], {}, mode) == [MISSING, MISSING]


def test_a_difference_names_the_rule_its_number_and_its_chain() -> None:
    found = compare(parse_rules([SSH], "rules"), {}, tables(SSH, ALL), EXACT).differences
    assert [each.text for each in found] == ["INPUT: extra, rule 2: -A INPUT -j ACCEPT"]


@pytest.mark.parametrize(
    ("policy", "live", "text"),
    [
        ({"INPUT": "DROP"}, tables(), ""),
        ({"INPUT": "ACCEPT"}, tables(), "INPUT: policy is DROP, not ACCEPT"),
        ({"INPUT": "ACCEPT"}, {}, ""),
        (
            {"INPUT": "DROP"},
            {},
            "INPUT: table filter is not loaded: everything is accepted, not DROP",
        ),
        ({"nat OUTPUT": "ACCEPT"}, tables(), ""),
        ({"MINE": "DROP"}, tables(), "MINE: has no policy: it is no chain of its hook, not DROP"),
        ({"inet f i": "accept"}, {}, "inet f i: there is no such chain, not accept"),
    ],
)
def test_policies(policy: dict[str, str], live: dict[str, Table], text: str) -> None:
    found = compare({}, policy, live).differences
    assert [(each.kind, each.text) for each in found] == ([(POLICY, text)] if text else [])


def test_chains_that_are_named_must_be_empty_without_rules() -> None:
    live = tables(SSH, "-A MINE -j ACCEPT")
    assert kinds([], live, EXACT, ("FORWARD",)) == []
    assert kinds([], live, EXACT, ("INPUT",)) == [EXTRA]
    assert kinds([], live, EXACT, ("filter *",)) == [EXTRA, EXTRA]
    assert kinds([SSH], live, EXACT, ("nat *",)) == []
    found = compare({}, {"INPUT": "DROP"}, live, EXACT).differences
    assert [each.kind for each in found] == [EXTRA]


def test_dockers_and_fail2bans_rules_are_foreign() -> None:
    live = parse((RECORDED / "docker_1.8.9.txt").read_text(encoding="utf-8")).tables
    found = compare(parse_rules([SSH], "x"), {"INPUT": "ACCEPT"}, live, EXACT, ("*", "nat *"))
    assert found.differences == ()
    assert "DOCKER-USER" in found.foreign
    assert "-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd" in found.foreign


def test_a_rule_is_dockers_only_where_docker_is() -> None:
    rule = "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT"
    assert kinds([], tables(rule), EXACT, ("FORWARD",)) == [EXTRA]


@pytest.mark.parametrize(
    "rule",
    [
        "-A FORWARD -i docker0 ! -o docker0 -j ACCEPT -m comment --comment x",
        "-A FORWARD -i docker0 -j ACCEPT",
        "-A FORWARD -j ACCEPT",
        "-A FORWARD -i docker0 ! -o br-0123456789ab -j ACCEPT",
    ],
)
def test_what_only_looks_like_dockers_is_extra(rule: str) -> None:
    live = tables(":DOCKER - [0:0]", rule)
    assert kinds([], live, EXACT, ("FORWARD",)) == [EXTRA]


def test_a_rule_that_leads_to_a_chain_that_is_not_there_is_nobody_elses() -> None:
    assert kinds([], tables("-A INPUT -j DOCKER"), EXACT, ("INPUT",)) == [EXTRA]


def test_a_users_patterns_are_foreign() -> None:
    live = tables("-A INPUT -i tun0 -j ACCEPT", "-A INPUT -j MINE", "-A MINE -j DROP")
    extra = Foreign(["MINE", "-A INPUT -i tun0 *"])
    assert compare({}, {}, live, EXACT, ("*",), extra).differences == ()
    assert len(compare({}, {}, live, EXACT, ("*",)).differences) == 3


@pytest.mark.parametrize(
    ("name", "foreign"),
    [
        ("inet firewalld", True),
        ("netdev ve_0a1b2c3d4e5f60718293a4b5c6d7e8f9", True),
        ("inet filter", False),
        ("ip filter", False),
        ("inet ve_x", False),
        ("inet mine", True),
    ],
)
def test_tables_of_others(name: str, foreign: bool) -> None:
    assert Foreign(["inet mine"]).table(name) is foreign
    assert only_counts(name) is name.startswith("netdev ve_")


NFT = """\
table inet f {
	chain i {
		type filter hook input priority filter; policy drop;
		tcp dport 22 accept
		drop
		tcp dport 80 accept
	}
	chain u {
		accept
	}
}
"""


def test_nfts_rules() -> None:
    live = nft_text.parse(NFT)

    def found(rules: list[str], mode: str = AT_LEAST) -> list[str]:
        wanted = declared(rules, "rules")
        return [each.kind for each in compare(wanted, {}, live, mode).differences]

    assert found(["inet f i tcp dport 22 accept"]) == []
    assert found(["inet f i tcp dport 80 accept"]) == [SHADOWED]
    assert found(["inet f i tcp dport 23 accept"]) == [MISSING]
    assert found(["inet f u accept"]) == [UNUSED]
    assert found(["inet g i tcp dport 22 accept"]) == [MISSING]
    assert found(["inet f i tcp dport 22 accept", "inet f i drop"], EXACT) == [EXTRA]
    assert found(["inet f i drop"], FORBID) == [FORBIDDEN]
    live = {"inet f": live["inet f"]._replace(dormant=True)}
    assert found(["inet f i tcp dport 22 accept"]) == [UNUSED]
    dormant = compare({}, {"inet f i": "drop"}, live).differences
    assert [each.kind for each in dormant] == [POLICY]


numbers = st.lists(st.integers(1, 4), max_size=6)


@given(numbers, numbers)
def test_exact_finds_nothing_only_between_equal_lists(wanted: list[int], live: list[int]) -> None:
    def rules(ports: list[int]) -> list[str]:
        return [f"-A INPUT -p tcp --dport {port} -j ACCEPT" for port in ports]

    found = kinds(rules(wanted), tables(*rules(live)), EXACT, ("INPUT",))
    assert (found == []) is (wanted == live)
    least = kinds(rules(wanted), tables(*rules(live)))
    assert (least == []) is all(live.count(each) >= wanted.count(each) for each in wanted)
