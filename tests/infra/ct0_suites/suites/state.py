"""state: whether a container is in the state it should be in, and can be entered.

state:
  - id: shop-runs
    for: {ct: shop}
    is: running
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ct0_suites.records import CT0, HOST, KINDS
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

STATES = ("running", "stopped", "frozen", "suspended", "mounted")
SCHEMA = {
    "is": {
        "description": "The state, as `ct0 list` says it; of a machine only running is known.",
        "enum": STATES,
        "default": "running",
    }
}
REQUIRED: tuple[str, ...] = ()


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    wanted = want.get("is", "running")
    if target.state != wanted:
        yield f"is {target.state}, not {wanted}"
    elif wanted == "running":
        target.run("true")


def observe(target: Target) -> Iterator[dict[str, Any]]:
    if target.subject.kind not in (CT0, HOST):
        yield {"is": target.state}
