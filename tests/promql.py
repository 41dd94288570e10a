"""What a PromQL expression asks for, told by its words; and promtool."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence

import pytest

from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.collectors import scrape as about
from ct0_exporters.families import Metric

METRIC = re.compile(r"\b(?:ct|instance):[a-z0-9_:]+|\bct_[a-z0-9_]+")
LABELS = re.compile(r"\{([^}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"(?:[^"\\]|\\.)*"')
GROUPED = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")

# Prometheus' own, and what it adds to every series it scrapes.
TARGET = {"job", "instance"}


def known() -> dict[str, Metric]:
    """Name -> every metric the exporter can yield."""
    tables = [collector.metrics for collector in COLLECTORS.values()] + [about.METRICS]
    return {metric.name: metric for table in tables for metric in table}


def metrics(expression: str) -> set[str]:
    """Names of metrics and recording rules; quoted texts (label values) are none."""
    return set(METRIC.findall(re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)))


def labels(expression: str) -> set[str]:
    """Names of labels that it matches or groups by."""
    found = {name for inner in LABELS.findall(expression) for name in MATCHER.findall(inner)}
    for words in GROUPED.findall(expression):
        found.update(word for word in re.split(r"[\s,]+", words) if word)
    return found


def offered(names: set[str]) -> set[str]:
    """The labels that any series of these metrics may have."""
    found = set(TARGET)
    for name in names:
        metric = known()[name]
        found.update(metric.labels)
        if metric.of_ct:
            found.update(("engine", "ctid", "name"))
    return found


def promtool(*arguments: str, cwd: str | None = None) -> subprocess.CompletedProcess[str]:
    if shutil.which("promtool") is None:
        pytest.skip("no promtool: Debian's package prometheus has it")
    command: Sequence[str] = ["promtool", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
