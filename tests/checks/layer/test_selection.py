"""Which containers are judged; and that none to judge is never OK without a word."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.container import STOPPED
from ct0.survey import Survey, Surveyed
from ct0_checks import ct_pressure, ct_state
from judging import BOOT, as_json, said, survey, surveyed

DIGITS = "0123456789abcdef" * 4


def stopped(name: str) -> Surveyed:
    found = surveyed(name)
    return Surveyed(found.ct._replace(state=STOPPED, init_pid=0, started=0.0))


def named(engine: str, ctid: str, name: str) -> Surveyed:
    found = surveyed(ctid, engine)
    return found._replace(ct=found.ct._replace(name=name))


HOST = survey(
    named("openvz", "101", "web1"),
    named("openvz", "102", ""),
    named("lxc", "web1", "web1"),
    named("docker", DIGITS, "shop"),
    stopped("old1"),
)


def judged(tmp_path: Path, *arguments: str, found: Survey = HOST) -> list[str]:
    everyone = as_json(ct_state, found, tmp_path, *arguments)["containers"]
    return [f"{each['engine']}/{each['ctid'][:12]}" for each in everyone]


@pytest.mark.parametrize(
    ("arguments", "ctids"),
    [
        ([], ["openvz/101", "openvz/102", "lxc/web1", f"docker/{DIGITS[:12]}", "lxc/old1"]),
        (["--ct=101"], ["openvz/101"]),
        (["--ct=web1"], ["openvz/101", "lxc/web1"]),
        (["--ct=web1", "--engine=lxc"], ["lxc/web1"]),
        (["--ct=101", "--ct", "102"], ["openvz/101", "openvz/102"]),
        ([f"--ct={DIGITS[:12]}"], [f"docker/{DIGITS[:12]}"]),
        ([f"--ct={DIGITS[:8]}"], []),
        (["--ct="], []),
        (["--engine=lxc"], ["lxc/web1", "lxc/old1"]),
        (["--engine=lxc", "--engine=docker"], ["lxc/web1", f"docker/{DIGITS[:12]}", "lxc/old1"]),
        (["--include=web."], ["openvz/101", "lxc/web1"]),
        (["--include=web"], []),  # the whole name
        (["--include=10[12]"], ["openvz/101", "openvz/102"]),
        (["--exclude=web1|102|old1"], [f"docker/{DIGITS[:12]}"]),
        (["--include=.*1", "--exclude=old1"], ["openvz/101", "lxc/web1"]),
    ],
)
def test_chosen(arguments: list[str], ctids: list[str], tmp_path: Path) -> None:
    assert judged(tmp_path, *arguments) == ctids


@pytest.mark.parametrize(("state", "status"), [("ok", 0), ("warning", 1), ("critical", 2)])
def test_missing(state: str, status: int, tmp_path: Path) -> None:
    found = said(ct_pressure, HOST, tmp_path, "--ct=n|o", f"--missing={state}", "--no-perfdata")
    assert found == (status, f"CT_PRESSURE {state.upper()} - no container n?o on this host\n")


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (["--ct=old1"], 3, "UNKNOWN - old1 is stopped"),
        (["--ct=nope"], 3, "UNKNOWN - no container nope on this host"),
        (["--include=nope"], 3, "UNKNOWN - no container matches, of 5"),
        (["--exclude=.*"], 3, "UNKNOWN - no container matches, of 5"),
        (["--include=old1"], 3, "UNKNOWN - no container runs, of 1"),
        (["--engine=nspawn"], 3, "UNKNOWN - no container matches, of 5"),
        (["--engine=nspawn", "--missing=ok"], 0, "OK - no container matches, of 5"),
        (["--ct=old1", "--unjudged=ok"], 0, "OK - old1 is stopped"),
        (["--ct=old1", "--missing=ok", "--unjudged=critical"], 2, "CRITICAL - old1 is stopped"),
        (["--include=old1", "--unjudged=ok"], 0, "OK - no container runs, of 1"),
        (["--include=nope", "--unjudged=ok"], 3, "UNKNOWN - no container matches, of 5"),
        (["--ct=", "--unjudged=ok"], 3, "UNKNOWN - no container (an empty --ct) on this host"),
        (
            ["--ct=old1", "--engine=docker", "--unjudged=ok"],
            3,
            "UNKNOWN - old1 is left out by --engine, --include or --exclude",
        ),
    ],
)
def test_none_to_judge(arguments: list[str], status: int, line: str, tmp_path: Path) -> None:
    found = said(ct_pressure, HOST, tmp_path, *arguments, "--no-perfdata")
    assert found == (status, f"CT_PRESSURE {line}\n")


@pytest.mark.parametrize(
    ("cts", "arguments", "status", "line"),
    [
        ([], [], 0, "OK - no containers on this host"),
        ([], ["--include=web1"], 3, "UNKNOWN - no containers on this host"),
        ([], ["--engine=lxc"], 3, "UNKNOWN - no containers on this host"),
        ([], ["--ct=web1"], 3, "UNKNOWN - no container web1 on this host"),
        ([stopped("old1")], [], 0, "OK - no container runs, of 1"),
    ],
)
def test_a_host_without(
    cts: list[Surveyed], arguments: list[str], status: int, line: str, tmp_path: Path
) -> None:
    found = said(ct_pressure, survey(*cts), tmp_path, *arguments, "--no-perfdata")
    assert found == (status, f"CT_PRESSURE {line}\n")


def test_one_missing_hides_no_other(tmp_path: Path) -> None:
    status, line = said(ct_state, HOST, tmp_path, "--ct=old1", "--ct=nope", "--expect=running")
    assert status == 2
    assert line.startswith(
        "CT_STATE CRITICAL - UNKNOWN no container nope on this host; "
        "old1 (lxc old1): stopped, and should be running | "
    )


def test_younger_ones(tmp_path: Path) -> None:
    old, new = surveyed("old"), surveyed("new")
    new = new._replace(ct=new.ct._replace(started=BOOT + 4990))
    found = survey(old, new, uptime=5000)
    assert judged(tmp_path, "--ignore-younger=11", found=found) == ["lxc/old"]
    assert judged(tmp_path, "--ignore-younger=9", found=found) == ["lxc/old", "lxc/new"]
    assert said(ct_state, survey(new), tmp_path, "--ignore-younger=60", "--no-perfdata") == (
        0,
        "CT_STATE OK - none to judge, 1 younger than 60 s\n",
    )


def test_a_start_in_the_future_is_no_youth(tmp_path: Path) -> None:
    """The clock was set back: nobody slips out of sight by that."""
    odd = surveyed("odd")
    odd = odd._replace(ct=odd.ct._replace(started=BOOT + 9999))
    assert judged(tmp_path, "--ignore-younger=600", found=survey(odd)) == ["lxc/odd"]


def test_a_container_that_was_named_is_not_lost_beside_another(tmp_path: Path) -> None:
    """--engine takes one of the two away: the other's being well is no answer."""
    arguments = ["--ct=shop", "--ct=101", "--engine=openvz", "--no-perfdata"]
    assert said(ct_state, HOST, tmp_path, *arguments)[1] == (
        "CT_STATE UNKNOWN - shop is left out by --engine, --include or --exclude\n"
    )


def test_none_is_seen_by_a_user_who_may_not_see_all(tmp_path: Path) -> None:
    found = survey(troubles={"containers": "read by uid 65534"})
    assert said(ct_state, found, tmp_path, "--no-perfdata") == (
        3,
        "CT_STATE UNKNOWN - no containers that could be seen: read by uid 65534\n",
    )
    found = found._replace(cts=[surveyed()])
    assert said(ct_state, found, tmp_path, "--no-perfdata")[1] == (
        "CT_STATE OK - web1 (lxc web1): running for 1h21m (read by uid 65534)\n"
    )


def test_an_engine_that_does_not_answer_is_said_once(tmp_path: Path) -> None:
    found = survey(troubles={"engines": "/etc/pve/lxc: no answer"})
    assert said(ct_state, found, tmp_path, "--no-perfdata") == (
        3,
        "CT_STATE UNKNOWN - no containers that could be seen: /etc/pve/lxc: no answer\n",
    )
    found = found._replace(cts=[surveyed()])
    assert said(ct_state, found, tmp_path, "--no-perfdata", "--ignore-younger=99999") == (
        3,
        "CT_STATE UNKNOWN - /etc/pve/lxc: no answer\n",
    )
