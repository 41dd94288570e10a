"""Prometheus' text format, as far as one exporter's answer is judged by it.

    # HELP ct_state 1 for the state that a CT is in
    ct_state{ctid="101",engine="openvz",name="web1",state="running"} 1.0

https://prometheus.io/docs/instrumenting/exposition_formats/; in a label's value a backslash, a
quote and a line end are written \\\\, \\" and \\n.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from ct0.errors import Malformed

LABEL = re.compile(r'\s*([A-Za-z_][A-Za-z0-9_]*)\s*=\s*"((?:[^"\\\n]|\\.)*)"\s*(,|$)')
SAMPLE = re.compile(
    r'([A-Za-z_:][A-Za-z0-9_:]*)(?:\{((?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*)\})?'
    r"[ \t]+(\S+)(?:[ \t]+-?[0-9]+)?[ \t]*"
)
ESCAPES = {r"\n": "\n", r"\"": '"', r"\\": "\\"}


class Sample(NamedTuple):
    name: str
    labels: Mapping[str, str]
    value: float


def parse_metrics(text: str, path: str) -> list[Sample]:
    """Raises Malformed; also for a text that does not end a line, which was cut off."""
    found = []
    for line in text.split("\n"):
        line = line.strip("\r")
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(sample(line, path))
    if text and not text.endswith("\n"):
        raise Malformed(path, text[-80:])
    return found


def sample(line: str, path: str) -> Sample:
    match = SAMPLE.fullmatch(line.strip())
    if match is None:
        raise Malformed(path, line)
    labels, place, written = {}, 0, match[2] or ""
    while place < len(written.rstrip()):
        label = LABEL.match(written, place)
        if label is None:
            raise Malformed(path, line)
        labels[label[1]] = re.sub(r"\\.", lambda m: ESCAPES.get(m[0], m[0]), label[2])
        place = label.end()
    try:
        return Sample(match[1], labels, float(match[3]))
    except ValueError:
        raise Malformed(path, line) from None
