"""initscripts: what of the audit's report is a failure, and that it is the audit's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ct0.errors import Malformed, Unavailable
from ct0_suites.resources import audit
from ct0_suites.resources.audit import Finding, Report, parse_report
from ct0_suites.suites import initscripts
from suites.scripted import scripted
from suites.test_host_copy import put

REPORT = {
    "version": 1,
    "files": 801,
    "findings": [
        {
            "rule": "CT001", "severity": "K", "confidence": "high", "path": "/etc/init.d/web",
            "line": 2, "detail": "ends every process named nginx", "covered": None,
            "hits": [
                {"comm": "nginx", "name": "web1", "ctid": "101"},
                {"comm": "nginx", "name": "web1", "ctid": "101"},
                {"comm": "nginx", "name": "", "ctid": "102"},
            ],
        },
        {
            "rule": "CT005", "severity": "B", "confidence": "medium", "path": "/etc/cron.d/x",
            "line": 1, "detail": "looks", "covered": None, "hits": [],
        },
        {
            "rule": "CT103", "severity": "F", "confidence": "high", "path": "/etc/nagios/n.cfg",
            "line": 9, "detail": "counts", "covered": None, "hits": [],
        },
        {
            "rule": "CT001", "severity": "K", "confidence": "low", "path": "/etc/init.d/unsure",
            "line": 2, "detail": "perhaps", "covered": None, "hits": [],
        },
        {
            "rule": "CT001", "severity": "K", "confidence": "high", "path": "/etc/init.d/covered",
            "line": 2, "detail": "ends", "covered": "the hook /etc/sysconfig/init", "hits": [],
        },
    ],
    "not_read": [{"path": "/usr/bin/x", "reason": "written for perl, not for a shell"}],
}  # fmt: skip
KILLS = (
    "/etc/init.d/web:2: CT001 kills: ends every process named nginx"
    " (now nginx of web1, nginx of 102)"
)


def problems(want: dict[str, Any], monkeypatch: pytest.MonkeyPatch, **more: Any) -> list[str]:
    text = json.dumps({**REPORT, **more})
    monkeypatch.setattr(initscripts, "read_audit", lambda target: parse_report(text))
    return list(initscripts.judge(want, scripted({})))


def test_what_kills_is_a_failure_that_names_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({}, monkeypatch) == [KILLS]


def test_what_is_worse_fails_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({"fail_on": "blocks"}, monkeypatch) == [
        KILLS, "/etc/cron.d/x:1: CT005 blocks: looks"
    ]  # fmt: skip
    assert len(problems({"fail_on": "miscounts"}, monkeypatch)) == 3


@pytest.mark.parametrize(
    "pattern", ["CT001", "/etc/init.d/*", "/etc/init.d/web:CT001", "*:CT001", "/etc/init.d/web"]
)
def test_what_is_ignored(pattern: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert problems({"ignore": [pattern]}, monkeypatch) == []
    assert problems({"ignore": ["CT002", "/etc/init.d", "/etc/init.d/web:CT002"]}, monkeypatch) == [
        KILLS
    ]


def test_only_some_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    want = {"fail_on": "miscounts", "rules": ["CT103"]}
    assert problems(want, monkeypatch) == ["/etc/nagios/n.cfg:9: CT103 miscounts: counts"]


def test_file_that_cannot_be_read_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    unread = [{"path": "/opt/i.sh", "reason": "a binary file"}, {"path": "/x", "reason": "y"}]
    with pytest.raises(Unavailable, match=r"/opt/i.sh: cannot be judged: a binary file \(and 1"):
        problems({"ignore": ["CT001"]}, monkeypatch, not_read=unread)
    assert problems({}, monkeypatch, not_read=unread) == [KILLS]
    assert problems({"ignore": ["CT001", "/opt/*", "/x"]}, monkeypatch, not_read=unread) == []


def test_audit_of_no_file_is_no_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Unavailable, match="not one file"):
        problems({}, monkeypatch, files=0, findings=[])


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"findings": 1}', json.dumps(REPORT)[:400]])
def test_report_that_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        parse_report(text)


def test_what_is_observed_is_met(monkeypatch: pytest.MonkeyPatch) -> None:
    found = parse_report(json.dumps(REPORT))
    monkeypatch.setattr(initscripts, "read_audit", lambda target: found)
    (want,) = initscripts.observe(scripted({}))
    assert want == {"ignore": ["/etc/init.d/web:CT001"]}
    assert list(initscripts.judge(want, scripted({}))) == []
    clean = Report((), (), 5)
    monkeypatch.setattr(initscripts, "read_audit", lambda target: clean)
    assert list(initscripts.observe(scripted({}))) == [{}]


def test_control_characters_of_a_container_stay_its_own() -> None:
    finding = Finding("CT001", "kills", "/etc/\x1b[2J", 1, "x\ny", ("\x07 of web1",))
    assert initscripts.told(finding) == "/etc/?[2J:1: CT001 kills: x?y (now ? of web1)"


def test_a_copied_host_is_audited_by_the_command_itself(tmp_path: Path) -> None:
    put(tmp_path, "/etc/init.d/web", "#!/bin/sh\nkillall nginx\n")
    put(tmp_path, "/ct0/__init__.py", "raise SystemExit('a module of the target')\n")
    report = parse_report(audit.run_audit(str(tmp_path)))
    assert [(f.rule, f.severity, f.path, f.line) for f in report.findings] == [
        ("CT001", "kills", "/etc/init.d/web", 2)
    ]
    assert report.files == 1


def test_audit_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="not a folder"):
        audit.run_audit(str(tmp_path / "none"))
