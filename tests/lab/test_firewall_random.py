"""Rules made up at random, typed in many ways: what the kernel shows of each is the same rule, and
two that it shows differently are not the same."""

from __future__ import annotations

import re
import subprocess
from collections import defaultdict
from random import Random

import pytest

from ct0.firewall.iptables_save import parse, parse_rules

from .command import clean_environment
from .run import Run

COUNT = 400
NETS = ("", "/8", "/24", "/32", "/31", "/255.255.0.0", "/255.255.255.255")
PORTS = ("22", "ssh", "http", "443", "1000:2000", ":1023", "1024:", "65535", "domain", "53:53")
STATES = ("NEW", "RELATED,ESTABLISHED", "ESTABLISHED,RELATED", "INVALID")
MATCHES = {
    "-m state {n}--state {}": STATES,
    "-m conntrack {n}--ctstate {}": (*STATES, "DNAT"),
    "-m mark {n}--mark {}": ("1", "0x1", "0x1/0xff", "255/255"),
    "-m limit --limit {}": ("5/min", "5/minute", "60/min", "1/second", "3/h", "10/day"),
    "-m limit --limit 2/sec --limit-burst {}": ("5", "7"),
    "-m comment --comment {}": ("x", '"a b"', '"-j ACCEPT"'),
    "-m pkttype {n}--pkt-type {}": ("broadcast", "unicast"),
    "-m addrtype {n}--dst-type {}": ("LOCAL", "BROADCAST,LOCAL", "LOCAL,BROADCAST"),
    "-m length {n}--length {}": ("10", "10:20"),
    "-m ttl --ttl-{} 5": ("lt", "gt", "eq"),
    "-m iprange {n}--src-range {}": ("10.0.0.1-10.0.0.9",),
    "-m mac {n}--mac-source {}": ("aa:bb:cc:dd:ee:ff", "AA:BB:CC:DD:EE:FF"),
    "-m dscp {n}{}": ("--dscp 0x2e", "--dscp-class EF", "--dscp 46", "--dscp-class AF21"),
    "-m tos {n}--tos {}": ("0x10", "16", "0x10/0xff"),
    "-m recent --name {}": ("A --set", "DEFAULT --update --seconds 60", "A --rcheck"),
    "-m statistic --mode random {n}--probability {}": ("0.5", "0.25", "0.1", "0.33"),
    "-m connlimit --connlimit-above 10{}": ("", " --connlimit-mask 32", " --connlimit-mask 24"),
}
FLAGS = (
    "--syn",
    "! --syn",
    "--tcp-flags SYN,RST SYN",
    "--tcp-flags RST,SYN SYN",
    "--tcp-flags ALL NONE",
    "--tcp-flags FIN,SYN,RST,ACK SYN",
)
ICMP = ("echo-request", "8", "8/0", "any", "host-unreachable", "3/1", "ping", "ttl-exceeded", "255")
TARGETS = (
    "",
    "-j ACCEPT",
    "--jump DROP",
    "-g mine",
    "-j mine",
    "-j RETURN",
    "-j LOG",
    '-j LOG --log-prefix "a b" --log-level info',
    "-j LOG --log-level 4",
    "-j REJECT",
    "-j REJECT --reject-with icmp-port-unreachable",
    "-j REJECT --reject-with host-prohib",
)


def made_up(chance: Random) -> str:
    """One rule; iptables may refuse it."""

    def some(*texts: str) -> str:
        return chance.choice(texts)

    def sign() -> str:
        return some("", "", "! ")

    head = [
        f"{sign()}-{face} 10.{chance.randint(0, 3)}.1.{chance.randint(0, 9)}{some(*NETS)}"
        for face in "sd"
        if chance.random() < 0.35
    ]
    head += [f"{sign()}-i {some('eth0', 'lo', 'eth+')}"] if chance.random() < 0.3 else []
    head += [some("-f", "! -f")] if chance.random() < 0.1 else []
    chance.shuffle(head)
    proto = some("", "tcp", "TCP", "6", "udp", "17", "sctp", "icmp", "esp", "gre", "all")
    rest = [
        form.format(some(*MATCHES[form]), n=some("", "! "))
        for form in chance.sample(list(MATCHES), chance.choice((0, 0, 1, 1, 2, 3)))
    ]
    if proto.lower() in ("tcp", "6", "udp", "17", "sctp"):
        for names in (("--dport", "--destination-port"), ("--sport", "--source-port")):
            rest += [f"{sign()}{some(*names)} {some(*PORTS)}"] if chance.random() < 0.5 else []
        if proto.lower() in ("tcp", "udp") and chance.random() < 0.3:
            name, ports = some("--dports", "--sports", "--ports"), some("22,80", "80,ssh", "53")
            rest.append(f"-m multiport {sign()}{name} {ports}")
    rest += [some(*FLAGS)] if proto.lower() in ("tcp", "6") and chance.random() < 0.3 else []
    rest += [f"{sign()}--icmp-type {some(*ICMP)}"] if proto == "icmp" else []
    chance.shuffle(rest)
    words = [*head, *([f"{some('-p', '--proto', '--protocol')} {proto}"] if proto else []), *rest]
    target = some(*TARGETS)
    words = [target, *words] if chance.random() < 0.3 else [*words, target]
    return " ".join(["-A INPUT", *(each for each in words if each)])


@pytest.mark.parametrize("variant", ["nft", "legacy"])
def test_the_kernels_form_of_a_rule_is_the_same_rule(run: Run, variant: str) -> None:
    chance = Random(6)
    rules = [made_up(chance) for _ in range(COUNT)]
    lines = [f"iptables-{variant} -N mine"]
    lines += [f"iptables-{variant} {rule} 2>/dev/null && echo {n}" for n, rule in enumerate(rules)]
    lines += [f"iptables-{variant}-save"]
    said = subprocess.run(
        ["unshare", "-n", "sh", "-s"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        env=clean_environment(),
        timeout=120,
        check=True,
    ).stdout
    taken, _, dump = said.partition("#")
    live = parse(f"#{dump}").tables["filter"].chains["INPUT"].rules
    loaded = [rules[int(number)] for number in taken.split()]
    assert len(loaded) == len(live) > COUNT * 0.8
    for text, shown in zip(loaded, live):
        ((rule,),) = parse_rules([text], "rules").values()
        assert rule.same(shown), (text, shown.text)

    shown_as = defaultdict(set)
    for rule in live:
        text = re.sub(r' -m comment --comment ("[^"]*"|\S+)', "", rule.text)
        text = text.replace("-m state", "-m conntrack").replace("--state", "--ctstate")
        shown_as[rule.forms].add(text.replace(" -m icmp --icmp-type any", ""))
    assert [texts for texts in shown_as.values() if len(texts) > 1] == []
