"""check_ct_resources: how close running containers are to their limits, and what failed there.

    CT_RESOURCES WARNING - web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80)
    CT_RESOURCES CRITICAL - tiny (openvz 103): numproc 100.0% of 16 (outside 0:90)

Judged in percent of what is enforced: memory (without page cache that can be dropped), swap, tasks,
and of a container with a CPU limit the share of periods in which it was held back. On OpenVZ each
beancounter, against its barrier or its limit, whichever the kernel refuses at; physpages, swappages
and numproc are memory, swap and tasks there. What has no limit is not judged, a guarantee never.

OOM kills, refused forks and beancounters' failures are an alert when there were more than
--fail-warning or --fail-critical of them in the last --hold seconds, for all that time and for each
caller. A container that started anew, or was not seen before, begins at 0.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from typing import NamedTuple

from ct0.figures import duration, size, whole
from ct0.host import Host
from ct0.memory import page_size
from ct0.survey import Surveyed
from ct0_checks.enforced import ENFORCED
from ct0_checks.layer import options
from ct0_checks.layer.findings import STATES, Critical, Finding, Metric, Ok, Unknown, Warn, measured
from ct0_checks.layer.options import Parser, checked, limits, seconds
from ct0_checks.layer.past import Past
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import Threshold, parse_threshold, scaled
from ct0_checks.layer.report import Judged
from ct0_checks.use import COMMON, Failures, Use, share, uses

GENERAL = ("memory", "swap", "tasks", "cpu")
KNOWN = (*GENERAL, *sorted(ENFORCED))
SOON = 10.0  # seconds; over less time a share of periods says nothing
UNLIMITED = ", no limit"
FIRST = "failures are counted from now on"


class Wanted(NamedTuple):
    """A --resource: its name, and its own thresholds if it has any."""

    name: str
    warning: Threshold | None = None
    critical: Threshold | None = None


def parser() -> Parser:
    made = options.parser(
        "check_ct_resources", __doc__ or "", "80", "90", type=percent, help="percent of the limit"
    )
    add = made.add_argument_group("resources").add_argument
    add(
        "--resource",
        metavar="NAME[=W,C]",
        type=checked(wanted),
        action="append",
        default=[],
        help="only this one, with thresholds of its own: in percent, or in bytes with K, M, G or T "
        "at the end, which need no limit; may be given again. " + ", ".join(KNOWN),
    )
    add(
        "--fail-warning",
        metavar="RANGE",
        type=checked(limits),
        default="0",
        help="WARNING when failures grew by more (default 0)",
    )
    add(
        "--fail-critical",
        metavar="RANGE",
        type=checked(limits),
        default="10",
        help="CRITICAL when failures grew by more (default 10)",
    )
    add(
        "--hold",
        metavar="SECONDS",
        type=checked(seconds),
        default=3600.0,
        help="for so long growth is an alert (default 3600)",
    )
    add(
        "--cpu-window",
        metavar="SECONDS",
        type=checked(seconds),
        default=300.0,
        help="the time over which being held back at the CPU limit is measured (default 300)",
    )
    return made


def percent(text: str) -> Threshold:
    found = parse_threshold(text)
    if found.size:
        raise ValueError(f"{text!r}: bytes are for --resource memory={text},...")
    return found


def wanted(text: str) -> Wanted:
    name, equals, ranges = text.partition("=")
    if name not in KNOWN:
        raise ValueError(f"{name!r} is none of {', '.join(KNOWN)}")
    if not equals:
        return Wanted(name)
    warning, comma, critical = ranges.partition(",")
    if not comma:
        raise ValueError(f"{text!r}: {name}=WARNING,CRITICAL")
    found = Wanted(name, parse_threshold(warning), parse_threshold(critical))
    sized = [each.size for each in (found.warning, found.critical) if each]
    if any(sized) and (not all(sized) or name == "cpu"):
        raise ValueError(f"{text!r}: both in bytes, or none, and not of cpu")
    return found


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    asked = inspection.options
    page = page_size(Host(asked.root))
    found = [use for use in uses(surveyed, page) if selected(asked, use.name)]
    judged = [finding for use in found for finding in of_use(asked, use)]
    if selected(asked, "cpu"):
        judged += of_cpu(inspection, surveyed)
    yield from judged
    yield from of_failures(inspection, surveyed, [use.failures for use in found if use.failures])
    yield from of_missing(asked, surveyed, [use.name for use in found])


def selected(asked: argparse.Namespace, name: str) -> Wanted | None:
    """The --resource that means this one. Without any, all are meant."""
    for each in asked.resource:
        if each.name in (name, COMMON.get(name)):
            return each  # type: ignore[no-any-return]
    return None if asked.resource else Wanted(name)


def of_use(asked: argparse.Namespace, use: Use) -> Iterator[Finding]:
    """`memory 85.2% of 512.0M (outside 0:80)`; without a limit `memory 171.7M`, and where somebody
    asked for it by name `memory 171.7M, no limit`: then nothing is judged that he thinks is."""
    which = selected(asked, use.name) or Wanted(use.name)
    warning, critical = which.warning or asked.warning, which.critical or asked.critical
    number = size if use.unit else whole
    value = share(use)
    if warning.size:
        metric = Metric(use.name, use.used, use.unit, warning.range, critical.range, 0, use.limit)
        text = f"{use.name} {number(use.used)}"
        yield measured(text, use.used, warning.range, critical.range, [metric], size)
    elif value is None or use.limit is None:
        text = f"{use.name} {number(use.used)}" if use.name in GENERAL or asked.resource else ""
        if asked.resource:
            text += UNLIMITED if use.limit != 0 else ", none allowed"
        yield Finding(Ok, text, (Metric(use.name, use.used, use.unit, minimum=0),))
    else:
        bounds = [scaled(each.range, use.limit / 100) for each in (warning, critical)]
        metric = Metric(use.name, use.used, use.unit, bounds[0], bounds[1], 0, use.limit)
        text = f"{use.name} {value:.1f}% of {number(use.limit)}"
        yield measured(text, value, warning.range, critical.range, [metric])


def of_cpu(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    """`cpu held back in 93.1% of periods at 1.5 CPUs (outside 0:90)`, of a CT that has a limit.

    OpenVZ counts no periods: there it is what was used of the limit.
    """
    asked, cpu = inspection.options, surveyed.cpu
    named = any(each.name == "cpu" for each in asked.resource)
    if cpu.limit_cpus is None or cpu.limit_cpus == math.inf or cpu.usage_seconds is None:
        if named and cpu.limit_cpus == math.inf:
            yield Finding(Ok, f"cpu{UNLIMITED}")
        return
    counters: dict[str, float] = {"usage": cpu.usage_seconds}
    if cpu.periods is not None and cpu.throttled_periods is not None:
        counters |= {"periods": cpu.periods, "throttled": cpu.throttled_periods}
    before = inspection.past(surveyed.ct, "cpu", counters, asked.cpu_window, changes=False)
    if before is None or before.age < max(min(SOON, asked.cpu_window), 1.0):
        if named:
            yield Finding(Ok, "cpu is measured from now on")
        return
    grown = before.growth(counters)
    used = grown["usage"] / before.age / cpu.limit_cpus * 100
    value, text = used, f"cpu {used:.1f}% of {cpu.limit_cpus:.4g} CPUs"
    if "periods" in counters:
        value = grown["throttled"] / grown["periods"] * 100 if grown["periods"] else 0.0
        text = f"cpu held back in {value:.1f}% of periods at {cpu.limit_cpus:.4g} CPUs"
    which = selected(asked, "cpu") or Wanted("cpu")
    bounds = [
        (which.warning or asked.warning).range,
        (which.critical or asked.critical).range,
    ]
    metrics = [Metric("cpu", value, "%", bounds[0], bounds[1], 0)]
    if "periods" in counters:
        metrics.append(Metric("cpu_used", used, "%", minimum=0))
    yield measured(text, value, bounds[0], bounds[1], metrics)


def of_failures(
    inspection: Inspection, surveyed: Surveyed, failures: list[Failures]
) -> Iterator[Finding]:
    """`OOM kills: 2 within 1h (outside 0:0)`."""
    asked = inspection.options
    counters = {each.name: each.number for each in failures}
    if not counters:
        return
    before = inspection.past(surveyed.ct, "failures", counters, asked.hold)
    grown = (before or Past(0, {})).growth(counters)
    for each in failures:
        value = grown[each.name]
        text = f"{each.words}: {whole(value)} within {duration(asked.hold)}"
        counter = Metric(each.name, each.number, "c", minimum=0)
        found = measured(text, value, asked.fail_warning, asked.fail_critical, [counter])
        if each.harmless and found.state == Critical:
            found = found._replace(state=Warn)
        yield found if found.state != Ok else found._replace(text="")
    most = max(grown.values())
    delta = Metric("failures_delta", most, "", asked.fail_warning, asked.fail_critical, 0)
    yield Finding(Ok, "", (delta,))
    hits = surveyed.memory.limit_hits
    if hits is not None and "oom_kills" in counters:
        # Page cache alone makes a CT hit its limit all day: of interest, and no failure.
        yield Finding(Ok, "", (Metric("memory_limit_hits", hits, "c", minimum=0),))
    if before is None and not inspection.trouble:
        yield Finding(Ok, FIRST)


def of_missing(
    asked: argparse.Namespace, surveyed: Surveyed, found: list[str]
) -> Iterator[Finding]:
    """What should have been judged and is not there. What nobody asked for by name may be absent,
    unless all is."""
    if surveyed.beancounters:
        parts: dict[str, str] = {}
    else:
        parts = {"memory": "memory", "tasks": "tasks"}
    parts["cpu"] = "cpu"
    for part in parts:
        if part in surveyed.broken and selected(asked, part):
            yield Finding(Unknown, f"{part}: {surveyed.troubles[part]}")
    named = {each.name for each in asked.resource}
    known = {*found, *(COMMON.get(name, "") for name in found)}
    if surveyed.cpu.limit_cpus is not None:
        known.add("cpu")
    gone = sorted(named - known - set(surveyed.broken))
    if gone or (not found and not named and not surveyed.broken):
        yield Finding(
            STATES[asked.missing], f"nothing told of {', '.join(gone) or 'its resources'} here"
        )


def whole_host(inspection: Inspection, judged: list[Judged]) -> Iterator[Finding]:
    """Beancounters that may not be read are no one CT's trouble."""
    trouble = inspection.survey.troubles.get("beancounters")
    if trouble and any(each.ct.engine == "openvz" for each in judged):
        yield Finding(Unknown, trouble)
    if len(judged) > 1 and all(any(f.text == FIRST for f in each.findings) for each in judged):
        inspection.notes.append(FIRST)
    free = sum(any(f.text.endswith(UNLIMITED) for f in each.findings) for each in judged)
    if free and len(judged) > 1:
        inspection.notes.append(f"{free} without a limit to be judged by")


PLUGIN = Plugin(
    "ct_resources",
    parser,
    judge,
    whole_host,
    parts=("cpu", "memory", "tasks", "beancounters"),
)


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
