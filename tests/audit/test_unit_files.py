"""systemd's unit files: continuation, lists that are emptied, command lines."""

from __future__ import annotations

import pytest

from ct0_audit.records import Snippet
from ct0_audit.sources.lines import Line
from ct0_audit.sources.systemd import judge
from ct0_audit.sources.unit_files import commands, merged, parse_unit


def values(text: str) -> list[tuple[str, str, int]]:
    return [(item.key, item.value.text, item.value.number) for item in parse_unit(text, "/x")]


def test_comments_between_continued_lines_are_left_out_and_places_hold() -> None:
    text = "[Service]\n# first\nExecStart=a \\\n# between\n  ; and\n  b\nX=1\n"
    assert values(text) == [("ExecStart", "a \\\n        \\\n      \\\n  b", 3), ("X", "1", 7)]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("/bin/a b", ["/bin/a b"]),
        ("-@!!/bin/a argv0 b", ["/bin/a       b"]),
        ("+/bin/a ; -/bin/b", ["/bin/a", "/bin/b"]),
        ("/bin/sh -c 'a ; b'", ["/bin/sh -c 'a ; b'"]),
        ('/bin/sh -c "a;b"', ['/bin/sh -c "a;b"']),
        ("/bin/sh -c 'kill $$(pidof x)'", ["/bin/sh -c 'kill  $(pidof x)'"]),
        ("/bin/sh -c 'echo $$$$'", ["/bin/sh -c 'echo  $$$'"]),
        ("  ", []),
        (";", []),
        ("-", []),
    ],
)
def test_a_command_line_is_read_as_systemd_does(line: str, wanted: list[str]) -> None:
    assert [command.text for command in commands(Line(1, line))] == wanted


def test_the_place_of_a_command_is_behind_its_prefix() -> None:
    (setting,) = parse_unit("[Service]\nExecStop=-/bin/a ; +/bin/b\n", "/x")
    assert [(c.number, c.column) for c in commands(setting.value)] == [(2, 11), (2, 21)]


def test_an_empty_assignment_empties_the_list_of_another_file() -> None:
    unit = parse_unit("[Service]\nExecStop=a\nExecStop=b\nKillMode=none\n", "/unit")
    drop_in = parse_unit("[Service]\nExecStop=\nExecStop=c\nKillMode=mixed\n", "/drop-in")
    held = merged(iter([*unit, *drop_in]))
    assert [(item.key, item.value.text) for item in held] == [
        ("ExecStop", "c"),
        ("KillMode", "mixed"),
    ]


def test_the_environment_of_a_unit_goes_with_its_commands() -> None:
    text = '[Service]\nEnvironment=NAME=foo "X=a b"\nExecStop=/usr/bin/killall $NAME\n'
    (found,) = judge("x.service", [(text, "/x")])
    assert isinstance(found, Snippet)
    assert found.variables == (("NAME", "foo"), ("X", "a b"))


@pytest.mark.parametrize("name", ["docker.service", "lxc@web1.service", "containerd.service"])
def test_a_manager_of_containers_may_leave_its_processes(name: str) -> None:
    text = "[Service]\nKillMode=none\n"
    assert list(judge(name, [(text, "/x")])) == []
    assert list(judge("foo.service", [(text, "/x")])) != []
