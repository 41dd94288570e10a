"""Where results go: one module a format, in one literal table. Each is a `running.Report`."""

from __future__ import annotations

import argparse
import sys
from typing import Callable

from ct0_suites.expectations.files import Wrong
from ct0_suites.reports.html import Html
from ct0_suites.reports.jsonlines import JsonLines
from ct0_suites.reports.junit import JUnit
from ct0_suites.reports.nagios import Nagios
from ct0_suites.reports.progress import Progress
from ct0_suites.reports.prometheus import Prometheus
from ct0_suites.reports.text import Text
from ct0_suites.running import Report

# Those that go to a file of the caller's ("-": standard output): option -> class.
FORMATS: dict[str, Callable[[str], Report]] = {
    "junit": JUnit,
    "jsonl": JsonLines,
    "prometheus": Prometheus,
    "html": Html,
}


def reports(options: argparse.Namespace) -> list[Report]:
    """All that were asked for: the files, and one for whoever called, which comes last. Progress
    is for who looks at a terminal. Raises Wrong."""
    paths = {name: path for name in FORMATS if (path := getattr(options, name))}
    places = [*paths.values(), *(["-"] if options.nagios else [])]
    for place in places:
        if places.count(place) > 1:
            where = "standard output" if place == "-" else place
            raise Wrong(f"two reports cannot both go to {where}")
    found = [FORMATS[name](path) for name, path in paths.items()]
    if options.nagios:
        return [*found, Nagios(sys.stdout)]
    text = [] if "-" in places else [Text(sys.stdout, options.verbose)]
    return [Progress(sys.stderr), *found, *text]
