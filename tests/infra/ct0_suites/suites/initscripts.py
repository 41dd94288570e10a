"""initscripts: no script of a CT0's would see, signal or count its containers' processes.

initscripts:
  - id: scripts-spare-containers
    fail_on: blocks
    ignore: [CT103, "/usr/lib/ocf/*", "/etc/init.d/legacy:CT001"]

Init scripts, units, cron, logrotate, maintainer scripts, monitoring: what `ct0 audit` finds, of the
target's files and processes, which are copied here for it and deleted afterwards; a configuration
among them may hold passwords. Shims that are installed there, and waivers in its
/etc/ct0/audit-waivers, count.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.records import CT0
from ct0_suites.resources.audit import Finding, Report, read_audit
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

WORST_FIRST = ("kills", "blocks", "miscounts")
RULE = "^CT[0-9]{3}$"
SCHEMA = {
    "fail_on": {
        "description": "What is a failure, and what is worse: kills (signals containers'"
        " processes), blocks (keeps CT0's own from being started), miscounts.",
        "enum": list(WORST_FIRST),
        "default": "kills",
    },
    "ignore": {
        "description": "Rules (CT001), files (a shell pattern), or a rule in files (FILE:CT001)"
        " that are no failure. A file that cannot be read is passed over if it is among them.",
        "type": "array",
        "items": {"type": "string", "minLength": 1},
    },
    "rules": {
        "description": "Only these rules.",
        "type": "array",
        "items": {"type": "string", "pattern": RULE},
        "minItems": 1,
    },
}
REQUIRED: tuple[str, ...] = ()
KINDS = (CT0,)

SHOWN = 3  # processes that are named before the rest is counted


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    report = read_audit(target)
    found = list(failures(want, report))
    unread = [
        (path, reason)
        for path, reason in report.unread
        if not any(fnmatchcase(path, pattern) for pattern in want.get("ignore", ()))
    ]
    # As `ct0 audit` ends: what could not be read may be as bad, so that nothing found is no proof.
    if unread and not found:
        path, reason = unread[0]
        more = f" (and {len(unread) - 1} more)" if len(unread) > 1 else ""
        raise Unavailable(f"{path}: cannot be judged: {reason}{more}")
    if not report.files:
        raise Unavailable("not one file of it was audited")
    yield from map(told, found)


def failures(want: Mapping[str, Any], report: Report) -> Iterator[Finding]:
    worse = WORST_FIRST[: WORST_FIRST.index(want.get("fail_on", "kills")) + 1]
    for finding in report.findings:
        if (
            finding.severity in worse
            and finding.rule in want.get("rules", (finding.rule,))
            and not is_ignored(finding, want.get("ignore", ()))
        ):
            yield finding


def is_ignored(finding: Finding, patterns: Sequence[str]) -> bool:
    places = (finding.rule, finding.path, name_of(finding))
    return any(fnmatchcase(place, pattern) for place in places for pattern in patterns)


def name_of(finding: Finding) -> str:
    return f"{finding.path}:{finding.rule}"


def told(finding: Finding) -> str:
    text = f"{finding.path}:{finding.line}: {finding.rule} {finding.severity}: {finding.detail}"
    if finding.hits:
        more = f" and {len(finding.hits) - SHOWN} more" if len(finding.hits) > SHOWN else ""
        text += f" (now {', '.join(finding.hits[:SHOWN])}{more})"
    return plain(text, 1000)


def observe(target: Target) -> Iterator[dict[str, Any]]:
    """What is open now is what it starts from: named, so that only more is a failure."""
    names = sorted({name_of(finding) for finding in failures({}, read_audit(target))})
    yield {"ignore": names} if names else {}
