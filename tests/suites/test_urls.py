"""URLs say who is meant; what is wrong with one is said in a line."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong
from ct0_suites.urls import SCHEMES, Address, parse_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("local://", Address("local")),
        ("local://?timeout=5", Address("local", timeout=5.0)),
        ("ssh://node1", Address("ssh", "node1")),
        ("ssh://node1/", Address("ssh", "node1")),
        ("ssh://root@node1:2222", Address("ssh", "node1", "root", 2222)),
        ("ssh://root@[2001:db8::1]", Address("ssh", "2001:db8::1", "root")),
        ("ssh://[::1]:22", Address("ssh", "::1", port=22)),
        ("ssh://[fe80::1%25eth0]", Address("ssh", "fe80::1%eth0")),
        ("ct://", Address("ct")),
        ("ct://web*", Address("ct", pattern="web*")),
        ("ct://web%3F%5Bab%5D", Address("ct", pattern="web?[ab]")),
        ("ct://web[ab]", Address("ct", pattern="web[ab]")),
        ("ct://0", Address("ct", pattern="0")),
        ("openvz://101", Address("openvz", pattern="101")),
        ("nsenter://4711", Address("nsenter", pattern="4711")),
        ("ct+ssh://node1", Address("ct", "node1")),
        ("ct+ssh://root@node1?container=*", Address("ct", "node1", "root", pattern="*")),
        ("pct+ssh://node1?container=10?", Address("pct", "node1", pattern="10?")),
        ("nsenter+ssh://node1?container=1", Address("nsenter", "node1", pattern="1")),
        (
            "lxc-attach+ssh://node1?ssh_config=/a%20b&ssh_identity_file=/k&timeout=2.5&sudo=true",
            Address("lxc-attach", "node1", "", 0, "", "/a b", "/k", 2.5, True),
        ),
    ],
)
def test_what_a_url_means(url: str, expected: Address) -> None:
    assert parse_url(url) == expected


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_every_scheme_goes_through_a_node_too(scheme: str) -> None:
    found = parse_url(f"{scheme}+ssh://node1?container=1")
    assert (found.scheme, found.host, found.pattern) == (scheme, "node1", "1")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "no URL such as"),
        ("node1", "no URL such as"),
        ("ct+ssh:node1", "no URL such as"),
        ("telnet://node1", "no scheme 'telnet'"),
        ("docker://web1", "testinfra's: docker-exec"),
        ("lxc://web1", "testinfra's: lxd"),
        ("ct+telnet://node1", r"no scheme 'ct\+telnet'"),
        ("local+ssh://node1", r"no scheme 'local\+ssh'"),
        ("ssh+ssh://node1", r"no scheme 'ssh\+ssh'"),
        ("+ssh://node1", "no scheme"),
        ("ssh://", "names no machine"),
        ("ct+ssh://?container=web1", "names no machine"),
        ("ssh://root@", "names no machine"),
        ("ssh://@node1", "no user ''"),
        ("ssh://root:secret@node1", "no passwords"),
        ("ssh://-oProxyCommand=touch", "no machine's name"),
        ("ssh://-l@node1", "no user '-l'"),
        ("ssh://ro ot@node1", "no user"),
        ("ssh://node1;id", "no machine's name"),
        ("ssh://no$(id)de", "no machine's name"),
        ("ssh://2001:db8::1", "in brackets"),
        ("ssh://[2001:db8::1", "an IPv6 address is written"),
        ("ssh://[2001:db8::1]22", "an IPv6 address is written"),
        ("ssh://[node1]", "no machine's name"),
        ("ssh://[]", "names no machine"),
        ("ssh://node1:", "^ssh://node1:: no port: ''|no port"),
        ("ssh://node1:0", "no port: '0'"),
        ("ssh://node1:65536", "no port: '65536'"),
        ("ssh://node1:ssh", "no port: 'ssh'"),
        ("ssh://node1?container=web1", r"its containers are ct\+ssh://"),
        ("local://?container=web1", "its containers are ct://"),
        ("local://web1", "has no name"),
        ("ct://web1?container=web2", "given twice"),
        ("ct://web1?ssh_config=/x", r"ct\+ssh:// does"),
        ("ct+ssh://node1/web1", "a container is"),
        ("ct+ssh://node1//", "a container is"),
        ("ct+ssh://node1?", "write %3F"),
        ("ct://web?", "write %3F"),
        ("ct://web#1", "write %23"),
        ("ct+ssh://node1?containers=*", "no option 'containers'"),
        ("ct+ssh://node1?container", "container has no value"),
        ("ct+ssh://node1?container=", "container has no value"),
        ("ct+ssh://node1?container=a&container=b", "given twice"),
        ("ct+ssh://node1?container=a&", "no option ''"),
        ("ct+ssh://node1?container=%ff", "no UTF-8"),
        ("ct+ssh://node1?container=a%00b", "nobody can see"),
        ("ct+ssh://node1?container=a%0Ab", "nobody can see"),
        ("ct+ssh://node1?timeout=0", "timeout is"),
        ("ct+ssh://node1?timeout=soon", "timeout is"),
        ("ct+ssh://node1?timeout=-1", "timeout is"),
        ("ct+ssh://node1?timeout=nan", "timeout is"),
        ("ct+ssh://node1?sudo=yes", "sudo is true or false"),
        ("nsenter://", "the PID"),
        ("nsenter://web1", "the PID"),
        ("nsenter://0", "the PID"),
        ("nsenter+ssh://node1", "the PID"),
        ("ct://" + "x" * 2000, "longer than 1000"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(url: str, why: str) -> None:
    with pytest.raises(Wrong, match=why) as raised:
        parse_url(url)
    assert str(raised.value).isprintable()
    assert len(str(raised.value)) < 600


def test_a_wrong_url_is_shown_without_its_control_characters() -> None:
    with pytest.raises(Wrong, match=r"^\?\[31mred: no URL"):
        parse_url("\x1b[31mred")


@pytest.mark.parametrize(
    ("url", "name", "destination"),
    [
        ("ssh://root@node1", "node1", "root@node1"),
        ("ct+ssh://root@node1:2222", "node1:2222", "root@node1"),
        ("ssh://[::1]", "::1", "::1"),
        ("ssh://a@[::1]:22", "[::1]:22", "a@::1"),
        ("ct://web1", "", ""),
    ],
)
def test_a_machine_is_called_what_its_url_says(url: str, name: str, destination: str) -> None:
    found = parse_url(url)
    assert (found.name, found.destination) == (name, destination)


@pytest.mark.parametrize(
    ("url", "alone"),
    [
        ("local://", True),
        ("ssh://node1", True),
        ("ct://0", True),
        ("ct+ssh://node1?container=0", True),
        ("ct+ssh://node1", False),
        ("ct://", False),
        ("ct://*", False),
    ],
)
def test_whether_a_machine_is_meant_alone(url: str, alone: bool) -> None:
    assert parse_url(url).alone is alone


@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_an_address_or_wrong(text: str) -> None:
    for url in (text, f"ct://{text}", f"ct+ssh://{text}", f"ct+ssh://node1?{text}"):
        found = parsed(url)
        if isinstance(found, Wrong):
            assert str(found).isprintable()
        else:
            assert not found.host.startswith("-")
            assert not found.user.startswith("-")


def parsed(url: str) -> Address | Wrong:
    try:
        return parse_url(url)
    except Wrong as error:
        return error


@given(st.text(st.characters(whitelist_categories=("L", "N", "P", "S")), min_size=1, max_size=50))
def test_a_quoted_pattern_comes_through(pattern: str) -> None:
    assert parse_url(f"ct+ssh://node1?container={quote(pattern, '')}").pattern == pattern
    assert parse_url(f"ct://{quote(pattern, '')}").pattern == pattern
