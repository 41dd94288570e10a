"""checks: Nagios plugins, run on the target, say what they should and as they should.

checks:
  - id: containers-run
    for: {kind: ct0}
    plugin: check_ct_state
  - id: backup-is-missed
    plugin: check_ct_state
    arguments: [--ct, backup]
    state: critical
    output: backup is stopped
  - id: disk
    plugin: /usr/lib/nagios/plugins/check_disk
    arguments: [-w, 10%, -c, 5%, -p, /]
    state: [ok, warning]
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from ct0.text import plain
from ct0_suites.expectations.files import Wrong
from ct0_suites.records import KINDS
from ct0_suites.resources.plugins import (
    FOLDERS,
    STATES,
    faults,
    find_plugin,
    own_plugins,
    parse_printed,
    run_plugin,
)
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

STATE: dict[str, Any] = {"enum": list(STATES)}
SECONDS = 30
SCHEMA = {
    "plugin": {
        "description": "Its name, looked for where plugins are and in PATH, or its path.",
        "type": "string",
        "pattern": "^(/.+|[A-Za-z0-9][A-Za-z0-9_.+-]*)$",
    },
    "arguments": {
        "description": "Its arguments, none of which a shell reads. Everybody on the target can see"
        " them: no passwords.",
        "type": "array",
        "items": {"type": ["string", "number"]},
        "default": [],
    },
    "state": {
        "description": "The state it must say, or a list of those that are right.",
        "oneOf": [STATE, {"type": "array", "items": STATE, "minItems": 1}],
        "default": "ok",
    },
    "output": {
        "description": "A regular expression (Python's) that must be found in its text, figures and"
        " further lines too.",
        "type": "string",
    },
    "seconds": {
        "description": "How long it may take.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": 300,
        "default": SECONDS,
    },
}
REQUIRED = ("plugin",)


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    pattern = compiled(want.get("output", ""))
    path = find_plugin(target, want["plugin"])
    if not path:
        where = "" if "/" in want["plugin"] else f" in {', '.join(FOLDERS)} or PATH"
        yield f"{want['plugin']}: there is no such program{where}"
        return
    arguments = [str(each) for each in want.get("arguments", ())]
    said = run_plugin(target, path, arguments, want.get("seconds", SECONDS))
    name = shlex.join([want["plugin"], *arguments])
    text = plain(parse_printed(said.stdout.decode("utf-8", "replace")).text or said.trouble)
    if said.status >= len(STATES):
        yield f"{name}: ends with status {said.status}, which is no state: {text}"
        return
    states = want.get("state", "ok")
    states = [states] if isinstance(states, str) else states
    if STATES[said.status] not in states:
        yield f"{name}: is {STATES[said.status]}, should be {' or '.join(states)}: {text}"
    if not pattern.search(said.text):
        yield f"{name}: says nothing that {want['output']} fits: {text}"
    for fault in faults(said.stdout):
        yield f"{name}: {fault}"


def compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.MULTILINE)
    except re.error as error:
        raise Wrong(f"output: {pattern!r} is no regular expression: {error}") from error


def observe(target: Target) -> Iterator[dict[str, Any]]:
    for name in own_plugins(target):
        want = {"plugin": name}
        if not any(judge(want, target)):
            yield want
