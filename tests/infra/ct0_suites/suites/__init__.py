"""What can be expected, one suite a module, in one literal table.

A suite offers
    SCHEMA               the JSON schema of one expectation's own keys: {key: schema};
    REQUIRED             those of them that it must have;
    KINDS                the kinds of targets it applies to (`ct0_suites.records.KINDS`);
    judge(want, target)  the problems found, a line each; none when the expectation is met. Raises
                         NotApplicable when the target has nothing of the kind, Unavailable or
                         Malformed when it cannot be judged, Unreachable;
    observe(target)      what is true now, as expectations (dicts without id) for
                         `ct0 verify snapshot`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol, cast

from ct0_suites.target import Target

SUITES = (
    "state",
    "processes",
    "services",
    "puppet",
    "firewall",
    "initscripts",
    "shims",
    "exporter",
    "checks",
    "ssh",
    "mounts",
    "sysctls",
)


class Suite(Protocol):
    SCHEMA: Mapping[str, Any]
    REQUIRED: tuple[str, ...]
    KINDS: tuple[str, ...]

    def judge(self, want: Mapping[str, Any], target: Target) -> Iterator[str]: ...

    def observe(self, target: Target) -> Iterator[dict[str, Any]]: ...


def suite(name: str) -> Suite:
    return cast(Suite, import_module(f"ct0_suites.suites.{name}"))
