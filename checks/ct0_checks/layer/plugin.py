"""How a plugin runs: options, a survey, containers judged one by one, one report. See README.md.

A plugin is a parser and a function that judges one container:

    PLUGIN = Plugin("ct_pressure", parser, judge, parts=("pressure",))

    def main(arguments: list[str]) -> int:
        return run(PLUGIN, arguments)
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
import traceback
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Callable, NamedTuple

from ct0.container import CT
from ct0.errors import Error, reason
from ct0.survey import PARTS, Survey, Surveyed
from ct0_checks.layer import formats
from ct0_checks.layer.cleaning import labels
from ct0_checks.layer.failure import failure, service_name, status
from ct0_checks.layer.findings import Finding, Metric, Ok, Unknown
from ct0_checks.layer.nagios_output import nagios
from ct0_checks.layer.options import Parser
from ct0_checks.layer.past import Past, forget, past
from ct0_checks.layer.report import Judged, Report
from ct0_checks.layer.selection import UNSEEN, select, unjudged
from ct0_checks.layer.source import obtain
from ct0_checks.layer.state_store import Store, StoreError


class Inspection:
    """One run of a plugin: what was asked, what was read, what was counted before."""

    def __init__(self, name: str, options: argparse.Namespace, survey: Survey) -> None:
        self.name = name
        self.options = options
        self.survey = survey
        self.notes: list[str] = []
        self.details: list[str] = []
        self.trouble = ""  # why nothing can be kept
        self._store: Store | None = None

    @property
    def uptime(self) -> float:
        """Seconds since the host booted: the clock that nobody sets."""
        return self.survey.time - self.survey.machine.boot_time

    def past(
        self,
        ct: CT | None,
        purpose: str,
        values: Mapping[str, float],
        seconds: float,
        changes: bool = True,
    ) -> Past | None:
        """Notes counters of a CT (None: of CT0) and returns what they were `seconds` ago, as
        `past` says. None also when nothing can be kept: the report says so."""
        series = self.kept("series")
        if series is None:
            return None
        key = f"{ct.engine}/{ct.ctid}/{purpose}" if ct else f"/{purpose}"
        started = ct.started - self.survey.machine.boot_time if ct and ct.started else 0.0
        return past(series, key, started, self.uptime, values, seconds, changes)

    def kept(self, section: str) -> dict[str, Any] | None:
        """A part of the state store, to read and to change; of this boot alone. None: no store."""
        document = self._document()
        if document is None:
            return None
        found = document.get(section)
        if not isinstance(found, dict):
            found = document[section] = {}
        return found

    def _document(self) -> dict[str, Any] | None:
        if self._store is None and not self.trouble:
            try:
                root = self.options.root
                name = self.name if root == "/" else f"{self.name}.{digest(root)}"
                self._store = Store(self.options.state_dir, name).__enter__()
            except StoreError as error:
                self.trouble = str(error)
                return None
            if self._store.lost:
                self.notes.append(f"{self._store.lost}: counting begins anew")
            document = self._store.document
            if document.get("boot_id") != self.survey.boot_id:
                document.clear()
            document["boot_id"] = self.survey.boot_id
        return self._store.document if self._store else None

    def close(self) -> None:
        """Keeps what was noted."""
        if self._store is None:
            return
        try:
            series = self.kept("series")
            if series:
                forget(series, self.uptime)
            self._store.save()
            if not self._store.mine:
                self.details.append(f"{self._store.folder}: busy, nothing noted this time")
        except StoreError as error:
            self.trouble = str(error)
        finally:
            self._store.close()
            self._store = None


class Plugin(NamedTuple):
    """`judge` says what it finds of one CT; `whole` what it finds of the host, or of all the
    judged together. `parts` are those of a survey (ct0.survey.PARTS) it looks at. `stopped`: CTs
    that do not run are judged too."""

    name: str
    parser: Callable[[], Parser]
    judge: Callable[[Inspection, Surveyed], Iterable[Finding]] | None
    whole: Callable[[Inspection, list[Judged]], Iterable[Finding]] | None = None
    parts: Collection[str] = PARTS
    stopped: bool = False


def run(plugin: Plugin, arguments: list[str]) -> int:
    """Prints the plugin's output and returns its exit status. SystemExit 3 on wrong usage."""
    options = plugin.parser().parse_args(arguments)
    form = options.format
    try:
        survey = obtain(options, plugin.parts)
    except (Error, OSError) as error:
        more = options.service, options.nsca_host
        sys.stdout.write(failure(plugin.name, "unknown", reason(error), form, *more))
        return status(3, form)
    report = inspect(plugin, options, survey)
    sys.stdout.write(written(report, options))
    return status(report.state.code, form)


