"""checks: the plugins' states and what they print, by this project's own plugins as they print."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong
from ct0_suites.resources.plugins import faults, find_plugin, parse_printed
from ct0_suites.suites import checks
from ct0_suites.target import Target
from ct0_suites.transport import Local, Output
from suites.scripted import scripted

STATE = (
    b"CT_STATE OK - no containers on this host"
    b" | running=0;;;0 stopped=0;;;0 other=0;;;0 autostart_missing=0;;;0\n"
)
HEALTH = (
    b"CT0_HEALTH CRITICAL - dockerd is dead (docker starts at boot) | services_dead=4;;;0"
    b" locks=0;;;0 memory_available=24579305472B;2527651021:;1263825510:;0;25276510208"
    b" tasks=109;26214;29491;0;32768 clock_error=16s;;;0\n"
)
PATH = "/usr/lib/ct0/plugins/check_ct_state"


def problems(want: dict[str, Any], said: Output, path: str = PATH) -> list[str]:
    target = scripted({"^for f in ": f"{path}\n", "^exec ": said})
    return list(checks.judge({"plugin": "check_ct_state", **want}, target))


def test_plugin_that_is_ok() -> None:
    assert problems({}, Output(0, STATE, b"")) == []
    assert problems({"output": "^CT_STATE OK.*running=0"}, Output(0, STATE, b"")) == []


def test_state_that_should_be_another() -> None:
    assert problems({}, Output(2, HEALTH, b"")) == [
        "check_ct_state: is critical, should be ok:"
        " CT0_HEALTH CRITICAL - dockerd is dead (docker starts at boot)"
    ]
    assert problems({"state": ["warning", "critical"]}, Output(2, HEALTH, b"")) == []
    assert problems({"state": "critical"}, Output(0, STATE, b"")) == [
        "check_ct_state: is ok, should be critical: CT_STATE OK - no containers on this host"
    ]


def test_text_that_is_missing() -> None:
    assert problems({"output": "web1"}, Output(0, STATE, b"")) == [
        "check_ct_state: says nothing that web1 fits: CT_STATE OK - no containers on this host"
    ]


def test_plugin_that_is_not_there() -> None:
    (line,) = problems({}, Output(0, STATE, b""), path="")
    assert line.startswith("check_ct_state: there is no such program in /usr/lib/ct0/plugins, ")
    assert problems({"plugin": "/opt/x"}, Output(0, STATE, b""), path="") == [
        "/opt/x: there is no such program"
    ]


@pytest.mark.parametrize("status", [4, 126, 127, 255])
def test_status_that_is_no_state(status: int) -> None:
    assert problems({}, Output(status, b"", b"sh: no interpreter\n")) == [
        f"check_ct_state: ends with status {status}, which is no state: sh: no interpreter"
    ]


def test_expression_that_is_none_is_the_users_to_repair() -> None:
    with pytest.raises(Wrong, match="no regular expression"):
        problems({"output": "("}, Output(0, STATE, b""))


@pytest.mark.parametrize(
    "printed",
    [
        STATE,
        HEALTH,
        b"OK\n",
        b"PROCS OK: 86 processes | procs=86;;;0;\n",
        b"OK - x | 'a b'=1ms;@1:2;~:3;0;4 c=U 'it''s'=.5%\nmore\nand more | d=1\ne=2c\n",
    ],
)
def test_what_a_daemon_reads(printed: bytes) -> None:
    assert list(faults(printed)) == []


@pytest.mark.parametrize(
    ("printed", "fault"),
    [
        (b"", "prints no text"),
        (b"\n", "prints no text"),
        (b" | a=1\n", "prints no text"),
        (b"OK \xff\n", "byte 3 of what it prints is no UTF-8"),
        (b"OK \x1b[2J\n", "prints control characters: OK ?[2J"),
        (b"OK | a = 1\n", "prints figures that are none: a = 1"),
        (b"OK | a=1 b=2;x\n", "prints figures that are none: b=2;x"),
        (b"OK | a=one\n", "prints figures that are none: a=one"),
        (b"OK | a=1;2;3;4;5;6\n", "prints figures that are none: a=1;2;3;4;5;6"),
        (b"OK\nmore | nonsense\n", "prints figures that are none: nonsense"),
    ],
)
def test_what_a_daemon_stumbles_over(printed: bytes, fault: str) -> None:
    assert list(faults(printed)) == [fault]
    assert problems({}, Output(0, printed, b"")) == [f"check_ct_state: {fault}"]


def test_printed_taken_apart() -> None:
    printed = parse_printed("A | x=1\nB\nC | y=2\nz=3\n")
    assert printed == ("A", ("B", "C "), "x=1 y=2 z=3")


@given(st.binary())
def test_any_output_is_judged(printed: bytes) -> None:
    for fault in faults(printed):
        assert "\n" not in fault


@pytest.fixture
def here() -> Target:
    return Target(scripted({}).subject, Local())


def plugin(folder: Path, text: str) -> str:
    path = folder / "check it's"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_arguments_reach_a_real_plugin_as_they_are(tmp_path: Path, here: Target) -> None:
    path = plugin(tmp_path, 'printf "OK - %s;" "$@"; exit 1')
    hostile = ["two words", "$(id)", "it's", '"', "*", "\\", "a\nb", "", "-5"]
    want = {"plugin": path, "arguments": [*hostile, 7], "state": "warning", "output": r"it's;OK"}
    said = [line for line in checks.judge(want, here) if "control" not in line]
    assert said == []
    shown = here.run("true")
    assert shown.status == 0
    exact = {"plugin": path, "arguments": ["$(id)"], "state": "warning"}
    assert list(checks.judge({**exact, "output": r"^OK - \$\(id\);$"}, here)) == []


def test_plugin_is_found_by_path_and_in_path(tmp_path: Path, here: Target) -> None:
    path = plugin(tmp_path, "exit 0")
    assert find_plugin(here, path) == path
    assert find_plugin(here, str(tmp_path)) == ""
    assert find_plugin(here, "sh").endswith("/sh")
    assert find_plugin(here, "check_nothing_of_the_kind") == ""


def test_ct0s_own_that_are_ok_are_observed() -> None:
    target = scripted(
        {
            r"check_\*": "check_ct_state\ncheck_ct0_health\n../x\n",
            "^for f in .*check_ct_state": f"{PATH}\n",
            "^for f in .*check_ct0_health": "/usr/lib/ct0/plugins/check_ct0_health\n",
            "^exec .*health": Output(2, HEALTH, b""),
            "^exec ": Output(0, STATE, b""),
        }
    )
    assert list(checks.observe(target)) == [{"plugin": "check_ct_state"}]
