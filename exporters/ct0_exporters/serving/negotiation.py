"""Which exposition format and which encoding a client takes, from its Accept headers.

Prometheus 2.42 sends, for one scrape (in one line):

    Accept: application/openmetrics-text;version=1.0.0,
            application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1
    Accept-Encoding: gzip

Formats: https://prometheus.io/docs/instrumenting/content_negotiation/
Headers: RFC 9110, 12.4.2 (q-values), 12.5.1 (Accept), 12.5.3 (Accept-Encoding)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


class _Range(NamedTuple):
    """One member of an Accept header."""

    name: str
    parameters: dict[str, str]
    quality: float


def content_type(accept: str) -> str:
    """The Content-Type to answer with: TEXT, or OpenMetrics in the version that was asked for.

    OpenMetrics goes only to who names it: `*/*` is a person with curl. Whoever takes neither gets
    text all the same, as from every exporter: 406 would help nobody.
    """
    best, chosen = 0.0, TEXT
    ranges = list(_ranges(accept))
    for wanted in ranges:
        answer = _offer(wanted)
        # The first of equals wins: clients write the best first.
        if answer and wanted.quality > best and not _refused(wanted, ranges):
            best, chosen = wanted.quality, answer
    return chosen


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the answer may be compressed. A header that is absent says no."""
    qualities = {wanted.name: wanted.quality for wanted in _ranges(accept_encoding)}
    for name in ("gzip", "x-gzip", "*"):
        if name in qualities:
            return qualities[name] > 0
    return False


def _offer(wanted: _Range) -> str | None:
    version = wanted.parameters.get("version")
    if wanted.name == "application/openmetrics-text" and version in (None, "1.0.0", "0.0.1"):
        answer = OPENMETRICS.replace("1.0.0", version or "1.0.0")
        # Prometheus 3 names an escaping and expects to be told which was used. Ours is the
        # plainest: no name of ours needs any.
        return answer + "; escaping=underscores" if "escaping" in wanted.parameters else answer
    if wanted.name in ("text/plain", "text/*", "*/*") and version in (None, "0.0.4"):
        return TEXT
    return None


def _refused(wanted: _Range, ranges: list[_Range]) -> bool:
    """`text/plain;q=0, */*` takes anything but text: the more specific one counts."""
    return wanted.name in ("text/*", "*/*") and any(
        other.quality == 0 and other.name == "text/plain" for other in ranges
    )


def _ranges(header: str) -> Iterator[_Range]:
    for member in header.split(","):
        name, *rest = (part.strip() for part in member.split(";"))
        parameters = {}
        for part in rest:
            key, _, value = part.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"')
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            continue  # `q=much`: the member says nothing
        if name and 0 <= quality <= 1:
            yield _Range(name.lower(), parameters, quality)
