"""last_run_summary.yaml: what the last run of Puppet 5 to 8 (or OpenVox) came to, in numbers.

    ---
    version:
      config: 1795626482
      puppet: 7.23.0
    application:
      run_mode: agent
      initial_environment: production
      converged_environment: production
    resources:
      changed: 1
      failed: 0
      ...
      total: 8
    time:
      total: 0.02750175
      last_run: 1795626482
    events:
      failure: 0

Not YAML but the part of it that Puppet writes here, two levels of keys: everything else is
Malformed. The agent writes this file also when no catalog compiled: `config` is then empty and
`resources.total` 0, and all the rest looks green. `puppet apply` leaves the old file.

Written by Puppet::Transaction::Report#raw_summary (lib/puppet/transaction/report.rb).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ct0.errors import Malformed
from ct0.puppet.scalars import parse_scalar

LIMIT = 1 << 20  # characters; a real one has some hundred
SECTION = re.compile(r"([A-Za-z_]+): *(\{\})?")
ENTRY = re.compile(r"  ([A-Za-z0-9_.:-]*[A-Za-z0-9_]):(?: (.*))?")


class Summary(NamedTuple):
    """`config` is the catalog's version, "" when there was none. Counts that the file does not
    have are absent."""

    config: str
    puppet: str  # version of the agent that ran
    last_run: float  # when it ended, seconds since the epoch
    environment: str = ""  # the one the run ended in; "" before Puppet 5
    mode: str = ""  # agent; user is `puppet apply`'s
    resources: Mapping[str, int] = {}  # total, changed, failed, failed_to_restart, ...
    events: Mapping[str, int] = {}  # total, success, failure, noop
    seconds: float | None = None  # how long it took


def parse_summary(text: str, path: str) -> Summary:
    """Raises Malformed."""
    sections = parse_sections(text, path)
    version, time = sections.get("version"), sections.get("time")
    if version is None or time is None or "last_run" not in time:
        raise Malformed(path, "no version, or no time of the last run")
    application = sections.get("application", {})
    return Summary(
        version.get("config", ""),
        version.get("puppet", ""),
        number(time["last_run"], path),
        application.get("converged_environment") or application.get("initial_environment", ""),
        application.get("run_mode", ""),
        counts(sections.get("resources", {}), path),
        counts(sections.get("events", {}), path),
        number(time["total"], path) if "total" in time else None,
    )


def parse_sections(text: str, path: str) -> dict[str, dict[str, str]]:
    """Section -> key -> value, all of them texts. Raises Malformed."""
    if len(text) > LIMIT:
        raise Malformed(path, f"{len(text)} characters")
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or lines[-1] != "":
        raise Malformed(path, "no beginning, or no end" if text else "an empty file")
    found: dict[str, dict[str, list[str]]] = {}
    section: dict[str, list[str]] | None = None
    value: list[str] | None = None
    for line in lines[1:-1]:
        if head := SECTION.fullmatch(line):
            if head[1] in found:
                raise Malformed(path, line)
            section, value = found.setdefault(head[1], {}), None
            continue
        if (entry := ENTRY.fullmatch(line)) and section is not None:
            if entry[1] in section:
                raise Malformed(path, line)
            value = section.setdefault(entry[1], [entry[2] or ""])
            continue
        # A long value goes on below its key.
        if value is None or not value[0].strip() or not line.startswith("   "):
            raise Malformed(path, line)
        value.append(line)
    return {
        name: {key: parse_scalar(value, path) for key, value in entries.items()}
        for name, entries in found.items()
    }


def counts(entries: Mapping[str, str], path: str) -> dict[str, int]:
    found = {}
    for key, text in entries.items():
        if not re.fullmatch(r"[0-9]{1,15}", text, re.ASCII):
            raise Malformed(path, f"{key}: {text}")
        found[key] = int(text)
    return found


def number(text: str, path: str) -> float:
    if not re.fullmatch(r"[0-9]{1,15}(\.[0-9]+)?(e[+-]?[0-9]{1,2})?", text, re.ASCII):
        raise Malformed(path, text)
    return float(text)
