"""iptables-save's dumps: rules typed in any way are the ones that the kernel shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.firewall.iptables_rule import parse_line, split
from ct0.firewall.iptables_save import Dump, parse, parse_rules, write
from ct0.firewall.rules import Rule
from ct0.firewall.values import IPV6

RECORDED = Path(__file__).parents[1] / "suites" / "firewall"


def recorded(name: str) -> str:
    return (RECORDED / name).read_text(encoding="utf-8")


def one(text: str, family: str = "ipv4") -> Rule:
    ((rule,),) = parse_rules([text], "rules", family).values()
    return rule


def typed(name: str) -> list[str]:
    """Rules of a file of such, each with its table."""
    table, found = "", []
    for line in recorded(name).splitlines():
        if line.startswith("*"):
            table = line[1:]
        elif line.startswith("-A") and "--u32" not in line:  # its language is compared as text
            found.append(f"-t {table} {line}")
    return found


@pytest.mark.parametrize("variant", ["nft", "legacy"])
@pytest.mark.parametrize("text", typed("as_typed.rules"))
def test_a_rule_as_typed_is_the_one_the_kernel_shows(text: str, variant: str) -> None:
    dump = parse(recorded(f"iptables-{variant}-save_1.8.9.txt"))
    ((where, (rule,)),) = parse_rules([text], "rules").items()
    assert any(rule.same(each) for each in dump.tables[where[0]].chains[where[1]].rules)


@pytest.mark.parametrize("text", typed("as_typed6.rules"))
def test_a_rule_for_ipv6_as_typed_is_the_one_the_kernel_shows(text: str) -> None:
    dump = parse(recorded("ip6tables-save_1.8.9.txt"), family=IPV6)
    rule = one(text, IPV6)
    assert any(rule.same(each) for each in dump.tables["filter"].chains["INPUT"].rules)


def test_both_variants_show_the_same_rules() -> None:
    modern = parse(recorded("iptables-nft-save_1.8.9.txt"))
    legacy = parse(recorded("iptables-legacy-save_1.8.9.txt"))
    assert modern.over_nft
    assert not legacy.over_nft
    for name, table in modern.tables.items():
        for chain in table.chains.values():
            other = legacy.tables[name].chains[chain.name]
            assert [each.forms for each in chain.rules] == [each.forms for each in other.rules]


SAME = [
    (
        "-A INPUT -p tcp --dport 22 -j ACCEPT",
        "-A INPUT -j ACCEPT -m tcp -p 6 --destination-port ssh",
    ),
    ("-A INPUT -s 10.0.0.7", "-A INPUT --source 10.0.0.7/255.255.255.255"),
    ("-A INPUT -s 10/8", "-A INPUT -s 10.1.2.3/8"),
    ("-A INPUT -s 0.0.0.0/0", "-A INPUT"),
    ("-A INPUT ! -s 10.0.0.1", "-A INPUT -s ! 10.0.0.1"),
    ("-A INPUT -p tcp --dport ! 22", "-A INPUT -p tcp ! --dport 22"),
    ("[5:300] -A INPUT -j DROP", "-A INPUT -j DROP -c 1 2"),
    ('-A INPUT -m comment --comment "a b" -j DROP', "-A INPUT -j DROP"),
    ("-A INPUT -m comment --comment -j -j DROP", "-A INPUT -j DROP"),
    ("-A INPUT -p tcp --dport=22", "-A INPUT -p tcp --dport 22"),
    (
        "-A INPUT -m mark --mark 1 -m pkttype --pkt-type host -j DROP",
        "-A INPUT -m pkttype --pkt-type host -m mark --mark 0x1 -j DROP",
    ),
    (
        "-A INPUT -p tcp -m state --state NEW,RELATED -m tcp --dport 80:80",
        "-A INPUT -p tcp -m conntrack --ctstate RELATED,NEW --dport 80",
    ),
    (
        "-A INPUT -p tcp -m multiport --dports 80,22",
        "-A INPUT -p tcp -m multiport --destination-ports ssh,http",
    ),
    (
        "-A INPUT -p icmp --icmp-type ping -m limit --limit 1/s -j DROP",
        "-A INPUT -p icmp -m icmp --icmp-type 8 -m limit --limit 1/s -j DROP",
    ),
    ("-A INPUT -p udp ! --dport :1023", "-A INPUT -p udp --dport 1024:"),
    ("-A INPUT -p udp ! --dport 1024:", "-A INPUT -p udp --dport 0:1023"),
    ("-A INPUT -p udp -m multiport --dport 1,2", "-A INPUT -p udp -m multiport --dports 1,2"),
    (
        "-A INPUT -p udp --dport 1 -m multiport --dports 2,3 --sport 4",
        "-A INPUT -p udp --dport 1 --sport 4 -m multiport --dports 2,3",
    ),
    ("-A INPUT -j NOTRACK", "-A INPUT -j CT --notrack"),
    ("-A INPUT -m limit --limit 60/min", "-A INPUT -m limit --limit 1/s --limit-burst 5"),
]
NOT_SAME = [
    (
        "-A INPUT -p icmp --icmp-type 8 -m limit --limit 1/s",
        "-A INPUT -p icmp -m limit --limit 1/s --icmp-type 8",
    ),
    ("-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p udp --dport 22 -j ACCEPT"),
    ("-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p tcp --sport 22 -j ACCEPT"),
    ("-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p tcp ! --dport 22 -j ACCEPT"),
    ("-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p tcp -j ACCEPT"),
    ("-A INPUT -s 10.0.0.0/8", "-A INPUT -d 10.0.0.0/8"),
    ("-A INPUT -s 10.0.0.0/8", "-A INPUT -s 10.0.0.0/9"),
    ("-A INPUT -s 10.0.0.0/8", "-A INPUT -s 10.0.0.0/255.0.255.0"),
    ("-A INPUT -i eth0", "-A INPUT -i eth0+"),
    ("-A INPUT -i eth0", "-A INPUT -o eth0"),
    ("-A INPUT -j X", "-A INPUT -g X"),
    ("-A INPUT -f", "-A INPUT ! -f"),
    ("-A INPUT ! -s 0/0", "-A INPUT"),
    ("-A INPUT -j REJECT", "-A INPUT -j REJECT --reject-with tcp-reset"),
    ("-A INPUT -m foo --bar 1", "-A INPUT -m foo --bar 2"),
    ("-A INPUT -m state --state NEW", "-A INPUT -m state ! --state NEW"),
    # What is counted is not the same.
    (
        "-A INPUT -m limit --limit 1/s -m mark --mark 1",
        "-A INPUT -m mark --mark 1 -m limit --limit 1/s",
    ),
    ("-A INPUT -m recent --name A --set", "-A INPUT -m recent --name B --set"),
    ('-A INPUT -j LOG --log-prefix "a b"', '-A INPUT -j LOG --log-prefix "a  b"'),
]


@pytest.mark.parametrize(("first", "second"), SAME)
def test_rules_that_mean_the_same_are_the_same(first: str, second: str) -> None:
    assert one(first).same(one(second))


@pytest.mark.parametrize(("first", "second"), NOT_SAME)
def test_rules_that_mean_another_thing_are_not_the_same(first: str, second: str) -> None:
    assert not one(first).same(one(second))


WRONG = [
    "",
    "INPUT -j ACCEPT",
    "-j ACCEPT",
    "-A",
    "-A INPUT ACCEPT",
    "-A INPUT -j",
    "-A INPUT -j ACCEPT -j DROP",
    "-A INPUT -jACCEPT",
    "-A INPUT -D INPUT",
    "-A INPUT -s 10.0.0.256",
    "-A INPUT -s example.org",
    "-A INPUT -s 10.0.0.1/33",
    "-A INPUT -s fe80::1",
    "-A INPUT ! -s 10.0.0.1,10.0.0.2",
    "-A INPUT -p tcp --dport nonesuch",
    "-A INPUT -p tcp --dport 65536",
    "-A INPUT -p tcp --dport",
    "-A INPUT --dport 22",
    "-A INPUT ! ! -s 10.0.0.1",
    "-A INPUT !",
    "-A INPUT ! -j DROP",
    "-A INPUT -p ! -j DROP",
    '-A INPUT -m comment --comment "open',
    "-A INPUT -m comment --comment 'two words' -j ACCEPT",
    "-A INPUT -p tcp --tcp-flags SYN",
    "-A INPUT -p tcp --tcp-flags SYN,FOO SYN",
    "-P INPUT DROP",
    "-A INPUT -x 1",
    "-I INPUT 0 -j DROP",
    "-A INPUT \0",
]


@pytest.mark.parametrize("text", WRONG)
def test_a_rule_that_cannot_be_read_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_rules([text], "rules")


def test_several_addresses_are_several_rules() -> None:
    ((rules),) = parse_rules(["-A INPUT -s 10.0.0.1,10.0.0.2 -d 10.1.0.0/16 -j DROP"], "x").values()
    assert [each.forms for each in rules] == [
        one(f"-A INPUT -s 10.0.0.{n} -d 10.1.0.0/16 -j DROP").forms for n in (1, 2)
    ]


def test_a_callers_services_are_known() -> None:
    text = "-A INPUT -p tcp --dport ours"
    line = parse_line(text, "rules", services={"ours": 7})
    assert line.rules[0].same(one("-A INPUT -p tcp --dport 7"))


def test_words_are_split_as_iptables_restore_splits_them() -> None:
    text = '-A  a\t"b \\" \\\\ \'c\'" d'
    assert [each.text for each in split(text)] == ["-A", "a", "b \" \\ 'c'", "d"]


def test_an_empty_dump_has_no_tables() -> None:
    assert parse("") == Dump()
    assert parse("# nothing\n\n") == Dump()


def test_policies_and_chains_of_a_dump() -> None:
    table = parse(recorded("docker_1.8.9.txt")).tables["filter"]
    assert table.chains["FORWARD"].policy == "DROP"
    assert table.chains["DOCKER"].policy == ""
    assert len(table.chains["FORWARD"].rules) == 6
    assert table.reached() >= {"INPUT", "DOCKER-ISOLATION-STAGE-2", "f2b-sshd"}


def test_a_table_that_iptables_leaves_out_is_told() -> None:
    dump = parse(recorded("iptables-save_incompatible_1.8.9.txt"))
    assert dump.incompatible == ("filter",)
    assert dump.tables == {}


def test_a_dump_that_breaks_off_is_malformed() -> None:
    with pytest.raises(Malformed, match="ends within table filter"):
        parse(recorded("iptables-save_unreadable_1.8.9.txt"))


@pytest.mark.parametrize("name", ["iptables-nft-save_1.8.9.txt", "docker_1.8.9.txt"])
def test_a_truncated_dump_is_malformed_or_without_its_last_tables(name: str) -> None:
    text = recorded(name)
    for at in range(0, len(text), 37):
        try:
            tables = parse(text[:at]).tables
        except Malformed:
            continue
        assert text[:at].count("COMMIT") == len(tables)


@pytest.mark.parametrize(
    "text",
    [
        "*filter\n",
        "*filter\n*nat\nCOMMIT\n",
        "-A INPUT -j ACCEPT\n",
        "COMMIT\n",
        "*filter\n:INPUT\nCOMMIT\n",
        "*filter\n:INPUT accept [0:0]\nCOMMIT\n",
        "*filter\n-A MINE -j ACCEPT\nCOMMIT\n",
        "*filter\n-t nat -A INPUT -j ACCEPT\nCOMMIT\n",
        "*filter\n-D INPUT 1\nCOMMIT\n",
        "*filter\n-I INPUT 2 -j DROP\nCOMMIT\n",
        "iptables: command not found\n",
    ],
)
def test_what_is_no_dump_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_a_file_written_by_people_is_read_as_iptables_restore_does() -> None:
    text = "*filter\n:MINE - [0:0]\n-P INPUT DROP\n-A INPUT -j MINE\n-I INPUT -i lo -j ACCEPT\n"
    text += "-6 -A INPUT -s fe80::1 -j DROP\nCOMMIT\n"
    chain = parse(text).tables["filter"].chains["INPUT"]
    assert chain.policy == "DROP"
    assert [each.verdict for each in chain.rules] == ["ACCEPT", "MINE"]


name = st.text("abcXYZ019_-", min_size=1, max_size=8).map(lambda text: "c" + text)
quoted = st.text(max_size=12).map(
    lambda text: (
        "".join(c for c in text if c.isprintable()).replace("\\", "\\\\").replace('"', '\\"')
    )
)
number = st.integers(0, 65535)
ip = st.tuples(*[st.integers(0, 255)] * 4).map(lambda four: ".".join(map(str, four)))
part = st.one_of(
    st.builds("-m mark --mark {:#x}".format, number),
    st.builds('-m comment --comment "{}"'.format, quoted),
    st.builds("-m {0} --{0}-x {1} {2}".format, name, number, ip),
    st.builds("-m limit --limit {}/min".format, st.integers(1, 100)),
    st.builds("-m conntrack ! --ctstate {}".format, st.sampled_from(["NEW", "RELATED,INVALID"])),
)
heads = st.one_of(
    st.just(""),
    st.builds("-s {}/{}".format, ip, st.integers(0, 32)),
    st.builds("! -d {}".format, ip),
    st.builds("-i {}".format, name),
)
ports = st.one_of(
    st.just(""),
    st.builds("-p {} --dport {}".format, st.sampled_from(["tcp", "udp", "132"]), number),
    st.builds("-p icmp --icmp-type {}".format, st.integers(0, 255)),
)
targets = st.one_of(
    st.sampled_from(["-j ACCEPT", "-j DROP", "-j REJECT", "-g mine", ""]),
    st.builds('-j LOG --log-prefix "{}"'.format, quoted),
)
rules = st.builds(
    lambda head, proto, parts, target: " ".join(
        f"-A INPUT {head} {proto} {' '.join(parts)} {target}".split(" ")
    ).strip(),
    heads,
    ports,
    st.lists(part, max_size=3),
    targets,
)


@given(st.lists(rules, max_size=8))
def test_any_rules_written_and_read_back_are_equal(texts: list[str]) -> None:
    text = "*filter\n:INPUT DROP [0:0]\n:mine - [0:0]\n" + "".join(f"{t}\n" for t in texts)
    dump = parse(text + "COMMIT\n")
    assert len(dump.tables["filter"].chains["INPUT"].rules) == len(texts)
    assert parse(write(dump)) == dump


@given(st.text())
def test_garbage_is_nothing_but_malformed(text: str) -> None:
    for given_text in (text, f"*filter\n{text}\nCOMMIT\n", f"*filter\n-A INPUT {text}\nCOMMIT\n"):
        try:
            parse(given_text)
        except Malformed:
            pass


@given(st.lists(st.sampled_from(
    ["-A", "-I", "INPUT", "!", "-s", "-p", "tcp", "--dport", "22", "-m", "limit", '"', "-j", "-",
     "--", "--=", "-t", "-6", "-P", "-N", "DROP", "--limit", "1/0", "0x", "--icmp-type", "-f", ",",
     "--mark", "-c", "/", ":", "--tcp-flags", "ALL", "NONE"]
), max_size=12))  # fmt: skip
def test_words_in_any_order_are_a_rule_or_malformed(words: list[str]) -> None:
    try:
        parse_line(" ".join(words), "rules")
    except Malformed:
        pass
