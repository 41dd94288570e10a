"""What of Puppet's state is trouble, item by item; nothing unknown is taken for well."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.puppet.certificate import Validity
from ct0.puppet.health import DAY, HOUR, Disabled, Health, Limits, RunLock, ago, troubles
from ct0.puppet.report import parse_report
from ct0.puppet.summary import parse_summary

RECORDED = Path(__file__).resolve().parent.parent / "suites/puppet"
VERSIONS = ("7.23.0", "8.10.0")


def health(name: str = "agent_ok", version: str = "7.23.0", after: float = 60) -> Health:
    """`after` seconds after a recorded run."""
    folder = RECORDED / version / name
    summary = parse_summary((folder / "last_run_summary.yaml").read_text(), "summary")
    report = parse_report((folder / "last_run_report.yaml").read_text(), "report")
    return Health(summary.last_run + after, summary=summary, report=report)


def ids(found: Health, limits: Limits | None = None) -> list[str]:
    return [name for name, _ in troubles(found, limits or Limits())]


def texts(found: Health, limits: Limits | None = None) -> list[str]:
    return [text for _, text in troubles(found, limits or Limits())]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ok", []),
        ("unchanged", []),
        ("agent_ok", []),
        ("noop", ["1 change pending: the agent changes nothing (noop)"]),
        ("failed", ["1 resource failed in the last run"]),
        (
            "failed_to_restart",
            [
                "1 resource failed in the last run",
                "1 resource failed to restart in the last run",
            ],
        ),
        (
            "agent_cached",
            ["the last run used an old catalog: a new one did not compile or did not come"],
        ),
        (
            "agent_compile_error",
            ["the last run had no catalog: it did not compile, or no server gave one"],
        ),
    ],
)
def test_recorded_runs(name: str, version: str, expected: list[str]) -> None:
    assert texts(health(name, version)) == expected


def test_without_its_report_a_compile_error_is_seen() -> None:
    found = health("agent_compile_error")._replace(report=None)
    assert ids(found)[0] == "catalog"


def test_nothing_read_is_trouble() -> None:
    assert ids(Health(1.0)) == ["no-run"]
    assert ids(Health(1.0, unreadable={"summary": "x: cannot read it"})) == ["unreadable"]


def test_no_report_is_trouble() -> None:
    assert ids(health()._replace(report=None)) == ["no-report"]


def test_disabled() -> None:
    found = health()
    lock = Disabled("maintenance", found.now - 3 * DAY)
    assert texts(found._replace(disabled=lock)) == ["the agent is disabled for 3 days: maintenance"]
    assert texts(found._replace(disabled=Disabled())) == ["the agent is disabled, nobody said why"]


def test_age() -> None:
    assert ids(health(after=2 * HOUR)) == []
    assert texts(health(after=2 * HOUR + 1)) == ["the last run was 2 h ago, more than 2 h"]
    assert ids(health(after=5 * HOUR), Limits(max_age=6 * HOUR)) == []


def test_the_future() -> None:
    assert "future" in ids(health(after=-1))
    found = health()
    assert found.report is not None
    later = found.report._replace(time=found.now + 1)
    assert ids(found._replace(report=later)) == ["future"]


def test_unknown_status() -> None:
    found = health()
    assert found.report is not None
    for status in ("", "pending", "ok"):
        assert ids(found._replace(report=found.report._replace(status=status))) == ["status"]
    failed = found.report._replace(status="failed")
    assert ids(found._replace(report=failed)) == ["status"]
    unfinished = found.report._replace(completed=False)
    assert ids(found._replace(report=unfinished)) == ["status"]


def test_unknown_counts() -> None:
    found = health()
    assert found.summary is not None
    resources = {"total": 7}
    assert ids(found._replace(summary=found.summary._replace(resources=resources))) == [
        "counts",
        "counts",
    ]
    assert ids(found._replace(summary=found.summary._replace(events={}))) == ["counts"]
    assert ids(found._replace(summary=found.summary._replace(resources={})))[0] == "catalog"
    events = {"failure": 2}
    assert ids(found._replace(summary=found.summary._replace(events=events))) == ["events"]


def test_a_report_of_another_run() -> None:
    found = health()
    assert found.report is not None
    for report in (
        found.report._replace(config="1"),
        found.report._replace(time=found.report.time - DAY),
        health("ok").report,
    ):
        assert ids(found._replace(report=report)) == ["report"]


def test_noop_may_be_allowed() -> None:
    assert ids(health("noop"), Limits(noop=True)) == []
    found = health()
    assert found.report is not None
    assert ids(found._replace(report=found.report._replace(noop=True))) == ["noop"]
    assert ids(found._replace(report=found.report._replace(noop_pending=True))) == ["noop"]
    assert found.summary is not None
    some = found.summary._replace(events={"failure": 0, "noop": 2})
    assert texts(found._replace(summary=some)) == ["2 changes pending: some resources are noop"]


@pytest.mark.parametrize("version", VERSIONS)
def test_corrective_changes_may_be_forbidden(version: str) -> None:
    found = health("agent_corrective", version)
    strict = Limits(corrective=False)
    assert ids(found) == []
    assert texts(found, strict) == ["the last run undid what somebody changed: 1 resource"]
    assert ids(health("ok", version), strict) == []
    assert found.summary is not None
    uncounted = found._replace(summary=found.summary._replace(resources={"total": 1}))
    assert "corrective" in ids(uncounted, strict)


def test_cached_catalog() -> None:
    found = health()
    assert found.report is not None
    for status, expected in (
        ("explicitly_requested", []),
        ("", []),
        ("on_failure", ["cached"]),
        ("who knows", ["cached"]),
    ):
        report = found.report._replace(cached_catalog=status)
        assert ids(found._replace(report=report)) == expected


def test_environment() -> None:
    assert ids(health(), Limits(environment="production")) == []
    assert texts(health(), Limits(environment="test")) == [
        "the environment is production, not test"
    ]
    found = health()
    assert found.summary is not None
    assert found.report is not None
    silent = found._replace(
        summary=found.summary._replace(environment=""),
        report=found.report._replace(environment=""),
    )
    assert ids(silent, Limits(environment="test")) == ["environment"]
    other = found._replace(report=found.report._replace(environment="test"))
    assert ids(other, Limits(environment="production")) == ["environment"]


def test_what_ran_last() -> None:
    """`puppet apply` by hand hides that the agent has not run."""
    by_hand, by_agent = health("ok"), health("agent_corrective")
    assert texts(by_hand, Limits(mode="agent")) == [
        "the last run was of puppet apply, not of puppet agent"
    ]
    assert ids(by_hand, Limits(mode="apply")) == ids(by_agent, Limits(mode="agent")) == []
    assert ids(by_agent, Limits(mode="apply")) == ["mode"]
    assert by_agent.summary is not None
    silent = by_agent._replace(summary=by_agent.summary._replace(mode=""))
    assert ids(silent, Limits(mode="agent")) == ["mode"]


def test_version() -> None:
    assert ids(health(), Limits(version=">=7,<9")) == []
    assert texts(health(), Limits(version=">=8")) == ["Puppet is 7.23.0, not >=8"]
    assert ids(health()._replace(version="8.10.0"), Limits(version=">=8")) == []
    assert ids(health()._replace(version="puppet: not found"), Limits(version=">=8")) == ["version"]


PUPPET = ("puppet", "/usr/bin/ruby /usr/bin/puppet agent")


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (RunLock(None, 0.0), []),
        (RunLock(9, 0.0), []),
        (RunLock(9, 60.0, True, *PUPPET), []),
        (
            RunLock(9, 2 * HOUR, True, *PUPPET),
            ["agent_catalog_run.lock names PID 9 for 2 h: a run hangs"],
        ),
        (RunLock(9, 60.0, True, "sshd", "sshd: x"), []),
        (
            RunLock(9, 2 * HOUR, True, "sshd", "sshd: x"),
            ["agent_catalog_run.lock names PID 9 for 2 h: which is sshd now, not a run"],
        ),
        (
            RunLock(9, 60.0, True, *PUPPET, "lxc web1"),
            [
                "agent_catalog_run.lock names PID 9 (puppet), a process of lxc web1:"
                " every run here waits for it"
            ],
        ),
        (
            RunLock(9, 60.0, True, "sshd", "", "lxc web1"),
            [
                "agent_catalog_run.lock names PID 9 (sshd), a process of lxc web1:"
                " no run here has it"
            ],
        ),
        (
            RunLock(9, -5.0, True, *PUPPET),
            ["agent_catalog_run.lock names PID 9 (puppet), and since when cannot be told"],
        ),
        (
            RunLock(9, None, True, *PUPPET),
            ["agent_catalog_run.lock names PID 9 (puppet), and since when cannot be told"],
        ),
    ],
)
def test_run_locks(lock: RunLock, expected: list[str]) -> None:
    """Their `since` is an age here."""
    found = health()
    since = None if lock.since is None else found.now - lock.since
    assert texts(found._replace(run_lock=lock._replace(since=since))) == expected


def test_certificates() -> None:
    found = health()
    for days, expected in (
        (30, []),
        (13.5, ["/x.pem: its certificate expires in 13 days"]),
        (-3, ["/x.pem: its certificate expired 3 days ago"]),
    ):
        validities = {"/x.pem": (Validity("certificate", found.now + days * DAY),)}
        assert texts(found._replace(validities=validities)) == expected


def test_hostile_texts_are_safe_to_print() -> None:
    found = health()._replace(disabled=Disabled("a\x1b[2J\nb"))
    assert texts(found) == ["the agent is disabled: a?[2J?b"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7199, "119 min"),
        (7200, "2 h"),
        (172800, "2 days"),
    ],
)
def test_ago(seconds: float, text: str) -> None:
    assert ago(seconds) == text
