"""About the scrape itself; not a collector that could be turned off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from platform import python_version

from ct0 import __version__
from ct0.engines import ENGINES
from ct0_exporters.families import GAUGE, INFO, Family, Metric
from ct0_exporters.scrape import Scrape

METRICS = (
    Metric(
        "ct_scrape_containers",
        GAUGE,
        "CTs that were found, in whichever state; --ct.include and --ct.exclude do not count.",
        labels=("engine",),
        of_ct=False,
    ),
    Metric(
        "ct_scrape_collector_success",
        GAUGE,
        "0 if a collector failed or took too long: its metrics may be missing. No series: there is "
        "nothing for it on this host.",
        labels=("collector",),
        of_ct=False,
    ),
    Metric(
        "ct_scrape_collector_duration_seconds",
        GAUGE,
        "How long a collector took.",
        labels=("collector",),
        of_ct=False,
    ),
    Metric(
        "ct_exporter_build_info",
        INFO,
        "The exporter's version and the Python that runs it. Always 1.",
        labels=("version", "python"),
        of_ct=False,
    ),
)


def collect(scrape: Scrape, outcomes: Iterable[tuple[str, bool | None, float]]) -> Iterator[Family]:
    """`outcomes`: each collector's name, its success (None: not offered here), and seconds."""
    found, success, duration, build = map(scrape.family, METRICS)
    counts = Counter(ct.engine for ct in scrape.all_cts if scrape.listed)
    for engine in ENGINES:
        if engine in counts:
            found.add((engine,), counts[engine])
    for name, succeeded, seconds in outcomes:
        if succeeded is not None:
            success.add((name,), int(succeeded))
            duration.add((name,), seconds)
    build.add((__version__, python_version()), 1)
    yield from (found, success, duration, build)
