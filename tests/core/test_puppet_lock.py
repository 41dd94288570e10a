"""Puppet's locks."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.puppet.lock import looks_like_puppet, parse_disabled, parse_run_lock

RECORDED = Path(__file__).resolve().parent.parent / "suites/puppet"


@pytest.mark.parametrize("version", ["7.23.0", "8.10.0"])
def test_recorded(version: str) -> None:
    text = (RECORDED / version / "agent_disabled.lock").read_text()
    assert parse_disabled(text) == 'maintenance "quoted" <b>x</b>, see 4711'


@pytest.mark.parametrize(
    "text", ["", "garbage", "{", "[]", "null", '{"disabled_message":7}', "[" * 50000]
)
def test_whatever_is_in_it_it_is_there(text: str) -> None:
    assert parse_disabled(text) == ""


def test_messages_are_safe_to_print() -> None:
    assert parse_disabled('{"disabled_message":"a\\n\\u001b[2Jb"}') == "a??[2Jb"


def test_run_locks() -> None:
    assert parse_run_lock("4711", "x") == 4711
    assert parse_run_lock("4711\n", "x") == 4711
    assert parse_run_lock("", "x") is None
    for text in ("0", "-1", "12 13", "x", "99999999999", "१२"):
        with pytest.raises(Malformed):
            parse_run_lock(text, "x")


@given(st.text(max_size=20))
def test_no_text_is_a_traceback(text: str) -> None:
    parse_disabled(text)
    try:
        parse_run_lock(text, "x")
    except Malformed:
        pass


@pytest.mark.parametrize(
    ("comm", "arguments", "looks"),
    [
        ("puppet", "/usr/bin/ruby /usr/bin/puppet agent --no-daemonize", True),
        ("puppet-agent", "", True),
        ("ruby", "/usr/bin/ruby /usr/bin/puppet agent", True),
        ("ruby", "/usr/bin/ruby app.rb", False),
        ("sleep", "sleep puppet", False),
    ],
)
def test_what_puppet_takes_for_a_run(comm: str, arguments: str, looks: bool) -> None:
    assert looks_like_puppet(comm, arguments) is looks
