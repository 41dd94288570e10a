"""Waivers files: whose failures somebody answers for, why, and until when.

version: 1
waivers:
  - id: ssh-*              # of an expectation, as a shell pattern
    for: {node: db1}
    owner: ops@example.com
    reason: keys are being replaced, ticket 4711
    expires: 2026-12-31    # the last day on which it holds
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from ct0_suites.expectations.files import Wrong, read_yaml
from ct0_suites.expectations.load import scope
from ct0_suites.expectations.schema import DRAFT, scope_schema
from ct0_suites.records import Waiver

TEXT = {"type": "string", "minLength": 1, "maxLength": 500}


def schema() -> dict[str, Any]:
    return {
        "$schema": DRAFT,
        "title": "Failures of ct0 verify that somebody answers for",
        "type": "object",
        "properties": {
            "version": {"const": 1},
            "waivers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "id": {"description": "Of the expectation, as a shell pattern.", **TEXT},
                        "for": scope_schema(),
                        "owner": {"description": "Who answers for it.", **TEXT},
                        "reason": TEXT,
                        "expires": {"description": "The last day on which it holds, 2026-12-31."},
                    },
                    "required": ["id", "owner", "reason", "expires"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["version", "waivers"],
        "additionalProperties": False,
    }


def load_waivers(paths: Iterable[str]) -> list[Waiver]:
    """Raises Wrong."""
    found = []
    for path in paths:
        for number, entry in enumerate(read_yaml(path, schema())["waivers"]):
            source = f"{path}: waivers[{number}]"
            found.append(
                Waiver(
                    entry["id"],
                    entry["owner"],
                    entry["reason"],
                    day(entry["expires"], source),
                    scope(entry.get("for", {})),
                    source,
                )
            )
    return found


def day(value: Any, source: str) -> date:
    if type(value) is date:
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Wrong(f"{source}.expires: {value!r} is no day such as 2026-12-31") from None