def inspect(plugin: Plugin, options: argparse.Namespace, survey: Survey) -> Report:
    """The judging alone: no reading, no printing; the state store is read and written."""
    inspection = Inspection(plugin.name, options, survey)
    judged: list[Judged] = []
    host: list[Finding] = []
    try:
        if plugin.judge is not None:
            inspection.notes += [why for name, why in survey.troubles.items() if name == UNSEEN]
            chosen, host = select(survey, options, plugin.stopped)
            named = labels(each.ct for each in survey.cts)
            for each in chosen:
                ct = each.ct
                findings = attempt(inspection, plugin.judge, inspection, each)
                judged.append(Judged(ct, named[ct.engine, ct.ctid], findings))
            judged = with_idle(inspection, judged)
        if plugin.whole is not None:
            host += attempt(inspection, plugin.whole, inspection, judged)
    finally:
        inspection.close()
    if options.verbose > 1:
        # A recorded host's figures are of when it was recorded.
        age = f", {time.time() - survey.time:.0f} s old" if options.root == "/" else ""
        inspection.details.append(f"figures of {survey.host}, --source={options.source}{age}")
    if inspection.trouble:
        host.append(Finding(Unknown, inspection.trouble))
    if plugin.judge is not None and not any(finding.metrics for finding in host):
        wrong = sum(each.state != Ok for each in judged)
        counted = Metric("containers", len(judged), minimum=0), Metric("problems", wrong, minimum=0)
        host.append(Finding(Ok, "", counted))
    return Report(plugin.name, survey.host, judged, host, inspection.notes, inspection.details)


def with_idle(inspection: Inspection, judged: list[Judged]) -> list[Judged]:
    """Where nothing was judged of any container, no word of it is OK by itself; where it was of
    some, the first line tells that it was not of all."""
    idle = sum(each.idle for each in judged)
    if idle < len(judged) or not judged:
        if idle:
            inspection.notes.append(f"{idle} of them not judged")
        return judged
    state = unjudged(inspection.options)
    nothing = [Finding(state, "nothing to judge")]
    return [
        each._replace(findings=[one._replace(state=state) for one in each.findings] or nothing)
        for each in judged
    ]


def attempt(
    inspection: Inspection, function: Callable[..., Iterable[Finding]], *arguments: Any
) -> list[Finding]:
    """What a judging function finds; whatever goes wrong in it costs this one CT its judgement."""
    try:
        return list(function(*arguments))
    except Exception as error:
        if inspection.options.verbose > 2:
            inspection.details += traceback.format_exc().rstrip().split("\n")
        return [Finding(Unknown, f"cannot be judged: {type(error).__name__}: {error}")]


def written(report: Report, options: argparse.Namespace) -> str:
    service = options.service or service_name(report.name)
    listed: int = options.max_listed
    if options.format == "json":
        return formats.as_json(report, listed)
    if options.format == "checkmk":
        return formats.checkmk(report, service, listed)
    if options.format == "nsca":
        return formats.nsca(report, service, options.nsca_host or report.host_name, listed)
    return nagios(report, listed, options.verbose, not options.no_perfdata)


def digest(text: str) -> str:
    """A host below another root has a past of its own."""
    return hashlib.sha256(os.fsencode(os.path.realpath(text))).hexdigest()[:12]
