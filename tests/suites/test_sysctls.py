"""sysctls: names as sysctl(8) reads them, values, bounds, and what a kernel has not."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Unavailable
from ct0_suites.resources.sysctls import parse_sysctls, path_of
from ct0_suites.suites import sysctls
from ct0_suites.target import Target
from ct0_suites.transport import Local, Output
from suites.scripted import Answer, scripted

# Debian 12, Linux 6.18: what the command prints for these names.
SAID = """\
/proc/sys/kernel/ostype:Linux
/proc/sys/net/ipv4/ip_forward:1
/proc/sys/net/ipv4/tcp_rmem:4096	131072	33554432
/proc/sys/kernel/modprobe:
E:/proc/sys/kernel/ostype
E:/proc/sys/net/ipv4/ip_forward
E:/proc/sys/net/ipv4/route/flush
E:/proc/sys/net/ipv4/tcp_rmem
E:/proc/sys/kernel/modprobe
"""


def problems(values: dict[str, Any], said: Answer = SAID) -> list[str]:
    return list(sysctls.judge({"values": values}, scripted({"grep -asH": said})))


def test_values_that_are_right() -> None:
    assert problems({"net.ipv4.ip_forward": 1, "net.ipv4.tcp_rmem": "4096  131072 33554432"}) == []
    assert problems({"kernel.modprobe": "", "net/ipv4/ip_forward": "1"}) == []


def test_value_that_is_wrong() -> None:
    assert problems({"net.ipv4.ip_forward": 0}) == ["net.ipv4.ip_forward: is 1, should be 0"]


def test_list_of_values() -> None:
    assert problems({"net.ipv4.ip_forward": [1, 2]}) == []
    assert problems({"net.ipv4.ip_forward": [0, 2]}) == [
        "net.ipv4.ip_forward: is 1, should be 0 or 2"
    ]


def test_bounds() -> None:
    assert problems({"net.ipv4.ip_forward": {"at_least": 1, "at_most": 1}}) == []
    assert problems({"net.ipv4.ip_forward": {"at_least": 2, "at_most": 9}}) == [
        "net.ipv4.ip_forward: is 1, should be at least 2 and at most 9"
    ]


def test_value_that_is_no_number_is_in_no_bounds() -> None:
    assert problems({"net.ipv4.tcp_rmem": {"at_least": 1}}) == [
        "net.ipv4.tcp_rmem: is 4096 131072 33554432, should be at least 1"
    ]


def test_setting_that_the_kernel_has_not() -> None:
    assert problems({"net.bridge.bridge-nf-call-iptables": 1}) == [
        "net.bridge.bridge-nf-call-iptables: this kernel has no"
        " /proc/sys/net/bridge/bridge-nf-call-iptables now, should be 1"
    ]


def test_setting_that_cannot_be_read_is_not_judged() -> None:
    with pytest.raises(Unavailable, match="route/flush: cannot be read"):
        problems({"net.ipv4.route.flush": 0})


@pytest.mark.parametrize(
    "said",
    ["", SAID[:20], "garbage", b"\0\xff\n", Output(127, b"", b"sh: grep: not found\n")],
)
def test_answer_that_is_none_is_not_judged(said: Answer) -> None:
    with pytest.raises(Unavailable):
        problems({"net.ipv4.ip_forward": 1}, said)


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("net.ipv4.ip_forward", "net/ipv4/ip_forward"),
        ("net/ipv4/ip_forward", "net/ipv4/ip_forward"),
        ("net.ipv4.conf.eth0/100.forwarding", "net/ipv4/conf/eth0.100/forwarding"),
        ("net/ipv4/conf/eth0.100/forwarding", "net/ipv4/conf/eth0.100/forwarding"),
    ],
)
def test_names(name: str, path: str) -> None:
    assert path_of(name) == f"/proc/sys/{path}"


@pytest.mark.parametrize("name", ["../etc/shadow", "net/../../etc/shadow", "net...etc", "a b", ""])
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    schema = {"type": "object", "properties": sysctls.SCHEMA}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"values": {name: 1}}, schema)
    jsonschema.validate({"values": {"net.ipv4.ip_forward": {"at_least": 1}}}, schema)


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    found, existing = parse_sysctls(text)
    assert all(path in text for path in [*found, *existing])


def test_what_is_observed_here_is_met() -> None:
    target = Target(scripted({}).subject, Local())
    found = list(sysctls.observe(target))
    assert "net.ipv4.ip_forward" in found[0]["values"]
    assert list(sysctls.judge(found[0], target)) == []
    assert list(sysctls.judge({"values": {"kernel.ostype": "Minix"}}, target)) == [
        "kernel.ostype: is Linux, should be Minix"
    ]
