"""The suite firewall on recorded and made-up answers of a target."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Error, Malformed, Unavailable
from ct0_suites.expectations.files import check, parse_yaml
from ct0_suites.expectations.load import expectations
from ct0_suites.expectations.schema import schema
from ct0_suites.records import CT, Subject
from ct0_suites.resources.firewall import SECTIONS, parse_sections, script
from ct0_suites.suites import firewall
from ct0_suites.target import Target
from ct0_suites.transport import Output
from suites.scripted import Answer, Scripted

HERE = Path(__file__).parent / "firewall"
NETNS = "net:[4026532184]\n"
VERSION = "iptables v1.8.9 (nf_tables)\n"
RULES = "*filter\n:INPUT DROP [3:4]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
RULES += "[1:2] -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n"
NFT = (
    "table inet f {\n\tset s {\n\t\ttype ipv4_addr\n\t\telements = { 192.0.2.1, 192.0.2.2 }\n\t}\n"
)
NFT += "\n\tchain i {\n\t\ttype filter hook input priority filter; policy drop;\n"
NFT += "\t\ttcp dport 22 counter packets 1 bytes 2 accept\n\t}\n}\n"
SSH = "-A INPUT -p tcp --dport ssh -j ACCEPT"
FILES = r"cat -- /etc"
ABSENT = Output(1, b"", b"cat: No such file or directory\n")


def answer(given_sections: Mapping[str, str], absent: str = "") -> Output:
    """What the reading script prints where its commands print that; those that `absent` fits are
    not installed."""
    texts = {"netns": NETNS, "version": VERSION, **given_sections}
    out, err = [], []
    for name in SECTIONS:
        status = 127 if absent and re.match(absent, name) and name not in given_sections else 0
        text = texts.get(name, "")
        out += [f"{name}:{line}" for line in f"{text}\n{status}".split("\n")]
        err.append(f"{name}:")
        if status:
            err.append(f"sh: {SECTIONS[name]}: not found")
    return Output(0, "\n".join([*out, ""]).encode(), "\n".join([*err, ""]).encode())


def target(
    given_sections: Mapping[str, str] | Output,
    absent: str = "json",
    files: Mapping[str, Answer] | None = None,
) -> Target:
    said = given_sections if isinstance(given_sections, Output) else answer(given_sections, absent)
    answers = {**(files or {}), FILES: ABSENT, "^PATH=": said}
    return Target(Subject("node1", "ct0", "lxc"), Scripted(answers))


def modern(rules: str = RULES, **more: str) -> dict[str, str]:
    """iptables over nf_tables, as Debian 12 has it."""
    return {"save-ipv4": rules, "nft-ipv4": rules, **more}


def recorded(name: str) -> Output:
    return Output(0, (HERE / f"{name}.out").read_bytes(), (HERE / f"{name}.err").read_bytes())


def problems(want: dict[str, Any], of: Target) -> list[str]:
    return list(firewall.judge(want, of))


def test_the_rules_that_are_expected_are_there() -> None:
    want = {"policy": {"INPUT": "DROP"}, "rules": [SSH], "mode": "exact"}
    assert problems(want, target(modern())) == []


@pytest.mark.parametrize(
    ("want", "found"),
    [
        ({"rules": ["-A INPUT -j DROP"]}, ["INPUT: missing: -A INPUT -j DROP"]),
        ({"policy": {"FORWARD": "DROP"}}, ["FORWARD: policy is ACCEPT, not DROP"]),
        (
            {"mode": "exact", "chains": ["INPUT"]},
            ["INPUT: extra, rule 1: -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
        ),
        (
            {"mode": "forbid", "rules": [SSH]},
            ["INPUT: rule 1 must not be there: -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT"],
        ),
        ({"rules": [SSH], "family": "ipv6"}, [f"ipv6 INPUT: missing: {SSH}"]),
        ({"rules": [SSH], "family": ["ipv4", "ipv6"]}, [f"ipv6 INPUT: missing: {SSH}"]),
        ({"framework": "iptables"}, []),
        (
            {"framework": "nft"},
            ["iptables has rules or policies in force (ipv4 filter): only nft should"],
        ),
        ({"conntrack": False}, []),
        ({"conntrack": True}, ["connections are not tracked, and should be"]),
    ],
)
def test_what_is_wrong_is_said(want: dict[str, Any], found: list[str]) -> None:
    assert problems(want, target(modern())) == found


def test_connection_tracking_is_told() -> None:
    of = target(modern(tracking="/proc/net/nf_conntrack\n"))
    assert problems({"conntrack": True}, of) == []
    (line,) = problems({"conntrack": False}, of)
    assert "/proc/net/nf_conntrack" in line


def test_two_frameworks_at_once_are_found_in_a_recorded_answer() -> None:
    of = target(recorded("two_1.8.9"))
    assert problems({}, of) == [
        "two frameworks at once: legacy iptables (ipv4 filter); nf_tables (ipv4 filter)"
    ]
    assert problems({"one_framework": False}, of) == []


def test_counters_of_virtuozzo_are_no_second_framework() -> None:
    table = (
        "table netdev ve_0a {\n\tchain c {\n\t\ttype filter hook ingress device eth0 priority 0;"
    )
    table += " policy accept;\n\t\tcounter packets 1 bytes 2\n\t}\n}\n"
    legacy = {"version": "iptables v1.4.21\n", "names-ipv4": "filter\n", "save-ipv4": RULES}
    of = target({**legacy, "text": table}, absent="json|legacy|nft")
    assert problems({"rules": [SSH], "framework": "iptables"}, of) == []
    (line,) = problems(
        {}, target({**legacy, "text": table.replace("ve_", "x_")}, "json|legacy|nft")
    )
    assert "netdev x_0a" in line


def test_rules_of_the_old_framework_are_read_where_iptables_is_the_new_one() -> None:
    of = target({"names-ipv4": "filter\n", "legacy-ipv4": RULES})
    assert problems({"rules": [SSH], "policy": {"INPUT": "DROP"}}, of) == []


def test_legacy_tables_that_nothing_shows_are_unknown() -> None:
    of = target(modern(**{"names-ipv4": "filter\n"}), absent="json|legacy")
    with pytest.raises(Unavailable, match="legacy tables are loaded"):
        problems({"rules": [SSH]}, of)


@pytest.mark.parametrize("name", ["incompatible", "unreadable"])
def test_a_dump_that_does_not_show_all_is_no_dump(name: str) -> None:
    text = (HERE / f"iptables-save_{name}_1.8.9.txt").read_text(encoding="utf-8")
    with pytest.raises((Unavailable, Malformed)):
        problems({"policy": {"INPUT": "ACCEPT"}}, target(modern(text)))


def test_no_iptables_is_unknown() -> None:
    of = target({"text": NFT}, absent="json|save|legacy|nft|version")
    with pytest.raises(Unavailable, match="no iptables-save here"):
        problems({"rules": [SSH]}, of)


def test_no_nft_is_unknown_for_its_rules() -> None:
    with pytest.raises(Unavailable, match="no nft here"):
        problems({"rules": ["inet f i tcp dport 22 accept"]}, target(modern(), "json|text"))
    with pytest.raises(Unavailable, match="no nft here"):
        problems({"framework": "iptables"}, target(modern(), "json|text"))


def test_where_the_kernel_has_no_nf_tables_there_are_none_of_its_rules() -> None:
    old = {"version": "iptables v1.4.7\n", "names-ipv4": "filter\n", "save-ipv4": RULES}
    gone = "json|legacy|nft|text"
    of = target({**old, "modules": "/proc/modules\n"}, gone)
    assert problems({"framework": "iptables", "rules": [SSH]}, of) == []
    seen = list(firewall.observe(of))
    assert [want["framework"] for want in seen] == ["iptables"] * 2
    assert [problems(want, of) for want in seen] == [[], []]
    for modules in ("", "/proc/modules\nnf_tables 356352 0 - Live 0x0\n"):
        with pytest.raises(Unavailable, match="nf_tables is loaded"):
            problems({}, target({**old, "modules": modules}, gone))


def test_who_may_not_read_them_is_unknown() -> None:
    said = answer(modern())
    denied = Output(
        0,
        re.sub(rb"names-ipv4:0", b"names-ipv4:1", said.stdout),
        said.stderr.replace(b"names-ipv4:\n", b"names-ipv4:\ncat: Permission denied\n"),
    )
    with pytest.raises(Unavailable, match="Permission denied"):
        problems({"rules": [SSH]}, target(denied))


@pytest.mark.parametrize(
    ("want", "found"),
    [
        ({"framework": "nft", "rules": ["inet f i tcp dport 22 accept"], "mode": "exact"}, []),
        ({"policy": {"inet f i": "drop"}}, []),
        ({"policy": {"inet f i": "accept"}}, ["inet f i: policy is drop, not accept"]),
        (
            {"rules": ["inet f i tcp dport 23 accept"]},
            ["inet f i: missing: inet f i tcp dport 23 accept"],
        ),
        (
            {"mode": "exact", "chains": ["inet f *"]},
            ["inet f i: extra, rule 1: inet f i tcp dport 22 accept"],
        ),
        ({"sets": {"inet f s": ["192.0.2.1"]}}, []),
        ({"sets": {"inet f s": ["192.0.2.3"]}}, ["inet f s: 192.0.2.3 is missing in this set"]),
        (
            {"mode": "exact", "sets": {"inet f s": ["192.0.2.1"]}},
            ["inet f s: 192.0.2.2 is in this set besides"],
        ),
        (
            {"mode": "forbid", "sets": {"inet f s": ["192.0.2.1"]}},
            ["inet f s: 192.0.2.1 must not be in this set"],
        ),
        ({"sets": {"inet f t": []}}, ["inet f t: there is no such set"]),
        (
            {"framework": "iptables"},
            ["nft has rules or policies in force (inet f): only iptables should"],
        ),
    ],
)
def test_nfts_rules(want: dict[str, Any], found: list[str]) -> None:
    assert problems(want, target({"text": NFT})) == found


def test_a_rule_that_cannot_be_read_is_an_error() -> None:
    for rule in ("-A INPUT --nonsense", "iptables -A INPUT -j ACCEPT", "INPUT"):
        with pytest.raises(Malformed):
            problems({"rules": [rule]}, target(modern(text=NFT)))


SETS = {"ipset save": (HERE / "ipset-save_7.17.txt").read_text(encoding="utf-8")}


@pytest.mark.parametrize(
    ("want", "found"),
    [
        ({"sets": {"trusted": ["10.0.0.0/8", "192.0.2.1/32"]}}, []),
        ({"sets": {"trusted": ["10.0.0.0/9"]}}, ["trusted: 10.0.0.0/9 is missing in this set"]),
        ({"sets": {"trusted": ["10.1.0.0/16"]}}, ["trusted: 10.1.0.0/16 is missing in this set"]),
        ({"sets": {"trusted": ["10.1.0.0/16 nomatch"]}}, []),
        ({"mode": "exact", "sets": {"ports": ["80", "82"]}}, ["ports: 81 is in this set besides"]),
        ({"mode": "forbid", "sets": {"ports": ["80"]}}, ["ports: 80 must not be in this set"]),
        ({"sets": {"none": ["80"]}}, ["none: there is no such set"]),
    ],
)
def test_ipsets(want: dict[str, Any], found: list[str]) -> None:
    assert problems(want, target(modern(), files=SETS)) == found


def test_sets_that_rules_name_are_observed_with_them() -> None:
    rules = RULES.replace("COMMIT", "-A INPUT -m set --match-set trusted src -j ACCEPT\nCOMMIT")
    rules = rules.replace("COMMIT", "-A INPUT -m set --match-set banned src -j DROP\nCOMMIT")
    of = target(modern(rules), files=SETS)
    (want,) = (each for each in firewall.observe(of) if each["family"] == "ipv4")
    assert list(want["sets"]) == ["trusted"]
    assert problems(want, of) == []
    less = {"ipset save": SETS["ipset save"].replace("add trusted 10.0.0.0/8\n", "")}
    assert problems(want, target(modern(rules), files=less)) == [
        "trusted: 10.0.0.0/8 is missing in this set"
    ]
    with pytest.raises(Unavailable, match="no ipset here"):
        problems(want, target(modern(rules), files={"ipset save": Output(127, b"", b"")}))


SAVED = r"cat -- /etc/iptables/rules\.v4"


@pytest.mark.parametrize(
    ("saved", "found"),
    [
        (RULES, []),
        (RULES.replace("--dport 22", "--dport ssh").replace("[3:4]", ""), []),
        (
            RULES.replace("-j ACCEPT", "-j DROP"),
            [
                "in force is not what /etc/iptables/rules.v4 says: INPUT: missing:"
                " -A INPUT -p tcp -m tcp --dport 22 -j DROP",
                "in force is not what /etc/iptables/rules.v4 says: INPUT: extra, rule 1:"
                " -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            ],
        ),
        (
            RULES.replace("INPUT DROP", "INPUT ACCEPT"),
            ["in force is not what /etc/iptables/rules.v4 says: INPUT: policy is DROP, not ACCEPT"],
        ),
        (
            "",
            [
                "in force is not what /etc/iptables/rules.v4 says: INPUT: policy is DROP,"
                " not ACCEPT",
                "in force is not what /etc/iptables/rules.v4 says: INPUT: extra, rule 1:"
                " -A INPUT -p tcp -m tcp --dport 22 -j ACCEPT",
            ],
        ),
    ],
)
def test_saved_rules_are_those_in_force(saved: str, found: list[str]) -> None:
    assert problems({"saved": True}, target(modern(), files={SAVED: saved})) == found


def test_rules_that_are_not_saved_or_not_loaded_are_told() -> None:
    (line,) = problems({"saved": True}, target(modern()))
    assert line.startswith("ipv4: rules are in force and not saved: no /etc/iptables/rules.v4 or ")
    assert len(problems({"saved": True}, target({}, files={SAVED: RULES}))) == 2
    with pytest.raises(Unavailable, match="/etc/mine"):
        problems({"saved": "/etc/mine"}, target(modern()))


def test_dockers_rules_need_not_be_saved() -> None:
    text = (HERE / "docker_1.8.9.txt").read_text(encoding="utf-8")
    saved = "*filter\n:INPUT ACCEPT\n:FORWARD DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n"
    of = target(modern(text), files={SAVED: saved})
    assert problems({"saved": True, "mode": "exact", "rules": [SSH]}, of) == []


def test_nfts_saved_file_is_compared_as_it_is_or_as_nft_loads_it() -> None:
    file = r"^LC_ALL=C cat -- /etc/nftables\.conf"
    want = {"framework": "nft", "saved": True}
    plain = "#!/usr/sbin/nft -f\nflush ruleset\n" + NFT
    assert problems(want, target({"text": NFT}, files={file: plain})) == []
    typed = {file: "define x = ssh\n" + NFT.replace("22", "$x"), "unshare -n": NFT}
    assert problems(want, target({"text": NFT}, files=typed)) == []
    other = {file: NFT.replace("22", "23"), "unshare -n": NFT.replace("22", "23")}
    found = problems(want, target({"text": NFT}, files=other))
    assert [re.sub(".*says: ", "", each) for each in found] == [
        "inet f i: missing: inet f i tcp dport 23 accept",
        "inet f i: extra, rule 1: inet f i tcp dport 22 accept",
    ]


def test_rules_of_both_must_be_saved() -> None:
    of = target(modern(text=NFT), files={SAVED: RULES})
    (line,) = problems({"saved": True}, of)
    assert line.startswith("nft's rules are in force and not saved")
    saved = {SAVED: RULES, r"cat -- /etc/nftables\.conf": NFT}
    assert problems({"saved": True}, target(modern(text=NFT), files=saved)) == []
    # Debian's own file, which nobody loads where iptables is at work.
    saved[r"cat -- /etc/nftables\.conf"] = "table inet filter {\n}\n"
    assert problems({"saved": True}, target(modern(), files=saved)) == []


def test_a_file_that_would_switch_tracking_on_is_not_loaded_to_be_read() -> None:
    file = {r"cat -- /etc/nftables\.conf": NFT.replace("tcp dport 22", "ct state new")}
    with pytest.raises(Unavailable, match="connection tracking"):
        problems({"framework": "nft", "saved": True}, target({"text": NFT}, files=file))


NOTHING = "save|legacy|nft|json|text|version"


def inside(own: Mapping[str, str], outside: Mapping[str, str]) -> tuple[Target, Scripted]:
    machine = Scripted({"^nsenter -t 77 -n -- /bin/sh -c 'PATH=": answer(outside, "json")})
    node = Target(Subject("node1", "ct0", "lxc"), machine)
    way = Scripted({"^PATH=": answer(own, NOTHING)})
    return Target(Subject("node1", CT, "lxc", "c1"), way, machine=node, init_pid=77), machine


def test_a_ct_without_commands_is_read_from_its_machine() -> None:
    of, machine = inside({}, modern())
    assert problems({"rules": [SSH]}, of) == []
    assert problems({"mode": "exact", "chains": ["INPUT"]}, of) != []
    assert len(machine.asked) == 1


def test_a_ct_whose_network_is_another_is_not_judged_by_it() -> None:
    of, _ = inside({"netns": "net:[1]\n"}, modern())
    with pytest.raises(Unavailable, match="network namespace"):
        problems({"rules": [SSH]}, of)
    of, _ = inside({"netns": ""}, modern(netns=""))
    with pytest.raises(Unavailable, match="network namespace"):
        problems({"rules": [SSH]}, of)


@pytest.mark.parametrize("name", ["two_1.8.9", "sections_1.8.9"])
def test_what_is_observed_is_then_found(name: str) -> None:
    of = target(recorded(name))
    seen = list(firewall.observe(of))
    assert len(seen) >= 2
    for want in seen:
        assert problems(want, of) == []


@pytest.mark.parametrize(
    "of",
    [
        target({}),
        target(modern()),
        target(modern(), files={SAVED: RULES}),
        target({"text": NFT}),
        target(modern(text=NFT)),
        target({"text": NFT}, NOTHING),
    ],
)
def test_anything_observed_is_then_found(of: Target) -> None:
    seen = list(firewall.observe(of))
    assert seen
    for want in seen:
        assert problems(want, of) == []


def test_what_was_observed_is_missed_when_it_changes() -> None:
    for want in firewall.observe(target(modern(text=NFT))):
        changed = modern(RULES.replace("COMMIT", "-A INPUT -j ACCEPT\nCOMMIT"))
        other = target({**changed, "text": NFT.replace("tcp dport 22 ", "")})
        assert problems(want, other) or want["family"] == "ipv6"
    for want in firewall.observe(target({})):
        assert problems(want, target(modern())) or want["family"] == "ipv6"


def test_an_answer_that_breaks_off_is_an_error() -> None:
    whole = recorded("two_1.8.9")
    for at in range(0, len(whole.stdout) - 2, 101):
        with pytest.raises(Error):
            parse_sections(whole._replace(stdout=whole.stdout[:at]))


@given(st.binary())
def test_garbage_is_an_error(text: bytes) -> None:
    with pytest.raises(Error):
        parse_sections(Output(0, text, text))


@given(st.text())
def test_no_text_passes_for_another_section(text: str) -> None:
    said = parse_sections(answer({"save-ipv4": text.replace("\n", "\nsave-ipv6:")}))
    assert said["save-ipv6"].text.strip() == ""


def test_no_table_is_ever_named() -> None:
    assert not re.search(r"tables\S* .*-t", script())
    assert " -t " not in script()


def test_the_examples_of_its_documentation_are_expectations() -> None:
    text = (firewall.__doc__ or "").partition("\n\n")[2].rpartition("\n\n")[0]
    document = parse_yaml(f"version: 1\n{text}", "docstring", schema())
    entries = expectations(document, "docstring")
    assert [each.id for each in entries] == ["ssh-is-open", "node-filter", "web-filter"]
    of = target(modern(text=NFT))
    assert problems(dict(entries[0].want), of) == []
    assert len(problems(dict(entries[1].want), of)) > 1
    assert len(problems(dict(entries[2].want), of)) > 1


def test_what_is_observed_is_an_expectation() -> None:
    for name in ("two_1.8.9", "sections_1.8.9"):
        seen = [
            {"id": f"e{n}", **w} for n, w in enumerate(firewall.observe(target(recorded(name))))
        ]
        check({"version": 1, "firewall": seen}, "observed", schema())
