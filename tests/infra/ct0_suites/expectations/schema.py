"""The JSON schema of an expectations file, made of what each suite says of itself.

docs/suites/expectations.schema.json is its printed form, for editors: `ct0 verify --schema`.
"""

from __future__ import annotations

from typing import Any

from ct0_suites.records import KINDS, SEVERITIES
from ct0_suites.suites import SUITES, suite

DRAFT = "http://json-schema.org/draft-07/schema#"
DURATION = {
    "description": "Seconds, or a number with s, m, h or d: 90, 30s, 2h.",
    "oneOf": [
        {"type": "number", "minimum": 0},
        {"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[smhd]?$"},
    ],
}
PATTERNS = {
    "oneOf": [
        {"type": "string", "minLength": 1},
        {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
    ]
}
# Keys of `for:`; all that are given must match, one of each key's patterns.
SCOPE = {
    "kind": "What it is: ct0 (a machine with containers), ct (a container), host (any other).",
    "engine": "The container's engine, or the CT0's: openvz, lxc, docker, …",
    "node": "Name of the machine, as a shell pattern.",
    "ct": "Name or CTID of the container, as a shell pattern.",
}


def scope_schema() -> dict[str, Any]:
    keys: dict[str, Any] = {name: {"description": text, **PATTERNS} for name, text in SCOPE.items()}
    kinds = {"enum": list(KINDS)}
    keys["kind"] = {
        "description": SCOPE["kind"],
        "oneOf": [kinds, {"type": "array", "items": kinds, "minItems": 1}],
    }
    return {
        "description": "Whom it is expected of: everybody the suite applies to unless given.",
        "type": "object",
        "properties": keys,
        "additionalProperties": False,
    }


# Keys that an expectation of any suite may have.
def common() -> dict[str, Any]:
    return {
        "id": {
            "description": "Its name in reports and waivers; no other expectation has it.",
            "type": "string",
            "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
            "maxLength": 100,
        },
        "for": scope_schema(),
        "severity": {
            "description": "What a failure is to Nagios.",
            "enum": list(SEVERITIES),
            "default": "critical",
        },
        "within": {**DURATION, "description": "How long it may take until it is true; 30s, 2m."},
        "why": {"description": "For people who read the file.", "type": "string"},
    }


def schema() -> dict[str, Any]:
    """Of a whole expectations file."""
    properties: dict[str, Any] = {"version": {"const": 1}}
    for name in SUITES:
        module = suite(name)
        own = dict(module.SCHEMA)
        properties[name] = {
            "description": (module.__doc__ or "").partition("\n")[0],
            "type": "array",
            "items": {
                "type": "object",
                "properties": {**common(), **own},
                "required": ["id", *module.REQUIRED],
                "additionalProperties": False,
            },
        }
    return {
        "$schema": DRAFT,
        "title": "What ct0 verify expects of nodes and their containers",
        "type": "object",
        "properties": properties,
        "required": ["version"],
        "additionalProperties": False,
    }
