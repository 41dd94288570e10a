"""check_ct_pressure: how long containers wait for CPU, memory and I/O.

    CT_PRESSURE WARNING - web1 (lxc web1): memory full avg60 4.21% (outside 0:3)

Judged is what the kernel says of each running container's cgroup (pressure stall information,
PSI): the share of the last 10, 60 and 300 seconds in which some of its tasks waited ("some"), and
in which none could go on ("full").

Linux 4.20 and cgroup version 2 have these figures (a hybrid host too), full of cpu Linux 5.13; some
distributions' kernels have them only when booted with psi=1. Where there are none, nothing can be
said: it is UNKNOWN, or what --missing says.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from ct0.pressure import Averages
from ct0.survey import Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.findings import STATES, Finding, Metric, Ok, worst
from ct0_checks.layer.findings import judge as judged
from ct0_checks.layer.options import Parser, checked
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import decimal, parse_three

RESOURCES = ("cpu", "memory", "io")
WINDOWS = ("avg10", "avg60", "avg300")
# As check-psi's.
FULL = "5,3,2", "10,6,4"
SOME = "10,7,5", "20,15,10"


def parser() -> Parser:
    made = options.parser(
        "check_ct_pressure",
        __doc__ or "",
        *FULL,
        metavar="RANGE,RANGE,RANGE",
        type=parse_three,
        help="avg10, avg60 and avg300 of full, percent",
    )
    add = made.add_argument_group("pressure").add_argument
    for word, default in zip(("warning", "critical"), SOME):
        add(
            f"--some-{word}",
            metavar="RANGE,RANGE,RANGE",
            type=checked(parse_three),
            default=default,
            help=f"the same of some (default {default})",
        )
    add(
        "--resource",
        action="append",
        choices=RESOURCES,
        default=[],
        help="only that; may be given again (default all three)",
    )
    return made


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    """A finding for each resource and kind that the kernel tells of."""
    asked = inspection.options
    wanted = asked.resource or RESOURCES
    missing = []
    for resource in wanted:
        some = getattr(surveyed.pressure, f"{resource}_waiting")
        full = getattr(surveyed.pressure, f"{resource}_stalled")
        if some is None and full is None:
            missing.append(resource)
        for kind, averages in (("some", some), ("full", full)):
            if averages is not None:
                yield stalls(asked, resource, kind, averages)
    if "pressure" in surveyed.broken:
        yield Finding(STATES["unknown"], surveyed.troubles["pressure"])
    elif missing:
        what = "figures" if missing == list(wanted) else f"of {', '.join(missing)}"
        yield Finding(
            STATES[asked.missing],
            f"no pressure {what}: no PSI in this kernel, or not on, or no cgroup version 2",
        )


def stalls(asked: argparse.Namespace, resource: str, kind: str, averages: Averages) -> Finding:
    """`memory full avg60 4.21% (outside 0:3)`; all three windows when none alerts."""
    if kind == "full":
        warning, critical = asked.warning, asked.critical
    else:
        warning, critical = asked.some_warning, asked.some_critical
    states, wrong, metrics = [], [], []
    for window, value, warn, crit in zip(WINDOWS, averages, warning, critical):
        state, why = judged(value, warn, crit)
        states.append(state)
        if state != Ok:
            wrong.append(f"{window} {decimal(value)}% ({why})")
        metrics.append(Metric(f"{resource}_{kind}_{window}", value, "%", warn, crit, 0, 100))
    text = ", ".join(wrong) or f"{'/'.join(map(decimal, averages))}%"
    return Finding(worst(states), f"{resource} {kind} {text}", tuple(metrics))


PLUGIN = Plugin("ct_pressure", parser, judge, parts=("pressure",))


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
