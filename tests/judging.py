"""Plugins as pure judging: a survey in, the whole line and the status out."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

from ct0.container import CT, RUNNING
from ct0.machine import Machine
from ct0.survey import Survey, Surveyed
from ct0_checks.layer.plugin import inspect, written

BOOT = 1_700_000_000.0  # when made-up hosts booted


def surveyed(name: str = "web1", engine: str = "lxc", **parts: Any) -> Surveyed:
    """A CT that runs since 100 s after the boot."""
    ct = CT(engine, name, name, RUNNING, init_pid=1000, started=BOOT + 100)
    return Surveyed(ct, **{"troubles": {}, "broken": [], **parts})


def survey(*cts: Surveyed, uptime: float = 5000.0, **more: Any) -> Survey:
    machine = Machine("node1", 4, 100.0, BOOT)
    made = Survey(BOOT + uptime, "boot-1", "node1", machine, list(cts))
    return made._replace(**more)


def said(plugin: ModuleType, found: Survey, state_dir: Path, *arguments: str) -> tuple[int, str]:
    """Exit status and output, as the command would have them."""
    options = plugin.PLUGIN.parser().parse_args([f"--state-dir={state_dir}/kept", *arguments])
    report = inspect(plugin.PLUGIN, options, found)
    return report.state.code, written(report, options)


def as_json(plugin: ModuleType, found: Survey, state_dir: Path, *arguments: str) -> Any:
    return json.loads(said(plugin, found, state_dir, "--format=json", *arguments)[1])
