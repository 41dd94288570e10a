"""check_ct_load: containers' load averages, where a kernel counts them.

    CT_LOAD WARNING - web1 (openvz 101): load1 16.20 (outside 0:15)

OpenVZ's kernels keep a load average of each container (cpu.proc.loadavg). No other kernel does:
there a container shows CT0's own load, or what lxcfs makes up for it, or what its root user put in
place of the file. Nothing of that is taken for the truth: it is UNKNOWN, or what --missing says.
check_ct_pressure tells there what load averages are asked for: who waits for a CPU.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from ct0.survey import Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.findings import STATES, Finding, Metric, Ok, Unknown, worst
from ct0_checks.layer.findings import judge as judged
from ct0_checks.layer.options import Parser
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import decimal, parse_three

WARNING, CRITICAL = "15,10,5", "30,25,20"
AVERAGES = ("load1", "load5", "load15")


def parser() -> Parser:
    made = options.parser(
        "check_ct_load",
        __doc__ or "",
        WARNING,
        CRITICAL,
        metavar="RANGE,RANGE,RANGE",
        type=parse_three,
        help="of 1, 5 and 15 minutes; one is for all three",
    )
    made.add_argument_group("load").add_argument(
        "-r",
        "--percpu",
        action="store_true",
        help="divided by the number of CPUs the container may use",
    )
    return made


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    asked = inspection.options
    if "load" in surveyed.broken:
        yield Finding(Unknown, surveyed.troubles["load"])
        return
    if surveyed.load is None:
        why = "this kernel counts none" if surveyed.ct.engine == "openvz" else "only OpenVZ's do"
        yield Finding(STATES[asked.missing], f"no load average of its own: {why}")
        return
    parts = 1.0
    if asked.percpu:
        parts = cpus(surveyed)
        if not parts:
            yield Finding(Unknown, "how many CPUs it may use is not known")
            return
    states, wrong, metrics, values = [], [], [], []
    for name, value, warning, critical in zip(
        AVERAGES, surveyed.load[:3], asked.warning, asked.critical
    ):
        value = round(value / parts, 2)
        state, why = judged(value, warning, critical)
        states.append(state)
        values.append(f"{value:.2f}")
        if state != Ok:
            wrong.append(f"{name} {value:.2f} ({why})")
        metrics.append(Metric(name, value, "", warning, critical, 0))
    per = f" on each of {decimal(parts)} CPUs" if asked.percpu else ""
    text = ", ".join(wrong) or f"load {'/'.join(values)}"
    yield Finding(worst(states), f"{text}{per}", tuple(metrics))


def cpus(surveyed: Surveyed) -> float:
    """0: not known."""
    known = [surveyed.cpu.online_cpus or math.inf, surveyed.cpu.limit_cpus or math.inf]
    return 0.0 if min(known) == math.inf else float(min(known))


PLUGIN = Plugin("ct_load", parser, judge, parts=("load", "cpu"))


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
