"""ipset's sets, as `ipset save` shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.firewall.ipset import Set, element, parse

RECORDED = Path(__file__).parents[1] / "suites" / "firewall" / "ipset-save_7.17.txt"


def test_the_recorded_sets() -> None:
    assert parse(RECORDED.read_text(encoding="utf-8")) == {
        "trusted": Set(
            "hash:net", ("10.0.0.0/8", "10.1.0.0/16 nomatch", "192.0.2.0/24", "192.0.2.1")
        ),
        "banned": Set("hash:ip", ("203.0.113.7",), True),
        "ports": Set("bitmap:port", ("80", "81", "82")),
        "six": Set("hash:ip,port", ("2001:db8::1,tcp:22",)),
    }


def test_an_element_has_one_form() -> None:
    assert element("192.0.2.1/32,TCP:22") == element("192.0.2.1,tcp:22")
    assert element("2001:DB8::1/128") == element("2001:db8::1")
    assert element("1.2.3.4", ["nomatch"]) != element("1.2.3.4")


@pytest.mark.parametrize(
    "text",
    [
        "add none 1.2.3.4",
        "create a",
        "create a hash:ip\ncreate a hash:ip",
        "create a hash:ip\nadd a",
        'create a hash:ip\nadd a 1.2.3.4 comment "x',
        "flush a hash",
        "ipset: not found",
    ],
)
def test_what_is_no_dump_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse(text)


def test_no_sets() -> None:
    assert parse("") == {}


@given(st.text())
def test_garbage_is_nothing_but_malformed(text: str) -> None:
    for given_text in (text, f"create a hash:ip {text}", f"create a b\nadd a {text}"):
        try:
            parse(given_text)
        except Malformed:
            pass
