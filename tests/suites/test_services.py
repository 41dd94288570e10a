"""The suite `services` against what systemd, sysvinit and OpenRC really answered."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Unavailable
from ct0_suites.records import CT0
from ct0_suites.resources.backing import Who
from ct0_suites.resources.puppet.starts import Start, read_starts
from ct0_suites.resources.services import scripts, systemd
from ct0_suites.suites.puppet import judge_starts
from ct0_suites.suites.services import SCHEMA, judge, observe
from ct0_suites.target import Target
from ct0_suites.transport import Output
from suites.scripted import Answer, scripted

RECORDED = Path(__file__).parent / "services"
SYSTEMD, SYSV, OPENRC = "systemd-252", "sysvinit-3.06", "openrc-0.45"

INIT = r"/run/systemd/system \]"
PIDFILES = r"head -c 32"
SHOW = "systemctl --no-pager show"
SCRIPT = r"printf 'script:"


def text(kind: str, name: str) -> str:
    return (RECORDED / kind / f"{name}.txt").read_text()


def target(
    kind: str,
    name: str,
    people: Mapping[int, Who] | None = None,
    pidfiles: str = "",
    **more: Answer,
) -> Target:
    """One service of a recorded machine, with these processes."""
    answers: dict[str, Answer] = {INIT: text(kind, "init"), PIDFILES: pidfiles}
    if kind == SYSTEMD:
        answers[SHOW] = more.get("show", text(kind, name) if "show" not in more else "")
        if (RECORDED / kind / f"links-{name}.txt").exists():
            answers[SCRIPT] = text(kind, f"links-{name}")
    else:
        answers[SCRIPT] = more.get("script", text(kind, name) if "script" not in more else "")
    found = scripted(answers, CT0)
    if people is not None:
        found.once("backing", lambda: dict(people))
    return found


def problems(given: Target, name: str, **want: Any) -> list[str]:
    jsonschema.validate(
        {"name": name, **want}, {"properties": SCHEMA, "additionalProperties": False}
    )
    return list(judge({"name": name, **want}, given))


OWN = Who(567, "cron", ("/usr/sbin/cron",), "")


@pytest.mark.parametrize(
    ("name", "running", "stopped"),
    [
        ("cron", [], ["cron: runs: active (running)"]),
        ("legacy", [], ["legacy: runs: active (running)"]),
        ("oneshot", [], ["oneshot: runs: active (exited)"]),
        ("triggered.socket", [], ["triggered.socket: runs: active (listening)"]),
        (
            "onceonly",
            [
                "onceonly: does not run: active (exited): its init script has ended,"
                " and no process of it lives"
            ],
            [],
        ),
        (
            "remain",
            [
                "remain: does not run: active (exited): what it started has ended,"
                " and no process of it lives"
            ],
            [],
        ),
        ("broken", ["broken: does not run: failed: exit-code"], []),
        ("nobody", ["nobody: does not run: masked, inactive (dead)"], []),
        (
            "triggered",
            ["triggered: does not run: inactive (dead); triggered.socket starts it on demand"],
            [],
        ),
        ("unlinked", ["unlinked: does not run: inactive (dead)"], []),
        ("absent", ["absent: there is no such service (no unit of systemd's)"], []),
    ],
)
def test_running_by_systemd(name: str, running: list[str], stopped: list[str]) -> None:
    assert problems(target(SYSTEMD, name), name) == running
    assert problems(target(SYSTEMD, name), name, running=False) == stopped


@pytest.mark.parametrize(
    ("name", "enabled", "disabled"),
    [
        ("cron", [], ["cron: the next boot starts it (enabled)"]),
        ("dbus", [], ["dbus: the next boot starts it (static)"]),
        (
            "legacy",
            [],
            [
                "legacy: the next boot starts it"
                " (generated from /etc/init.d/legacy, S link in runlevel 2, 3, 4, 5)"
            ],
        ),
        (
            "unlinked",
            [
                "unlinked: the next boot does not start it"
                " (generated from /etc/init.d/unlinked, no S link in a runlevel)"
            ],
            [],
        ),
        (
            "triggered",
            [
                "triggered: the next boot does not start it"
                " (static: triggered.socket starts it on demand)"
            ],
            [],
        ),
        ("nobody", ["nobody: the next boot does not start it (masked)"], []),
        ("puppet", ["puppet: the next boot does not start it (disabled)"], []),
        ("absent", ["absent: there is no such service (no unit of systemd's)"], []),
    ],
)
def test_enabled_by_systemd(name: str, enabled: list[str], disabled: list[str]) -> None:
    assert problems(target(SYSTEMD, name), name, enabled=True) == enabled
    assert problems(target(SYSTEMD, name), name, enabled=False) == disabled


def test_masks() -> None:
    assert problems(target(SYSTEMD, "nobody"), "nobody", masked=True) == []
    assert problems(target(SYSTEMD, "nobody"), "nobody", masked=False) == [
        "nobody: is masked, so nothing can start it"
    ]
    assert problems(target(SYSTEMD, "cron"), "cron", masked=True) == [
        "cron: should be masked, it is not"
    ]
    assert problems(target(SYSV, "cron", {567: OWN}), "cron", masked=True) == [
        "cron: should be masked, sysv has no masks"
    ]


def test_the_init_system() -> None:
    assert problems(target(SYSTEMD, "cron"), "cron", init="systemd") == []
    assert problems(target(SYSTEMD, "cron"), "cron", init="sysv") == [
        "cron: systemd is in charge here, not sysv"
    ]
    with pytest.raises(Unavailable, match="PID 1 is 'sh'"):
        problems(scripted({INIT: "sh\n"}), "cron")


def test_a_pid_file_that_names_a_containers_process() -> None:
    """systemd takes the PID for the service's, as it was recorded; and it is a container's."""
    theirs = Who(808, "puppet-x", ("puppet-x",), "lxc web1")
    assert problems(target(SYSTEMD, "fooled", {808: theirs}), "fooled") == [
        "fooled: does not run: active (running), but PID 808 (puppet-x) of /run/fooled.pid"
        " is of lxc web1"
    ]
    own = theirs._replace(whose="")
    assert problems(target(SYSTEMD, "fooled", {808: own}), "fooled") == []


@pytest.mark.parametrize(
    ("was", "becomes", "expected"),
    [
        ("UnitFileState=enabled", "UnitFileState=enabled-runtime", "only until the next boot"),
        ("UnitFileState=enabled", "UnitFileState=disabled", "(disabled)"),
        ("UnitFileState=enabled", "UnitFileState=static", None),
        (
            "WantedBy=multi-user.target",
            "WantedBy=rescue.target\nUnitFileState=static",
            "no target wants it",
        ),
        (
            "WantedBy=multi-user.target",
            "WantedBy=other.service\nUnitFileState=static",
            "no target wants it",
        ),
    ],
)
def test_other_ways_to_be_enabled(was: str, becomes: str, expected: str | None) -> None:
    lines = text(SYSTEMD, "cron").split("\n")
    if "\n" in becomes:
        lines = [line for line in lines if not line.startswith("UnitFileState")]
    shown = "\n".join(lines).replace(was, becomes)
    assert shown != text(SYSTEMD, "cron")
    found = problems(target(SYSTEMD, "cron", show=shown), "cron", enabled=True)
    assert found == [] if expected is None else expected in found[0]


@pytest.mark.parametrize(
    "state",
    ["activating (auto-restart)", "deactivating (stop-sigterm)", "failed (failed)", "who (knows)"],
)
def test_neither_here_nor_there_is_not_running(state: str) -> None:
    active, sub = state[:-1].split(" (")
    shown = text(SYSTEMD, "cron").replace("ActiveState=active", f"ActiveState={active}")
    shown = shown.replace("SubState=running", f"SubState={sub}")
    assert problems(target(SYSTEMD, "cron", show=shown), "cron")[0].startswith("cron: does not run")


@pytest.mark.parametrize(
    "said",
    [
        Output(1, b"", b"Failed to connect to bus: No such file or directory\n"),
        Output(0, b"", b""),
        Output(0, b"garbage\n\n\0\n", b""),
        Output(0, b"LoadState=loaded\n", b""),
    ],
)
def test_a_systemd_that_does_not_answer(said: Output) -> None:
    with pytest.raises(Unavailable, match="does not say what it runs"):
        problems(target(SYSTEMD, "cron", show=said), "cron")


def test_names_are_units_names() -> None:
    assert systemd.unit("cron") == "cron.service"
    assert systemd.unit("ssh.socket") == "ssh.socket"
    assert systemd.unit("php8.2-fpm") == "php8.2-fpm.service"
    assert "'a b'.service" not in systemd.command("a b")
    for name in ("-x", "../x", "a b", "a;b", "", "a\nb"):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({"name": name}, {"properties": SCHEMA})


MIMIC = {
    9: Who(9, "mimicd", ("/usr/sbin/mimicd", "3000"), "lxc web1"),
    10: Who(10, "mimicd", ("/usr/sbin/mimicd", "3000"), "lxc web2"),
}


def test_a_script_that_a_container_answers_for() -> None:
    given = target(SYSV, "mimic", MIMIC)
    assert problems(given, "mimic") == [
        "mimic: does not run: its script says it runs, but PID 9 (mimicd) is of lxc web1,"
        " lxc web2, and none is its own"
    ]
    assert problems(given, "mimic", running=False) == []


def test_a_script_that_both_answer_for() -> None:
    own = Who(11, "mimicd", ("/usr/sbin/mimicd",), "")
    given = target(SYSV, "mimic", {**MIMIC, 11: own})
    assert problems(given, "mimic") == []
    assert problems(given, "mimic", running=False) == ["mimic: runs: running, PID 11 (mimicd)"]


def test_a_pidfile_decides_before_a_name() -> None:
    own = Who(11, "mimicd", ("/usr/sbin/mimicd",), "")
    given = target(SYSV, "mimic", {**MIMIC, 11: own}, "/run/mimicd.pid:9\n")
    assert problems(given, "mimic") == [
        "mimic: does not run: its script says it runs, but PID 9 (mimicd) of /run/mimicd.pid"
        " is of lxc web1"
    ]
    given = target(SYSV, "mimic", {**MIMIC, 11: own}, "/run/mimicd.pid:11\n")
    assert problems(given, "mimic", running=False) == [
        "mimic: runs: running, PID 11 (mimicd) of /run/mimicd.pid"
    ]


def test_a_script_that_may_mean_a_container() -> None:
    """It has the container's name in it, not as its daemon's."""
    script = text(SYSV, "mimic").replace("DAEMON=/usr/sbin/mimicd", "DAEMON=/usr/sbin/other")
    script = script.replace("pidof mimicd", "looks_for mimicd")
    with pytest.raises(Unavailable, match="may mean a container's mimicd"):
        problems(target(SYSV, "mimic", MIMIC, script=script), "mimic")
    assert problems(target(SYSV, "mimic", {}, script=script), "mimic") == []


def test_a_script_that_says_stopped_while_its_daemon_lives() -> None:
    script = text(SYSV, "cron").replace("status:0", "status:3")
    given = target(SYSV, "cron", {567: OWN}, "/run/cron.pid:567\n", script=script)
    for running in (True, False):
        with pytest.raises(Unavailable, match=r"PID 567 \(cron\) of /run/cron.pid lives"):
            problems(given, "cron", running=running)
    # The PID is somebody else's now: nothing of it lives.
    other = target(
        SYSV, "cron", {567: OWN._replace(comm="bash", arguments=("-bash",))},
        "/run/cron.pid:567\n", script=script,
    )  # fmt: skip
    assert problems(other, "cron", running=False) == []


def test_a_real_cron() -> None:
    given = target(SYSV, "cron", {567: OWN}, "/var/run/crond.pid:567\n")
    assert problems(given, "cron", running=True, enabled=True, init="sysv") == []
    assert problems(given, "cron", running=False, enabled=False) == [
        "cron: the next boot starts it (/etc/rc2.d/S02cron)",
        "cron: runs: running, PID 567 (cron) of /var/run/crond.pid",
    ]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("1", "cron: does not run: dead, its pidfile is left"),
        ("2", "cron: does not run: dead, its lock is left"),
        ("3", "cron: does not run: stopped"),
    ],
)
def test_what_lsb_says(code: str, expected: str) -> None:
    script = text(SYSV, "cron").replace("status:0", f"status:{code}")
    assert problems(target(SYSV, "cron", {}, script=script), "cron") == [expected]


@pytest.mark.parametrize(
    ("name", "was", "becomes", "reason"),
    [
        ("strange", "", "", r"ends with 150 \(strange is fine\): no code of LSB's"),
        ("nostatus", "", "", "its script has no status"),
        ("usage", "", "", "its script has no status"),
        ("cron", "status:0", "status:4", "that it does not know"),
        ("cron", "status:0", "status:127", "no code of LSB's"),
        ("cron", "O:cron is running.", "O:Usage: cron {start}", "does not know status"),
    ],
)
def test_what_says_nothing_is_unknown(name: str, was: str, becomes: str, reason: str) -> None:
    script = text(SYSV, name).replace(was, becomes) if was else text(SYSV, name)
    for running in (True, False):
        with pytest.raises(Unavailable, match=reason):
            problems(target(SYSV, name, {567: OWN}, script=script), name, running=running)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        (
            "unlisted",
            "/etc/rc2.d/S02unlisted is there, but startpar does not know it: run insserv unlisted",
        ),
        ("mimic", "not in runlevel 2, only in 3"),
        ("nostatus", "/etc/rc2.d/S02nostatus leads nowhere"),
        ("exim4", "no S link in runlevel 2"),
    ],
)
def test_what_sysvinit_will_not_start(name: str, how: str) -> None:
    given = target(SYSV, name, {})
    assert problems(given, name, enabled=True) == [
        f"{name}: the next boot does not start it ({how})"
    ]
    assert problems(given, name, enabled=False) == []


def test_links_alone_count_where_no_startpar_is() -> None:
    script = "\n".join(
        line for line in text(SYSV, "unlisted").split("\n") if not line.startswith("targets:")
    )
    given = target(SYSV, "unlisted", {}, script=script)
    assert problems(given, "unlisted", enabled=True) == []
    inert = target(SYSV, "unlisted", {}, script=f"inert:\n{script}")
    assert problems(inert, "unlisted", enabled=True) == [
        "unlisted: the next boot does not start it (/etc/init.d/unlisted is not executable)"
    ]


def test_upstart_is_noticed() -> None:
    with pytest.raises(Unavailable, match="job of upstart"):
        problems(target(SYSV, "absent", script="upstart:\nnone:\n"), "absent")


@pytest.mark.parametrize("kind", [SYSV, OPENRC])
def test_no_script(kind: str) -> None:
    name = "sysv" if kind == SYSV else "openrc"
    assert problems(target(kind, "absent"), "absent") == [
        f"absent: there is no such service (no script of {name}'s)"
    ]
    assert problems(target(kind, "absent"), "absent", running=False, enabled=False) == []


@pytest.mark.parametrize("length", [0, 1, 30, 200])
def test_cut_off(length: int) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        problems(target(SYSV, "cron", script=text(SYSV, "cron")[:length]), "cron")


def test_openrc() -> None:
    own = Who(960, "natived", ("/usr/sbin/natived", "3000"), "")
    given = target(OPENRC, "native", {960: own}, "/run/native.pid:960\n")
    assert problems(given, "native", running=True, enabled=True, init="openrc") == []
    idle = target(OPENRC, "idle", {960: own})
    assert problems(idle, "idle", running=True, enabled=True) == [
        "idle: the next boot does not start it (only in runlevel nonetwork)",
        "idle: does not run: stopped",
    ]
    crashed = text(OPENRC, "native").replace("status:0", "status:32")
    assert problems(target(OPENRC, "native", {}, script=crashed), "native") == [
        "native: does not run: crashed"
    ]
    theirs = target(OPENRC, "native", {960: own._replace(whose="docker 4f")})
    assert problems(theirs, "native")[0].startswith("native: does not run: its script says it runs")


@given(st.text(max_size=200))
def test_no_answer_is_a_traceback(said: str) -> None:
    raw = said.encode("utf-8", "surrogateescape")
    for parse in (systemd.parse_show, scripts.parse_answer):
        try:
            parse(Output(0, raw, b""))
        except Unavailable:
            pass


def test_only_a_script_with_that_case_is_asked() -> None:
    assert " status </dev/null" in scripts.command("x", "sysv")
    assert "if false; then" in scripts.command("x", "sysv", ask=False)
    assert "n='a b'" in scripts.command("a b", "sysv")


def test_what_is_observed_is_met() -> None:
    names = ("cron", "dbus", "forking", "systemd-journald")
    listed = [
        line
        for line in text(SYSTEMD, "list-units").split("\n")
        if line.partition(".service")[0] in names
    ]
    answers: dict[str, Answer] = {INIT: "systemd\n", "list-units": "\n".join([*listed, ""])}
    answers.update({f"-- {name}\\.service": text(SYSTEMD, name) for name in names})
    given = scripted(answers)
    given.once("backing", dict)
    found = list(observe(given))
    assert [each["name"] for each in found] == list(names)
    for each in found:
        assert problems(given, **each) == []


def test_what_starts_puppet() -> None:
    """Recorded with the service disabled, a timer enabled and a table of cron's."""
    absent = text(SYSTEMD, "absent")
    answers: dict[str, Answer] = {
        INIT: "systemd\n",
        r"\.timer; do": text(SYSTEMD, "units"),
        r"puppet-run\.timer": text(SYSTEMD, "timers"),
        "/etc/crontab": text(SYSTEMD, "crontabs"),
        r"-- puppet\.service": text(SYSTEMD, "puppet"),
        SHOW: absent,
    }
    starts = read_starts(scripted(answers))
    assert starts == [
        Start("service", "puppet", False, False, "inactive (dead), disabled"),
        Start("timer", "puppet-run.timer", True, True, "active (waiting), enabled"),
        Start("cron", "/etc/cron.d/puppet", True, True, "calls it"),
    ]
    both = "puppet-run.timer, /etc/cron.d/puppet"
    assert list(judge_starts("", starts)) == [f"more than one thing starts Puppet: {both}"]
    assert list(judge_starts("timer", starts)) == [
        "a timer is to start Puppet, but cron /etc/cron.d/puppet does"
    ]
    answers[r"-- puppet\.service"] = text(SYSTEMD, "puppet-running")
    running = read_starts(scripted(answers))
    assert list(judge_starts("service", running[:1])) == []
