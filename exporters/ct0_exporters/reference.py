"""docs/metrics.md, made from the collectors: python -m ct0_exporters.reference > docs/metrics.md"""

from __future__ import annotations

from collections.abc import Iterable

from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.collectors import scrape as about
from ct0_exporters.families import Metric
from ct0_exporters.scrape import STEADY

HEAD = """\
# The metrics of ct0-exporter

Made from the collectors by `python -m ct0_exporters.reference`; do not edit.

Every series of a container has the labels {labels}; with `--labels.name=info` the name is
on `ct_info` alone. CT0 itself is `engine="host"`, `ctid="0"`, in those families in which that
means the host without its containers. What is unlimited, and what a kernel or an engine does not
offer, has no series. Base units: bytes, seconds, counts.
"""


def reference() -> str:
    """The whole page."""
    labels = [f"`{label}`" for label in (*STEADY, "name")]
    parts = [HEAD.format(labels=f"{', '.join(labels[:-1])} and {labels[-1]}")]
    for name, collector in COLLECTORS.items():
        state = "" if collector.default else f"; off by default, `--collector.{name}` turns it on"
        parts.append(f"\n## `{name}`\n\n{sentence(collector.help)}{state}.\n\n")
        parts.append(table(collector.metrics))
    parts.append("\n## The scrape itself\n\nAlways there.\n\n" + table(about.METRICS))
    return "".join(parts)


def sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def table(metrics: Iterable[Metric]) -> str:
    lines = ["| metric | type | further labels | |", "|---|---|---|---|"]
    for metric in metrics:
        labels = ", ".join(f"`{label}`" for label in metric.labels)
        text = metric.help.replace("|", r"\|").replace("*", r"\*").replace("<", "&lt;")
        lines.append(f"| `{metric.name}` | {metric.type} | {labels} | {text} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(reference(), end="")
