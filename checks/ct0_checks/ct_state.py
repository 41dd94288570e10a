"""check_ct_state: whether containers are in the state they should be in.

    CT_STATE CRITICAL - db1 (lxc db1): stopped, and should start at boot
    CT_STATE WARNING - web1 (docker 0123456789ab): restarted 4 times within 1h (outside 0:2)

Without --expect a container should run if its engine starts it at boot, and not run if it does not:
stopped though it should is CRITICAL, running though it would not come back is WARNING (--autostart
says otherwise). Of an engine that does not tell, both are well. A container that is frozen,
suspended to disk or merely mounted is WARNING (--state says otherwise).

A container that starts over and over is told by its start times, which are kept from run to run: a
start between two runs of the plugin that was followed by another one is not seen. -w and -c are for
the number of containers that run, of those chosen.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

from ct0.container import FROZEN, MOUNTED, RUNNING, STOPPED, SUSPENDED
from ct0.figures import duration
from ct0.survey import Surveyed
from ct0_checks.layer import options
from ct0_checks.layer.cleaning import clean
from ct0_checks.layer.failure import STATES as NAMES
from ct0_checks.layer.findings import (
    STATES,
    Critical,
    Finding,
    Metric,
    Ok,
    ServiceState,
    Unknown,
    measured,
)
from ct0_checks.layer.options import Parser, checked, limits, seconds
from ct0_checks.layer.past import SAME, WEEK, number
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.report import Judged
from ct0_checks.layer.selection import HIDDEN

CT_STATES = (RUNNING, STOPPED, FROZEN, SUSPENDED, MOUNTED)
AUTOSTART = {"stopped": "critical", "running": "warning"}
ODD = {FROZEN: "warning", SUSPENDED: "warning", MOUNTED: "warning"}


def parser() -> Parser:
    made = options.parser(
        "check_ct_state", __doc__ or "", "", "", help="how many of the chosen run"
    )
    add = made.add_argument_group("states").add_argument
    add(
        "--expect",
        choices=CT_STATES,
        help="what all chosen should be: anything else is CRITICAL, whatever starts at boot",
    )
    add(
        "--autostart",
        metavar="WHICH=STATE",
        type=checked(lambda text: pair(text, tuple(AUTOSTART))),
        action="append",
        default=[],
        help="stopped=STATE: stopped though it starts at boot (default critical); running=STATE: "
        "running though it does not (default warning)",
    )
    add(
        "--state",
        metavar="WHICH=STATE",
        type=checked(lambda text: pair(text, tuple(ODD))),
        action="append",
        default=[],
        help="frozen=STATE, suspended=STATE, mounted=STATE (default warning each)",
    )
    add(
        "--restart-warning",
        metavar="RANGE",
        type=checked(limits),
        default="2",
        help="WARNING for more restarts within --restart-window (default 2)",
    )
    add(
        "--restart-critical",
        metavar="RANGE",
        type=checked(limits),
        default="5",
        help="CRITICAL for more (default 5)",
    )
    add(
        "--restart-window",
        metavar="SECONDS",
        type=checked(seconds),
        default=3600.0,
        help="default 3600",
    )
    return made


def pair(text: str, known: tuple[str, ...]) -> tuple[str, str]:
    which, _, state = text.partition("=")
    if which not in known or state not in NAMES:
        raise ValueError(f"{text!r}: one of {', '.join(known)} = one of {', '.join(NAMES)}")
    return which, state


def judge(inspection: Inspection, surveyed: Surveyed) -> Iterator[Finding]:
    asked, ct = inspection.options, surveyed.ct
    state, text = of_state(asked, surveyed)
    metrics = []
    if surveyed.runs and ct.started:
        up = max(inspection.survey.time - ct.started, 0.0)
        metrics.append(Metric("uptime", int(up), "s", minimum=0))
        if state == Ok:
            first, comma, more = text.partition(",")
            text = f"{first} for {duration(up)}{comma}{more}"
    yield Finding(state, text, tuple(metrics))
    again = restarts(inspection, surveyed)
    if again is not None:
        warning, critical = asked.restart_warning, asked.restart_critical
        metric = Metric("restarts", again, "", warning, critical, 0)
        text = f"restarted {again} times within {duration(asked.restart_window)}"
        found = measured(text, again, warning, critical, [metric])
        yield found if found.state != Ok else found._replace(text="")


def of_state(asked: argparse.Namespace, surveyed: Surveyed) -> tuple[ServiceState, str]:
    """The state of its state, and `stopped, and should start at boot`."""
    ct = surveyed.ct
    words = clean(ct.state)
    if asked.expect is not None:
        if ct.state == asked.expect:
            return Ok, words
        return Critical, f"{words}, and should be {asked.expect}"
    autostart = {**AUTOSTART, **dict(asked.autostart)}
    odd = {**ODD, **dict(asked.state)}
    if not surveyed.runs and ct.autostart:
        return STATES[autostart["stopped"]], f"{words}, and should start at boot"
    if ct.state in odd:
        return STATES[odd[ct.state]], words
    if surveyed.runs and ct.autostart is False:
        return STATES[autostart["running"]], f"{words}, and would not start at boot"
    return Ok, words


def restarts(inspection: Inspection, surveyed: Surveyed) -> int | None:
    """How often it started anew in the last --restart-window, as far as seen; None: nothing can
    be kept, or it never ran since this is.

    Kept are its start times, in seconds since the host booted, and the last one before the window.
    The first that is known may be how it came to be, and is no restart.
    """
    kept = inspection.kept("starts")
    if kept is None:
        return None
    now, ct, window = inspection.uptime, surveyed.ct, float(inspection.options.restart_window)
    forget(kept, now)
    key = f"{ct.engine}/{ct.ctid}"
    entry: Any = kept.get(key)
    starts: list[float] = list(entry["starts"]) if sound(entry) else []
    init = entry["init"] if sound(entry) else 0
    if surveyed.runs and ct.started:
        start = ct.started - inspection.survey.machine.boot_time
        # Some start again faster than the time of boot is known: those have another init.
        another = 0 not in (init, ct.init_pid) and init != ct.init_pid
        if not any(abs(start - known) <= (0 if another else SAME) for known in starts):
            starts = sorted([*starts, start])
        init = ct.init_pid
    if not starts:
        return None
    before = sum(start < now - max(WEEK, window) for start in starts)
    starts = starts[max(before - 1, 0) :][-1000:]
    kept[key] = {"seen": now, "starts": starts, "init": init}
    return sum(start >= now - window for start in starts[1:])


def forget(kept: dict[str, Any], now: float) -> None:
    """Drops containers that nobody has seen in a week."""
    for key in [key for key, entry in kept.items() if not sound(entry)]:
        del kept[key]
    for key in [key for key, entry in kept.items() if entry["seen"] < now - WEEK]:
        del kept[key]


def sound(entry: Any) -> bool:
    return (
        isinstance(entry, dict)
        and number(entry.get("seen"))
        and number(entry.get("init"))
        and isinstance(entry.get("starts"), list)
        and all(map(number, entry["starts"]))
    )


def counts(inspection: Inspection, judged: list[Judged]) -> Iterator[Finding]:
    """`10 running, 2 stopped`, and whether so many should run."""
    asked = inspection.options
    states = [each.ct.state for each in judged]
    running, stopped = states.count(RUNNING), states.count(STOPPED)
    other = len(states) - running - stopped
    late = sum(
        bool(each.ct.autostart) and each.ct.state not in (RUNNING, FROZEN) for each in judged
    )
    metrics = (
        Metric("running", running, "", asked.warning, asked.critical, 0),
        Metric("stopped", stopped, minimum=0),
        Metric("other", other, minimum=0),
        Metric("autostart_missing", late, minimum=0),
    )
    text = f"{running} running, {stopped} stopped" + (f", {other} other" if other else "")
    found = measured(text, running, asked.warning, asked.critical, metrics)
    yield found if judged or found.state != Ok else found._replace(text="")
    hidden = inspection.survey.troubles.get(HIDDEN)
    if hidden and inspection.survey.cts and not asked.ct:
        yield Finding(Unknown, hidden)


PLUGIN = Plugin("ct_state", parser, judge, counts, parts=(), stopped=True)


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
