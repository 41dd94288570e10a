"""What variables hold, as far as the text alone tells."""

from __future__ import annotations

import pytest

from ct0_audit.shell.script import Script
from ct0_audit.shell.values import UNKNOWN


def words(text: str) -> list[str]:
    """Of the last command."""
    return [word.text for word in Script(text).calls[-1].words]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("X=a; c $X", ["c", "a"]),
        ("N=x; D=/usr/sbin/$N; c $D", ["c", "/usr/sbin/x"]),
        ("N=x; D=/usr/sbin/${N}d; c \"$D\"", ["c", "/usr/sbin/xd"]),
        ("O='-9 -q'; c $O", ["c", "-9", "-q"]),
        ("O='-9 -q'; c \"$O\"", ["c", "-9 -q"]),
        ("O=; c $O x", ["c", "x"]),
        ("c ${X:-y}", ["c", "y"]),
        ("P=${P:-/run/x.pid}; c $P", ["c", "/run/x.pid"]),
        (": ${P:=/run/x.pid}; c ${P:-/run/x.pid}", ["c", "/run/x.pid"]),
        ("D=/usr/sbin/x; c ${D##*/} ${D%/*}", ["c", "x", "/usr/sbin"]),
        ("K=$(which killall); $K x", ["killall", "x"]),
        ("K=`command -v pkill`; $K x", ["pkill", "x"]),
        ("D=/a/b; B=$(basename $D); c $B", ["c", "b"]),
        ("K='killall -9'; $K x", ["killall", "-9", "x"]),
        ("A=(-p 'a b'); c ${A[@]}", ["c", "-p", "a", "b"]),
        ("c a\\ b 'a b' \"a b\" a'b'\"c\"", ["c", "a b", "a b", "a b", "abc"]),
        ("c \\\n  x", ["c", "x"]),
        ("c \"a\\\"b\"", ["c", 'a"b']),
        ("local P=/run/x.pid; c $P", ["c", "/run/x.pid"]),
        ("export P=/run/x.pid; c $P", ["c", "/run/x.pid"]),
        ("X=a; X=a; c $X", ["c", "a"]),
    ],
)  # fmt: skip
def test_known(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "c $X",
        "c $1",
        "c $@",
        "X=a; X=b; c $X",
        "X=$X; c $X",
        "X=$Y; Y=$X; c $X",
        "read X; c $X",
        "X=$(date); c $X",
        "X=a; X=$(date); c $X",
        "c ${X%%.*}",
        "X=a c $X",
        "for X in a b; do :; done; c $X",
        "X=a; X+=b; c $X",
    ],
)
def test_unknown(text: str) -> None:
    assert UNKNOWN in words(text)[-1]


def test_a_loop_over_one_word_is_that_word() -> None:
    assert words("for X in a; do c $X; done") == ["c", "a"]


def test_each_of_several_commands_a_variable_may_hold_is_one() -> None:
    calls = Script("K='killall -9'; [ a ] && K=pkill; $K x").calls
    assert [[word.text for word in call.words] for call in calls[-2:]] == [
        ["killall", "-9", "x"],
        ["pkill", "x"],
    ]
    assert all(call.unsure for call in calls[-2:])


def test_what_is_given_from_outside() -> None:
    assert Script("c $X", {"X": "a"}).calls[-1].arguments == ["a"]


def test_values_do_not_grow_without_end() -> None:
    text = "A=aaaaaaaaaaaaaaaa\n" + "".join(
        f"{chr(66 + i)}=${chr(65 + i)}${chr(65 + i)}\n" for i in range(24)
    )
    assert len(words(text + "c $Y")[-1]) <= 4096 * 2
