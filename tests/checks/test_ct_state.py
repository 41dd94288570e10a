"""check_ct_state: expected, at boot, odd, starting over and over, and how many."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.container import CT, FROZEN, MOUNTED, RUNNING, STOPPED, SUSPENDED
from ct0.host import Host
from ct0.survey import Survey, Surveyed
from ct0.survey import survey as read
from ct0_checks import ct_state
from judging import BOOT, as_json, said, survey

QUIET = "--no-perfdata"


def ct(state: str, autostart: bool | None = None, started: float = 100.0) -> Surveyed:
    runs = state in (RUNNING, FROZEN)
    found = CT("lxc", "web1", "web1", state, autostart=autostart)
    return Surveyed(found._replace(started=BOOT + started if runs else 0.0))


def line(
    found: Surveyed, tmp_path: Path, *arguments: str, uptime: float = 5000.0
) -> tuple[int, str]:
    status, text = said(ct_state, survey(found, uptime=uptime), tmp_path, QUIET, *arguments)
    begin, _, words = text.rstrip("\n").partition(" - web1 (lxc web1): ")
    assert begin.startswith("CT_STATE ")
    return status, words


@pytest.mark.parametrize(
    ("state", "autostart", "status", "text"),
    [
        (RUNNING, True, 0, "running for 1h21m"),
        (RUNNING, None, 0, "running for 1h21m"),
        (RUNNING, False, 1, "running, and would not start at boot"),
        (STOPPED, True, 2, "stopped, and should start at boot"),
        (STOPPED, None, 0, "stopped"),
        (STOPPED, False, 0, "stopped"),
        (FROZEN, True, 1, "frozen"),
        (FROZEN, False, 1, "frozen"),
        (SUSPENDED, True, 2, "suspended, and should start at boot"),
        (SUSPENDED, False, 1, "suspended"),
        (MOUNTED, True, 2, "mounted, and should start at boot"),
        (MOUNTED, False, 1, "mounted"),
        ("a|state", None, 0, "a?state"),
    ],
)
def test_as_it_should_be(
    state: str, autostart: bool | None, status: int, text: str, tmp_path: Path
) -> None:
    assert line(ct(state, autostart), tmp_path) == (status, text)


@pytest.mark.parametrize(
    ("state", "autostart", "arguments", "status"),
    [
        (RUNNING, False, ["--autostart=running=ok"], 0),
        (RUNNING, False, ["--autostart=stopped=ok"], 1),
        (STOPPED, True, ["--autostart=stopped=warning"], 1),
        (STOPPED, True, ["--autostart", "stopped=ok", "--autostart", "running=ok"], 0),
        (FROZEN, None, ["--state=frozen=critical"], 2),
        (FROZEN, None, ["--state=frozen=ok"], 0),
        (SUSPENDED, None, ["--state=frozen=ok"], 1),
        (MOUNTED, None, ["--state=mounted=unknown"], 3),
    ],
)
def test_otherwise_if_asked(
    state: str, autostart: bool | None, arguments: list[str], status: int, tmp_path: Path
) -> None:
    assert line(ct(state, autostart), tmp_path, *arguments)[0] == status


@pytest.mark.parametrize("autostart", [True, False, None])
@pytest.mark.parametrize(
    ("state", "expected", "status"),
    [
        (RUNNING, RUNNING, 0),
        (STOPPED, RUNNING, 2),
        (FROZEN, RUNNING, 2),
        (MOUNTED, RUNNING, 2),
        (STOPPED, STOPPED, 0),
        (RUNNING, STOPPED, 2),
        (FROZEN, FROZEN, 0),
    ],
)
def test_expected(
    state: str, expected: str, status: int, autostart: bool | None, tmp_path: Path
) -> None:
    found = line(ct(state, autostart), tmp_path, f"--expect={expected}")
    assert found[0] == status
    if status:
        assert found[1] == f"{state}, and should be {expected}"


@pytest.mark.parametrize(
    "argument", ["--autostart=x=ok", "--autostart=running", "--state=frozen=bad", "--expect=up"]
)
def test_wrong_usage(argument: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        line(ct(RUNNING), tmp_path, argument)
    assert ended.value.code == 3


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        ([], 0, "CT_STATE OK - 2 running, 1 stopped, 1 other\n"),
        (["-w2:"], 0, "CT_STATE OK - 2 running, 1 stopped, 1 other\n"),
        (["-w3:"], 1, "CT_STATE WARNING - 2 running, 1 stopped, 1 other (outside 3:)\n"),
        (["-w3:", "-c3:"], 2, "CT_STATE CRITICAL - 2 running, 1 stopped, 1 other (outside 3:)\n"),
        (["-c1"], 2, "CT_STATE CRITICAL - 2 running, 1 stopped, 1 other (outside 0:1)\n"),
        (["-w@2"], 1, "CT_STATE WARNING - 2 running, 1 stopped, 1 other (inside 0:2)\n"),
    ],
)
def test_how_many(arguments: list[str], status: int, text: str, tmp_path: Path) -> None:
    states = [(RUNNING, "a"), (RUNNING, "b"), (STOPPED, "c"), (FROZEN, "d")]
    found = survey(*(Surveyed(CT("lxc", name, name, state)) for state, name in states))
    assert said(ct_state, found, tmp_path, QUIET, "--state=frozen=ok", *arguments) == (status, text)


def test_how_many_where_there_are_none(tmp_path: Path) -> None:
    assert said(ct_state, survey(), tmp_path, QUIET) == (
        0,
        "CT_STATE OK - no containers on this host\n",
    )
    status, text = said(ct_state, survey(), tmp_path, QUIET, "-w1:")
    assert (status, text) == (1, "CT_STATE WARNING - 0 running, 0 stopped (outside 1:)\n")


def test_performance_data(tmp_path: Path) -> None:
    found = survey(ct(RUNNING, True), Surveyed(CT("lxc", "db1", "db1", STOPPED, autostart=True)))
    assert said(ct_state, found, tmp_path, "-w1:")[1] == (
        "CT_STATE CRITICAL - db1 (lxc db1): stopped, and should start at boot | "
        "running=1;1:;;0 stopped=1;;;0 other=0;;;0 autostart_missing=1;;;0 "
        "'web1::uptime'=4900s;;;0 'web1::restarts'=0;2;5;0\n"
    )


# Starting over and over


def test_a_container_that_starts_over_and_over(tmp_path: Path) -> None:
    found = []
    for number in range(8):
        moment = 5000 + number * 300
        found.append(line(ct(RUNNING, started=moment - 5), tmp_path, uptime=moment))
    assert [status for status, _ in found] == [0, 0, 0, 1, 1, 1, 2, 2]
    assert found[3][1] == "restarted 3 times within 1h (outside 0:2)"
    assert found[7][1] == "restarted 7 times within 1h (outside 0:5)"
    # Found stopped, and by a second caller: the same.
    again = line(ct(STOPPED), tmp_path, uptime=5000 + 7 * 300 + 1)
    assert again == (2, "restarted 7 times within 1h (outside 0:5)")
    # An hour without a start.
    assert line(ct(RUNNING, started=7095), tmp_path, uptime=7095 + 3601)[0] == 0


def test_running_on_is_no_restart(tmp_path: Path) -> None:
    """The kernel gives the time of boot in whole seconds: a start may seem to move by one."""
    for number in range(30):
        found = line(ct(RUNNING, started=100 + number % 2), tmp_path, uptime=5000 + number)
        assert found[0] == 0
    data = as_json(ct_state, survey(ct(RUNNING), uptime=6000), tmp_path)
    assert data["containers"][0]["metrics"]["restarts"]["value"] == 0


def test_restarts_faster_than_the_time_of_boot_is_known_are_told_by_their_init(
    tmp_path: Path,
) -> None:
    found = []
    for number in range(4):
        moment = 5000 + number * 1.5
        looping = ct(RUNNING, started=moment - 0.5)
        looping = looping._replace(ct=looping.ct._replace(init_pid=700 + number))
        found.append(line(looping, tmp_path, uptime=moment))
        assert line(looping, tmp_path, uptime=moment)[0] == found[-1][0]
    assert [status for status, _ in found] == [0, 0, 0, 1]


def test_a_reboot_is_no_restart(tmp_path: Path) -> None:
    arguments = [QUIET, "--restart-warning=0"]
    for boot in ("boot-1", "boot-2", "boot-3"):
        found = survey(ct(RUNNING, started=20.0), uptime=60.0, boot_id=boot)
        assert said(ct_state, found, tmp_path, *arguments)[0] == 0


def test_one_restart_if_that_is_too_many(tmp_path: Path) -> None:
    arguments = ["--restart-warning=0", "--restart-window=600"]
    assert line(ct(RUNNING), tmp_path, *arguments)[0] == 0
    found = line(ct(RUNNING, started=5050), tmp_path, *arguments, uptime=5060)
    assert found == (1, "restarted 1 times within 10m (outside 0:0)")
    assert line(ct(RUNNING, started=5050), tmp_path, *arguments, uptime=5700)[0] == 0


@pytest.mark.parametrize(
    "entry", [None, 7, [], {"seen": "x", "starts": []}, {"seen": 1, "starts": ["x"], "init": 0}]
)
def test_kept_starts_of_another_shape_are_none(entry: object, tmp_path: Path) -> None:
    line(ct(RUNNING), tmp_path)
    file = tmp_path / "kept/ct_state.json"
    document = json.loads(file.read_text())
    document["starts"] = {"lxc/web1": entry, "other": entry}
    file.write_text(json.dumps(document))
    assert line(ct(RUNNING), tmp_path, uptime=5060)[0] == 0
    assert list(json.loads(file.read_text())["starts"]) == ["lxc/web1"]


def test_recorded_openvz(host: Callable[[str], Path], tmp_path: Path) -> None:
    found: Survey = read(Host(str(host("openvz6"))), ())
    assert said(ct_state, found, tmp_path, QUIET) == (
        1,
        "CT_STATE WARNING - tiny (openvz 103): running, and would not start at boot\n",
    )
    text = said(ct_state, found, tmp_path, QUIET, "-v", "--autostart=running=ok")[1]
    assert text == (
        "CT_STATE OK - 3 running, 1 stopped\n"
        "OK web1 (openvz 101): running for 9s\n"
        "OK db1.example.com (openvz 102): running for 6s\n"
        "OK tiny (openvz 103): running for 3s, and would not start at boot\n"
        "OK stopped.example.com (openvz 104): stopped\n"
    )
