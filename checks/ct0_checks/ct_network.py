"""check_ct_network: errors, drops and traffic of containers' networks.

    CT_NETWORK WARNING - web1 (lxc web1): eth0 34.2 errors and drops a minute (outside 0:10)

Judged are each running container's interfaces but lo, as the container sees them, over the time
since --window seconds ago: broken and dropped packets of both directions together, and, where
thresholds are given, the traffic. What was counted before is kept in --state-dir; at the first look
at a container there are no rates yet, which is said and OK.

A container in CT0's own network (docker run --network=host) has no traffic that is known to be its
own: that is said, not judged; where no container has any it is UNKNOWN, or what --unjudged says.
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.figures import size
from ct0.network import Interface
from ct0.survey import Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.cleaning import clean
from ct0_checks.layer.findings import (
    BADNESS,
    STATES,
    Finding,
    Metric,
    Ok,
    ServiceState,
    Unknown,
    measured,
    not_judged,
    worst,
)
from ct0_checks.layer.findings import judge as judged
from ct0_checks.layer.options import Parser, checked
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import Range, parse_range
from ct0_checks.layer.report import Judged

LOOPBACK = "lo"
INTERFACES = 16  # of one CT that are judged: it may make as many as it likes
FIRST = "no rates yet: seen for the first time"
FAULTS = ("receive_errors", "receive_drop", "transmit_errors", "transmit_drop")


def parser() -> Parser:
    made = options.parser(
        "check_ct_network",
        __doc__ or "",
        "10",
        "100",
        help="errors and drops a minute, of each interface",
    )
    add = made.add_argument_group("network").add_argument
    for word in ("warning", "critical"):
        add(
            f"--rate-{word}",
            metavar="RANGE",
            type=checked(parse_range),
            default="~:",
            help="bytes a second, each direction of each interface (40M; default none)",
        )
    add(
        "--window",
        metavar="SECONDS",
        type=checked(window),
        default=300.0,
        help="over how long (default 300)",
    )
    return made


def window(text: str) -> float:
    value = options.seconds(text)
    if value < 1:
        raise ValueError(f"{text!r}: a second at least")
    return value


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    asked = inspection.options
    network = surveyed.network
    if "network" in surveyed.broken:
        yield Finding(Unknown, surveyed.troubles["network"])
        if not network.interfaces:
            return
    if network.shares_host:
        yield not_judged("in CT0's network: not judged")
        return
    if not network.interfaces:
        why = surveyed.troubles.get("network", "no interfaces")
        yield Finding(STATES[asked.missing], why)
        return
    names = [name for name in network.interfaces if name != LOOPBACK]
    if not names:
        yield not_judged("no interface but lo")
        return
    interfaces = {name: network.interfaces[name] for name in names[:INTERFACES]}
    values = {
        f"{name} {kind}": float(getattr(counters, kind))
        for name, counters in interfaces.items()
        for kind in (*FAULTS, "receive_bytes", "transmit_bytes")
    }
    before = inspection.past(surveyed.ct, "network", values, asked.window, changes=False)
    if before is None or before.age < 1:
        yield Finding(Ok, FIRST)
    else:
        growth = before.growth(values)
        yield from rates(inspection, interfaces, growth, before.age)
    if len(names) > INTERFACES:
        yield Finding(Unknown, f"{len(names) - INTERFACES} more interfaces, not judged")


def rates(
    inspection: Inspection, interfaces: dict[str, Interface], growth: dict[str, float], age: float
) -> Iterator[Finding]:
    """Each interface that alerts, or all in one; the metrics are the container's, of the worst
    interface: which there are is for it to choose."""
    asked = inspection.options
    found = {
        name: (
            sum(max(0.0, growth[f"{name} {kind}"]) for kind in FAULTS) / age * 60,
            max(0.0, growth[f"{name} receive_bytes"]) / age,
            max(0.0, growth[f"{name} transmit_bytes"]) / age,
        )
        for name in interfaces
    }
    limits = (
        (asked.warning, asked.critical),
        (asked.rate_warning, asked.rate_critical),
        (asked.rate_warning, asked.rate_critical),
    )
    texts = ("{:.1f} errors and drops a minute", "receives {}/s", "sends {}/s")
    metrics = []
    for at, name in enumerate(("faults", "receive", "transmit")):
        highest = worst_of([values[at] for values in found.values()], *limits[at])
        metrics.append(Metric(name, round(highest, 2), "", *limits[at], 0))
    quiet = True
    for name, values in found.items():
        for at, value in enumerate(values):
            shown = texts[at].format(value if at == 0 else size(value))
            finding = measured(f"{clean(name, 20)} {shown}", value, *limits[at])
            if finding.state != Ok:
                quiet = False
                yield finding
    if quiet:
        said = [
            f"{clean(name, 20)} {size(values[1])}/s in, {size(values[2])}/s out, "
            f"{values[0]:.1f} errors and drops a minute"
            for name, values in found.items()
        ]
        yield Finding(Ok, "; ".join(said), tuple(metrics))
    else:
        yield Finding(Ok, "", tuple(metrics))


def worst_of(values: list[float], warning: Range, critical: Range) -> float:
    """The value in the worst state, the highest of them."""
    state: ServiceState = worst(judged(value, warning, critical)[0] for value in values)
    bad = [
        value for value in values if BADNESS[judged(value, warning, critical)[0]] == BADNESS[state]
    ]
    return max(bad)


def whole(inspection: Inspection, judged: list[Judged]) -> Iterator[Finding]:
    """Of one its own words tell that there are no rates yet; of several the first line must."""
    first = sum(any(found.text == FIRST for found in each.findings) for each in judged)
    if first and len(judged) > 1:
        inspection.notes.append(f"{first} seen for the first time: no rates yet")
    yield from ()


PLUGIN = Plugin("ct_network", parser, judge, whole, parts=("network",))


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
