"""Expectations files:

version: 1
firewall:
  - id: ssh-is-open
    for: {kind: ct0, node: "db*"}
    severity: warning
    within: 30s
    rules: [-A INPUT -p tcp --dport ssh -j ACCEPT]
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ct0_suites.expectations.files import Wrong, read_yaml, seconds
from ct0_suites.expectations.schema import common, schema
from ct0_suites.records import CRITICAL, Expectation
from ct0_suites.suites import SUITES


def load(paths: Iterable[str]) -> list[Expectation]:
    """All expectations of some files, in their order. Raises Wrong."""
    found: list[Expectation] = []
    by_id: dict[str, Expectation] = {}
    form = schema()
    for path in paths:
        for each in expectations(read_yaml(path, form), path):
            if each.id in by_id:
                raise Wrong(f"{each.source}: id {each.id} is {by_id[each.id].source}'s already")
            by_id[each.id] = each
            found.append(each)
    return found


def expectations(document: Mapping[str, Any], path: str) -> list[Expectation]:
    """Of one checked document."""
    ours = common()
    return [
        Expectation(
            entry["id"],
            suite,
            {key: value for key, value in entry.items() if key not in ours},
            scope(entry.get("for", {})),
            entry.get("severity", CRITICAL),
            seconds(entry.get("within", 0)),
            f"{path}: {suite}[{number}]",
        )
        for suite in SUITES
        for number, entry in enumerate(document.get(suite) or [])
    ]


def scope(given: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {
        key: (value,) if isinstance(value, str) else tuple(value) for key, value in given.items()
    }
