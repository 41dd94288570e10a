"""Which hosts a CT0 and its CTs are, and what names a CT to a plugin."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hostile_names
from ct0.container import CT
from ct0.containers import containers
from ct0.errors import Unavailable
from ct0.host import Host
from ct0_checks.monitoring.fleet import choice, host_names, node, own_name

SAFE = re.compile(r"[A-Za-z0-9_.-]{1,60}")
# What file systems and JSON can hold; halves of surrogate pairs stand for bytes, see below.
TEXT = st.text(
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=400
)


@pytest.fixture
def hostile(tmp_path: Path) -> list[CT]:
    return containers(Host(str(hostile_names.plant(tmp_path))))


def test_a_harmless_name_is_the_hosts_name() -> None:
    made = node("alpha", "192.0.2.1", [CT("lxc", "web1"), CT("openvz", "101", "db1")])
    assert [(g.name, g.display, g.engine, g.option, g.value) for g in made.guests] == [
        ("db1", "db1 (openvz 101)", "openvz", "--ct", "101"),
        ("web1", "web1 (lxc web1)", "lxc", "--ct", "web1"),
    ]


def test_two_of_one_name_have_two_hosts() -> None:
    names = host_names("alpha", [CT("lxc", "web1"), CT("docker", "0123456789ab" * 5, "web1")])
    assert names["lxc", "web1"] == "lxc.web1"
    assert len(set(names.values())) == 2


def test_a_ct_called_as_ct0_is_another_host() -> None:
    made = node("alpha", "alpha", [CT("lxc", "alpha"), CT("lxc", "Alpha")])
    assert not {"alpha", "Alpha"} & {guest.name for guest in made.guests}
    assert len({guest.name.lower() for guest in made.guests}) == 2


def test_a_ct_called_as_anothers_digest_reads_is_another_host() -> None:
    twins = [CT("lxc", "alpha"), CT("lxc", "b")]
    taken = host_names("alpha", twins)["lxc", "alpha"]
    names = host_names("alpha", [*twins, CT("docker", "d" * 64, taken)])
    assert names["lxc", "alpha"] == taken
    assert len(set(names.values())) == 3


def test_names_stay_when_others_are_left_out() -> None:
    cts = [CT("lxc", "web1"), CT("podman", "f" * 64, "web1"), CT("lxc", "web2")]
    every = {g.name for g in node("a", "a", cts).guests}
    some = {g.name for g in node("a", "a", cts, lambda ct: ct.engine == "podman").guests}
    assert some < every


def test_a_format_puts_ct0_into_the_names() -> None:
    names = host_names("alpha", [CT("lxc", "web1")], "{ct0}-{engine}-{name}")
    assert names == {("lxc", "web1"): "alpha-lxc-web1"}


def test_hostile_names_become_harmless_and_stay_apart(hostile: list[CT]) -> None:
    made = node("ct0", "ct0", hostile)
    assert len(made.guests) == len(hostile_names.LXC) + len(hostile_names.DOCKER)
    assert all(SAFE.fullmatch(guest.name) for guest in made.guests)
    assert len({guest.name for guest in made.guests} | {"ct0"}) == len(made.guests) + 1
    assert all(guest.display.isprintable() for guest in made.guests)
    assert not any(set(guest.display) & set("|;$`\\<>\n") for guest in made.guests)


def test_what_names_a_hostile_ct_matches_it_alone(hostile: list[CT]) -> None:
    for ct in hostile:
        option, value = choice(ct.ctid)
        if option == "--ct":
            assert value == ct.ctid
            continue
        assert re.fullmatch(r"[A-Za-z0-9_\\{}\[\]]+", value)
        pattern = re.compile(value)
        assert [each.ctid for each in hostile if pattern.fullmatch(each.ctid)] == [ct.ctid]


@given(TEXT)
def test_any_ctid_is_named_by_one_short_harmless_word(ctid: str) -> None:
    option, value = choice(ctid)
    assert len(value) <= 1020
    assert re.fullmatch(r"[A-Za-z0-9_\\][A-Za-z0-9_.\\{}\[\]-]*", value)
    if option == "--include":
        assert re.compile(value).fullmatch(ctid)
        assert not re.compile(value).fullmatch(ctid + "x")
        assert not re.compile(value).fullmatch(ctid[:-1])
    else:
        assert value == ctid


@given(st.lists(st.tuples(st.sampled_from(["lxc", "docker"]), TEXT, TEXT), max_size=8))
def test_any_names_make_hosts_of_their_own(found: list[tuple[str, str, str]]) -> None:
    cts = list({(e, i): CT(e, i, n) for e, i, n in found}.values())
    names = host_names("alpha", cts)
    assert len(names) == len({name.lower() for name in names.values()} - {"alpha"}) == len(cts)
    assert all(SAFE.fullmatch(name) for name in names.values())


def test_bytes_that_are_no_text_are_named_too() -> None:
    ctid = b"caf\xe9".decode("utf-8", "surrogateescape")
    option, value = choice(ctid)
    assert (option, value) == ("--include", "caf\\udce9")
    assert re.compile(value).fullmatch(ctid)


def test_a_recorded_hosts_name_is_its_hostname_file(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("ct0 alpha;\n")
    assert own_name(Host(str(tmp_path))) == "ct0_alpha_"


@pytest.mark.parametrize("text", ["", "\n"])
def test_a_host_without_a_name_asks_for_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text(text)
    with pytest.raises(Unavailable, match="give one with --name"):
        own_name(Host(str(tmp_path)))
