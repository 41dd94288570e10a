"""Names made safe, and labels that are each container's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.container import CT
from ct0_checks.layer.cleaning import clean, label, labels, short, shown

DIGITS = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("web1", "web1"),
        ("größe", "größe"),
        ("a|b", "a?b"),
        ("a\nb\tc\0d", "a?b?c?d"),
        ("\x1b[31mred\x1b[0m", "?[31mred?[0m"),
        ("<script>", "?script?"),
        ("$HOSTNAME$ `id` \\n", "?HOSTNAME? ?id? ?n"),
        ("\u202egnp.exe", "?gnp.exe"),
        ("\udcff", "?"),
        ("x" * 300, "x" * 197 + "..."),
    ],
)
def test_clean(text: str, safe: str) -> None:
    assert clean(text) == safe


@given(st.text(max_size=400))
def test_clean_is_clean(text: str) -> None:
    safe = clean(text)
    assert len(safe) <= 200
    assert safe.isprintable()
    assert not set("|<>`$\\;") & set(safe)
    assert clean(safe) == safe


def test_how_a_ct_is_called() -> None:
    assert shown(CT("lxc", "web1", "web1")) == "web1 (lxc web1)"
    assert shown(CT("docker", DIGITS, "shop")) == "shop (docker 0123456789ab)"
    assert shown(CT("openvz", "102")) == "102 (openvz 102)"
    assert len(shown(CT("lxc", "y" * 300, "x" * 300))) < 140
    assert short("A" + DIGITS[1:]) == "A" + DIGITS[1:]


def test_labels() -> None:
    cts = [
        CT("lxc", "web1", "web1"),
        CT("openvz", "101", "db"),
        CT("lxc", "db", "db"),  # two of one name
        CT("docker", DIGITS, "a|b"),
        CT("docker", "f" * 64, "a=b"),
        CT("docker", "e" * 64, "x" * 300),
        CT("openvz", "102"),
    ]
    found = labels(cts)
    assert found["lxc", "web1"] == "web1"
    assert found["openvz", "101"] == "openvz.101"
    assert found["lxc", "db"] == "lxc.db"
    assert found["docker", DIGITS] == "docker.0123456789ab"
    assert found["openvz", "102"] == "102"
    assert len(set(found.values())) == len(cts)


def test_a_name_that_takes_another_cts_label() -> None:
    """Whoever chooses a name may choose what would be another's label."""
    found = labels([CT("lxc", "a b", "a b"), CT("lxc", "x", "lxc.a_b"), CT("lxc", "a_b", "a_b")])
    assert len(set(found.values())) == 3
    found = labels([CT("openvz", "1", "db"), CT("lxc", "db"), CT("docker", "z", "openvz.1")])
    assert len(set(found.values())) == 3


@given(st.lists(st.tuples(st.sampled_from(["lxc", "openvz"]), st.text(max_size=5)), unique=True))
def test_labels_are_safe_and_each_ones_own(names: list[tuple[str, str]]) -> None:
    cts = [CT(engine, f"{at}", name) for at, (engine, name) in enumerate(names)]
    found = labels(cts)
    assert len(set(found.values())) == len(cts)
    assert all(re.fullmatch(r"[A-Za-z0-9_.:-]{1,40}", each) for each in found.values())


def test_half_a_character_is_a_name_as_well() -> None:
    """A lone surrogate: undecodable bytes have one half, escapes in a JSON file may have either."""
    names = ["\ud800", "\udc80", "\udfff", "a\ud83d"]
    found = labels([CT("docker", name, name) for name in names])
    assert len(set(found.values())) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9_.:-]{1,40}", each) for each in found.values())


def test_label_of_anything() -> None:
    assert label("eth0|'=x y") == "eth0___x_y"
    assert label("") == "_"
    assert len(label("x" * 300)) == 40
