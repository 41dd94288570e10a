"""last_run_report.yaml: its own scalars only, whatever else is in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.puppet.report import Report, parse_report

RECORDED = Path(__file__).resolve().parent.parent / "suites/puppet"


def recorded(name: str, version: str = "7.23.0") -> str:
    return (RECORDED / version / name / "last_run_report.yaml").read_text()


OK = recorded("agent_ok")


def test_recorded() -> None:
    found = parse_report(recorded("agent_cached", "8.10.0"), "x")
    assert abs(found.time - 1795626867) < 20
    assert found == Report(
        "unchanged",
        found.time,
        "1795626867",
        "8.10.0",
        "production",
        noop=False,
        noop_pending=False,
        completed=True,
        corrective=False,
        cached_catalog="on_failure",
    )


@pytest.mark.parametrize("version", ["7.23.0", "8.10.0"])
def test_statuses(version: str) -> None:
    states = {
        name: parse_report(recorded(name, version), "x").status
        for name in ("ok", "unchanged", "noop", "failed", "failed_to_restart")
    }
    assert states == {
        "ok": "changed",
        "unchanged": "unchanged",
        "noop": "unchanged",
        "failed": "failed",
        "failed_to_restart": "failed",
    }
    found = parse_report(recorded("agent_compile_error", version), "x")
    assert (found.status, found.config, found.completed) == ("failed", "", False)
    found = parse_report(recorded("noop", version), "x")
    assert (found.noop, found.noop_pending) == (True, True)


def test_the_top_level_alone_reads_as_the_whole_file() -> None:
    lines = [line for line in OK.split("\n") if line[:1].isalpha() or line.startswith("---")]
    assert parse_report("\n".join(lines) + "\n", "x") == parse_report(OK, "x")


def test_a_log_cannot_pass_for_the_status() -> None:
    text = OK.replace("status: unchanged", "status: failed").replace(
        "logs:\n", "logs:\n- message: |\n    status: changed\n    x\n  status: changed\n", 1
    )
    assert parse_report(text, "x").status == "failed"


def test_older_reports_say_less() -> None:
    text = "---\nstatus: changed\ntime: 2015-01-02 03:04:05.678 +01:00\n"
    assert parse_report(text, "x") == Report("changed", 1420164245.678)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "---\n",
        "garbage\n",
        OK[:100],
        OK[:-1],
        OK.replace("status: unchanged\n", ""),
        OK.replace("status: unchanged\n", "status: unchanged\nstatus: unchanged\n"),
        OK.replace("status: unchanged\n", "status: !ruby/object:X {}\n"),
        OK.replace("noop: false", "noop: maybe"),
        OK.replace("time: '2026-11-25T", "time: '2026-13-25T"),
        OK.replace("time: '2026-11-25T", "time: 'yesterday "),
        OK.replace("--- !ruby/object:Puppet::Transaction::Report", "--- !ruby/object:Kernel"),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_report(text, "x")


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ct0.puppet.report.LIMIT", 1000)
    with pytest.raises(Malformed, match="characters"):
        parse_report(OK, "x")


@given(st.text(st.sampled_from(list(" \n:-'\"\\{}abstuime019T+.~")), max_size=60))
def test_no_text_is_a_traceback(text: str) -> None:
    for whole in (text, OK.replace("unchanged", text, 1), OK.replace("2026-11-25", text, 1)):
        try:
            parse_report(whole, "x")
        except Malformed:
            pass
