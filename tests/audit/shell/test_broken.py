"""Whatever a file holds, it is read to its end without an exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.judged import judged, rules
from ct0_audit.shell.syntax import LARGEST, Syntax

WORDS = r"""
killall pkill kill pidof pgrep start-stop-daemon --stop --exec --pidfile -9 -1 -- $( ) ` ` " ' { } (
) [ ] [[ ]] ; ;; & && | || ! < > << <<EOF <<- EOF <<< $X ${X ${X:- } X= for in do done if then else
fi case esac while x y /usr/sbin/x sh -c eval xargs env sudo $? $$ $@ # ps ax grep awk cat $(( ))
/run/x.pid function status . /etc/init.d/functions readlink /proc/1/root
"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\\\n", "\0", "\udcff", "ä", "\t", "\r\n"])


@given(st.lists(PIECES, max_size=40).map(" ".join))
@settings(max_examples=400, deadline=None)
def test_pieces_of_shell_in_any_order(text: str) -> None:
    for finding in judged(text):
        assert finding.place.line >= 1
        assert finding.place.column >= 1
        assert (finding.place.line, finding.place.column) <= finding.place[3:]


@given(st.binary(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_bytes(data: bytes) -> None:
    judged("kill $(pidof x)\n" + data.decode("utf-8", "surrogateescape"))


@pytest.mark.parametrize(
    "text",
    [
        "$(" * 5000,
        "(" * 20000,
        "`" * 20000,
        "${" * 5000,
        "if " * 20000,
        "f() { " * 5000,
        '"$(' * 5000,
        "sh -c '" * 3000,
        "eval " * 5000 + "killall x",
        "sudo " * 5000 + "killall x",
        "cat <<EOF\n" * 5000,
        "X=$X$X$X\n" * 2000 + "kill $X",
        "a | " * 5000 + "xargs kill",
        "pidof x || " * 3000 + "y",
    ],
)
def test_nested_without_end(text: str) -> None:
    judged("# kill\n" + text)


def test_a_latin_1_comment_is_no_trouble() -> None:
    text = b"# f\xfcr alle\nkillall x # \xe4\n".decode("utf-8", "surrogateescape")
    (finding,) = judged(text)
    assert (finding.place.line, finding.place.column) == (2, 1)


def test_columns_count_characters() -> None:
    (finding,) = judged("echo für; killall x")
    assert finding.place[1:] == (1, 11, 1, 20)


def test_a_nul_does_not_end_the_script() -> None:
    assert rules("a\0b\nkillall x") == ["CT001K"]


def test_carriage_returns() -> None:
    assert rules("killall x\r\n") == ["CT001K"]


def test_what_is_too_long_is_cut() -> None:
    syntax = Syntax("# " + "x" * LARGEST + "\nkillall x\n")
    assert len(syntax.source) == LARGEST


@pytest.mark.parametrize(
    "text",
    [
        'echo "unbalanced\nif true; then\nkillall x\n',
        "case $1 in\nstart)\n  killall -9 x\n",
        "foo() {\n  killall x\n",
        "if [ x; then\n\tpkill -x y\nfi)\n",
    ],
)
def test_where_the_parser_gave_up_it_is_a_guess(text: str) -> None:
    found = rules(text)
    assert found
    assert set(found) <= {"CT001K..", "CT001K"}
    assert any(each.endswith("..") for each in found)


@pytest.mark.parametrize(
    "text",
    [
        'echo "unbalanced\nif true; then\n# killall x\n',
        "case $1 in\nstart)\n  pkill -F /run/x.pid\n",
        "foo() {\n  start-stop-daemon --stop --pidfile x --exec y\n",
    ],
)
def test_comments_and_safe_forms_are_none_there_either(text: str) -> None:
    assert rules(text) == []
