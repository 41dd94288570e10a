"""last_run_report.yaml: what the last run says of itself.

    --- !ruby/object:Puppet::Transaction::Report
    host: web1
    time: '2026-11-25T17:10:46.492031785+00:00'
    configuration_version: 1795626592
    puppet_version: 7.23.0
    status: unchanged
    transaction_completed: true
    noop: false
    noop_pending: false
    environment: production
    logs:
    - level: notice
    ...
    corrective_change: false
    cached_catalog_status: on_failure

Only the scalars of the top level are read, none of the rest and no tag: `grep -E '^(---|[a-z_]+:)'`
of the file reads just as well, which has megabytes on a large node. The summary tells neither of
`cached_catalog_status`: on_failure (the old catalog, because a new one did not compile) nor of
`transaction_completed`.

Format: https://www.puppet.com/docs/puppet/8/format_report
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import NamedTuple

from ct0.errors import Malformed
from ct0.puppet.scalars import parse_scalar

LIMIT = 16 << 20  # characters
BEGINNING = re.compile(r"---( !ruby/object:Puppet::Transaction::Report)? *")
LINE = re.compile(r"([a-z_]+):(?: (.*))?")
TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})? ?(Z|[+-]\d\d:?\d\d)", re.ASCII
)
# The values that are read; a report of an older Puppet has not all of them.
READ = (
    "time",
    "status",
    "configuration_version",
    "puppet_version",
    "environment",
    "noop",
    "noop_pending",
    "transaction_completed",
    "corrective_change",
    "cached_catalog_status",
)


class Report(NamedTuple):
    """None where the report does not say."""

    status: str  # changed, unchanged, failed
    time: float  # when it began, seconds since the epoch
    config: str = ""  # the catalog's version, "" when there was none
    puppet: str = ""
    environment: str = ""
    noop: bool | None = None  # the whole run was
    noop_pending: bool | None = None
    completed: bool | None = None  # it got to the catalog's end
    corrective: bool | None = None  # it undid what somebody had changed
    cached_catalog: str = ""  # not_used, explicitly_requested, on_failure


def parse_report(text: str, path: str) -> Report:
    """Raises Malformed."""
    if len(text) > LIMIT:
        raise Malformed(path, f"{len(text)} characters")
    beginning, newline, rest = text.partition("\n")
    if not newline or not BEGINNING.fullmatch(beginning) or not text.endswith("\n"):
        raise Malformed(path, beginning or "an empty file")
    found: dict[str, str] = {}
    for line in rest.split("\n"):
        match = LINE.fullmatch(line)
        if match is None or match[1] not in READ:
            continue
        if match[1] in found:
            raise Malformed(path, line)
        found[match[1]] = parse_scalar([match[2] or ""], path)
    if "status" not in found or "time" not in found:
        raise Malformed(path, "no status, or no time")
    return Report(
        found["status"],
        moment(found["time"], path),
        found.get("configuration_version", ""),
        found.get("puppet_version", ""),
        found.get("environment", ""),
        flag(found, "noop", path),
        flag(found, "noop_pending", path),
        flag(found, "transaction_completed", path),
        flag(found, "corrective_change", path),
        found.get("cached_catalog_status", ""),
    )


def flag(found: dict[str, str], key: str, path: str) -> bool | None:
    text = found.get(key, "")
    if text not in ("true", "false", ""):
        raise Malformed(path, f"{key}: {text}")
    return None if text == "" else text == "true"


def moment(text: str, path: str) -> float:
    """2026-11-25T17:10:46.492031785+00:00 as seconds since the epoch."""
    match = TIME.fullmatch(text)
    if match is None:
        raise Malformed(path, text)
    zone = "+0000" if match[4] == "Z" else match[4].replace(":", "")
    try:
        whole = datetime.strptime(f"{match[1]} {match[2]} {zone}", "%Y-%m-%d %H:%M:%S %z")
        seconds = whole.astimezone(timezone.utc).timestamp()
    except (ValueError, OverflowError):
        raise Malformed(path, text) from None
    return seconds + float(match[3] or 0)
