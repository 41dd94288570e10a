"""Families as text: Prometheus 0.0.4 and OpenMetrics 1.0, byte for byte as prometheus_client.

https://prometheus.io/docs/instrumenting/exposition_formats/
https://prometheus.io/docs/specs/om/open_metrics_spec/

    # HELP ct_tasks Processes and threads. ...
    # TYPE ct_tasks gauge
    ct_tasks{ctid="101",engine="openvz",name="web1"} 17.0

Labels are sorted by name. The text in braces is kept from scrape to scrape: the labels of a CT do
not change, its values do.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ct0_exporters.families import COUNTER, INFO, STATESET, Family, Values

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

EXACT = 1 << 53  # up to here a float64 is the same number as the integer
EXPONENTS = [f"e+{digits - 1:02d}" for digits in range(17)]  # by the number of digits
KEPT = 100_000  # label texts of one set of labels; beyond, CTs come and go: start afresh


class Renderer:
    """Keeps the label texts. Threads may share one: a lost entry is made again."""

    __slots__ = ("_texts",)

    def __init__(self) -> None:
        self._texts: dict[Values, dict[Values, str]] = {}

    def render(self, families: Iterable[Family], content_type: str = TEXT) -> bytes:
        """The exposition in one of the two formats."""
        openmetrics = content_type == OPENMETRICS
        # Family by family: all lines at once would take as much memory again as the text.
        chunks = [self.chunk(family, openmetrics) for family in families]
        if openmetrics:
            chunks.append(b"# EOF\n")
        return b"".join(chunks)

    def chunk(self, family: Family, openmetrics: bool) -> bytes:
        texts = self._texts.setdefault(family.labels, {})
        if len(texts) > KEPT:
            texts.clear()
        name = family.name
        lines = head(family, openmetrics)
        append = lines.append
        for values, value in family.samples:
            text = texts.get(values)
            if text is None:
                text = texts[values] = label_text(family.labels, values)
            # number(), written out for what nearly all values are.
            if value.__class__ is int and -1000000 < value < EXACT:
                if value < 1000000:
                    append(f"{name}{text} {value}.0\n")
                    continue
                digits = str(value)
                exponent = EXPONENTS[len(digits)]
                digits = digits.rstrip("0")
                if len(digits) > 1:
                    append(f"{name}{text} {digits[0]}.{digits[1:]}{exponent}\n")
                else:
                    append(f"{name}{text} {digits}{exponent}\n")
            elif 1e-4 < value < 1e6:
                append(f"{name}{text} {float(value)!r}\n")
            else:
                append(f"{name}{text} {number(value)}\n")
        # Collectors hand over clean texts; were one not to, its series alone should look odd.
        return "".join(lines).encode("utf-8", "replace")


def head(family: Family, openmetrics: bool) -> list[str]:
    name, kind = family.name, family.type
    if openmetrics:
        if kind in (COUNTER, INFO):
            name = name.rpartition("_")[0]  # there, the suffix is of the samples only
        text = escape(family.help)
    else:
        kind = "gauge" if kind in (INFO, STATESET) else kind
        text = family.help.replace("\\", r"\\").replace("\n", r"\n")
    return [f"# HELP {name} {text}\n", f"# TYPE {name} {kind}\n"]


def label_text(labels: Values, values: Values) -> str:
    if not labels:
        return ""
    pairs = [f'{label}="{escape(value)}"' for label, value in sorted(zip(labels, values))]
    return "{" + ",".join(pairs) + "}"


def escape(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def number(value: float) -> str:
    """As Go writes a float64: 1e+06 from a million on, where Python waits until 1e16."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    dot = text.find(".")
    if value > 0 and dot > 6:
        digits = f"{text[0]}.{text[1:dot]}{text[dot + 1 :]}".rstrip("0.")
        return f"{digits}e+{dot - 1:02d}"
    return text


def format_for(accept: str) -> str:
    """The content type nearest to one that was negotiated (`serving.negotiation`)."""
    return OPENMETRICS if accept.startswith("application/openmetrics-text") else TEXT
