"""The live view as JSON, for the page's script and for whoever likes to have it.

    GET /api/containers            the containers, CT0's own share, the whole machine
    GET /api/containers?history=1  with the points of the sparklines

Base units; shares are of 1, `cpus` is CPU seconds a second. null: not known or not offered here.
"unlimited": there is no limit. Histories are [age in seconds, value], oldest first; the network's
is received and sent together.
"""

from __future__ import annotations

import json
import math
from typing import Union

from ct0.live import History, Row, View

Value = Union[float, str, None]


def document(view: View, history: bool = False) -> bytes:
    machine = view.machine
    load = machine.load
    content = {
        "host": {
            "name": machine.name,
            "cpus": machine.cpus,
            "load": None if load is None else [load.load1, load.load5, load.load15],
            "swap_size_bytes": machine.swap,
        },
        "time": view.time,
        "interval_seconds": view.seconds,
        "total": record(view.total, view.clock, history),
        "ct0": record(view.own, view.clock, history),
        "containers": [record(row, view.clock, history) for row in view.rows],
    }
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()


def record(row: Row, clock: float, history: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "engine": row.engine,
        "ctid": row.ctid,
        "name": row.name,
        "state": row.state,
        "up_seconds": number(row.up_seconds),
        "cpus": number(row.cpus),
        "cpus_limit": number(row.cpus_limit),
        "throttled": number(row.throttled),
        "memory_bytes": number(row.memory),
        "working_set_bytes": number(row.working_set),
        "memory_limit_bytes": number(row.memory_limit),
        "swap_bytes": number(row.swap),
        "cpu_pressure": number(row.waiting.cpu),
        "memory_pressure": number(row.waiting.memory),
        "io_pressure": number(row.waiting.io),
        "fails": number(row.fails),
        "oom_kills": number(row.oom_kills),
        "tasks": number(row.tasks),
        "tasks_limit": number(row.tasks_limit),
        "receive_bytes_per_second": number(row.receive),
        "transmit_bytes_per_second": number(row.transmit),
        "shares_network": row.shares_network,
    }
    if history:
        found["cpu_history"] = points(row.cpu_history, clock)
        found["network_history"] = points(row.network_history, clock)
    return found


def number(value: float | None) -> Value:
    if value == math.inf:
        return "unlimited"
    return round(value, 4) if isinstance(value, float) else value


def points(history: History, clock: float) -> list[list[float]]:
    return [[round(clock - when, 1), round(value, 4)] for when, value in history]
