"""The report as SARIF 2.1.0, for editors, code scanning and dashboards.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html

Paths are relative to HOSTROOT, so that the same finding has the same address on every host.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any
from urllib.parse import quote

from ct0 import __version__
from ct0.text import plain
from ct0_audit.records import BLOCKS, HIGH, KILLS, LOW, MISCOUNTS, Finding, Place, Report
from ct0_audit.rules import RULES, Rule
from ct0_audit.words import DOES, whom

SCHEMA = (
    "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/master/Schemata/sarif-schema-2.1.0.json"
)
LEVELS = {KILLS: "error", BLOCKS: "warning", MISCOUNTS: "warning"}
RANKS = {KILLS: 90.0, BLOCKS: 60.0, MISCOUNTS: 40.0}
LONGEST = 4096


def as_sarif(report: Report, root: str) -> str:
    rules = list(RULES)
    found = [*report.findings, *report.suppressed]
    run = {
        "tool": {
            "driver": {
                "name": "ct0 audit",
                "version": __version__,
                "rules": [of_rule(rule) for rule in RULES.values()],
            }
        },
        "originalUriBaseIds": {"HOSTROOT": {"uri": "file://" + uri(root.rstrip("/") + "/")}},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [
                    {
                        "level": "warning",
                        "message": {"text": f"not read: {plain(item.reason)}"},
                        "locations": [
                            {"physicalLocation": {"artifactLocation": artifact(item.path)}}
                        ],
                    }
                    for item in report.not_read
                ]
                + [
                    {"level": "warning", "message": {"text": plain(text)}}
                    for text in report.complaints
                ],
            }
        ],
        "results": [of_finding(finding, rules.index(finding.rule)) for finding in found],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=True) + "\n"


def of_rule(rule: Rule) -> dict[str, Any]:
    cases = "".join(f"\n- {c.what}" + (f": {c.link}" if c.link else "") for c in rule.cases)
    text = f"{rule.why}\n\nWhat to do: {rule.fix}"
    return {
        "id": rule.id,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": f"{rule.what} {rule.why}"},
        "help": {"text": text, "markdown": text + (f"\n\nCases:\n{cases}" if cases else "")},
        "defaultConfiguration": {"level": LEVELS[rule.severity], "rank": RANKS[rule.severity]},
        "properties": {"tags": ["containers"], "does": DOES[rule.severity]},
    }


def of_finding(finding: Finding, index: int) -> dict[str, Any]:
    text = finding.detail
    if finding.hits:
        text += f". Now: {whom(finding.hits)}"
    if finding.covered:
        text += f". Covered by {finding.covered}"
    region = of_region(finding.place)
    region["snippet"] = {"text": plain(finding.code, LONGEST)}
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding),
        "message": {"text": plain(text, LONGEST)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": artifact(finding.place.path),
                    "region": region,
                }
            }
        ],
        "partialFingerprints": {"codeHash/v1": fingerprint(finding)},
        "properties": {
            "severity": finding.severity,
            "confidence": finding.confidence,
            "kind": finding.kind,
            "hits": len(finding.hits),
            "covered": bool(finding.covered),
        },
    }
    if finding.edits:
        result["fixes"] = [
            {
                "description": {"text": RULES[finding.rule].fix},
                "artifactChanges": [
                    {
                        "artifactLocation": artifact(finding.place.path),
                        "replacements": [
                            {
                                "deletedRegion": of_region(edit.place),
                                "insertedContent": {"text": plain(edit.text, LONGEST)},
                            }
                            for edit in finding.edits
                        ],
                    }
                ],
            }
        ]
    if finding.suppressed:
        kind = "external" if "(until " in finding.suppressed else "inSource"
        result["suppressions"] = [{"kind": kind, "justification": plain(finding.suppressed)}]
    return result


def level(finding: Finding) -> str:
    if finding.covered or finding.confidence == LOW:
        return "note"
    if finding.confidence != HIGH:
        return "warning"
    return LEVELS[finding.severity]


def of_region(place: Place) -> dict[str, Any]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def artifact(path: str) -> dict[str, str]:
    return {"uri": uri(path.lstrip("/")), "uriBaseId": "HOSTROOT"}


def uri(path: str) -> str:
    return quote(os.fsencode(path), safe="/~")


def fingerprint(finding: Finding) -> str:
    """The same as long as the line reads the same, wherever in the file it moves."""
    about = "\0".join((finding.rule, finding.place.path, finding.code))
    return hashlib.sha256(os.fsencode(about)).hexdigest()[:32]
