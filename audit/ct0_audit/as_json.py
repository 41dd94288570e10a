"""The report as JSON, for programs. Names and values are those of `ct0_audit.records`."""

from __future__ import annotations

import json
from typing import Any

from ct0.text import plain
from ct0_audit.records import Finding, Report
from ct0_audit.rules import RULES

VERSION = 1
LONGEST = 4096


def as_json(report: Report, root: str) -> str:
    record = {
        "version": VERSION,
        "root": root,
        "live": report.live,
        "files": report.files,
        "findings": [of_finding(finding) for finding in report.findings],
        "suppressed": [of_finding(finding) for finding in report.suppressed],
        "not_read": [
            {"path": plain(item.path, LONGEST), "reason": plain(item.reason)}
            for item in report.not_read
        ],
        "complaints": [plain(complaint) for complaint in report.complaints],
    }
    return json.dumps(record, indent=2, ensure_ascii=True) + "\n"


def of_finding(finding: Finding) -> dict[str, Any]:
    place = finding.place
    record: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "path": plain(place.path, LONGEST),
        "line": place.line,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "code": plain(finding.code, LONGEST),
        "detail": plain(finding.detail, LONGEST),
        "kind": finding.kind,
        "context": plain(finding.context),
        "package": plain(finding.package),
        "covered": finding.covered or None,
        "fixable": bool(finding.edits),
        "fix": plain(finding.advice or RULES[finding.rule].fix, LONGEST),
        "hits": [
            {
                "engine": hit.engine,
                "ctid": plain(hit.ctid),
                "name": plain(hit.ct_name),
                "pid": hit.pid,
                "comm": plain(hit.comm),
                "command": plain(hit.command, LONGEST),
            }
            for hit in finding.hits
        ],
    }
    if finding.suppressed:
        record["suppressed"] = plain(finding.suppressed)
    return record
