"""check_ct0_health: whether CT0 itself is fit to hold its containers.

    CT0_HEALTH CRITICAL - dockerd is dead (3 docker containers run)

Judged are the engines' daemons that this host has in use (dockerd, containerd, incusd, lxd, lxcfs,
pmxcfs, OpenVZ's kernel), by CT0's own processes alone: a container's dockerd is not CT0's. In use
is what starts at boot, what running containers need, what has its file system mounted. Then each
running container's monitor, without which nobody can stop it; locks of vzctl, LXC and Proxmox that
were left behind or are held for long; what is left of memory, tasks and disks for CT0; whether
somebody keeps the clock right, which is all containers' clock; and whether /proc hides others'
processes from plugins that are not root's.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from ct0.clock import Clock, read_clock
from ct0.errors import Unavailable
from ct0.figures import duration, size
from ct0.health import Health
from ct0.host import Host
from ct0.locks import Lock
from ct0.machine import Machine
from ct0.services import MONITORS, Service
from ct0_checks.ct_disk import fullness, percent
from ct0_checks.layer import options
from ct0_checks.layer.cleaning import clean, short
from ct0_checks.layer.failure import STATES as NAMES
from ct0_checks.layer.findings import STATES, Critical, Finding, Metric, Ok, Unknown, Warn, measured
from ct0_checks.layer.options import Parser, checked
from ct0_checks.layer.past import number
from ct0_checks.layer.plugin import Inspection, Plugin, run
from ct0_checks.layer.ranges import Range, parse_range, scaled
from ct0_checks.layer.report import Judged

GAP = 7200.0  # seconds
RESERVES = (
    ("--memory", percent, "10:", "5:", "percent of memory that can be had without swapping"),
    ("--tasks", percent, "80", "90", "percent of the tasks the kernel allows, CTs' among them"),
    ("--inodes", percent, "80", "90", "percent of a file system's inodes that are used"),
    ("--lock-age", parse_range, "3600", "86400", "seconds for which a lock is held"),
)


def parser() -> Parser:
    made = Parser("check_ct0_health", __doc__ or "")
    options.add_thresholds(made, "80", "90", type=percent, help="percent of a disk used")
    add = made.add_argument_group("reserves").add_argument
    for name, kind, warning, critical, words in RESERVES:
        for word, default in (("warning", warning), ("critical", critical)):
            add(
                f"{name}-{word}",
                metavar="RANGE",
                type=checked(kind),
                default=default,
                help=f"{words} (default {default})",
            )
    add = made.add_argument_group("health").add_argument
    add(
        "--ignore-service",
        metavar="NAME",
        action="append",
        default=[],
        help="not this daemon (dockerd, lxcfs); may be given again",
    )
    for name, words in (
        ("clock", "the clock is not synchronized"),
        ("hidepid", "/proc hides others' processes"),
    ):
        add(
            f"--{name}",
            metavar="STATE",
            choices=NAMES,
            default="warning",
            help=f"what it is when {words} (default warning)",
        )
    options.add_output(made)
    options.add_source(made)
    return made


def whole(inspection: Inspection, judged: list[Judged]) -> Iterator[Finding]:
    """Everything; what cannot be read costs itself and nothing else."""
    asked, survey = inspection.options, inspection.survey
    health = survey.health
    if health is None:
        yield Finding(Unknown, "nothing was read of CT0's health")
        return
    live = asked.root == "/"
    for name in ("services", "disks"):
        if name in health.troubles and live:
            yield Finding(Unknown, health.troubles[name])
    yield from of_services(health.services, asked.ignore_service)
    yield from of_locks(inspection, health.locks)
    yield from of_memory(asked, survey.machine)
    yield from of_tasks(asked, survey.machine, health)
    for disk in health.disks:
        yield from fullness(asked, disk)
    yield from of_clock(asked, health)
    if health.hidepid:
        text = f"/proc hides processes (hidepid={clean(health.hidepid, 20)}): plugins that are "
        text += "not root's see their own only"
        yield Finding(STATES[asked.hidepid], text)


def of_services(services: list[Service], ignored: Iterable[str]) -> Iterator[Finding]:
    skipped = set(ignored)
    wanted = [each for each in services if skipped.isdisjoint(each.name.split(" or "))]
    dead = [each for each in wanted if not each.alive]
    for each in dead:
        if each.name not in MONITORS.values():
            yield Finding(Critical, f"{each.name} is dead ({each.reason})")
    for name in sorted(set(MONITORS.values())):
        lost = [each.reason for each in dead if each.name == name]
        if lost:
            more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
            yield Finding(Warn, f"no {name} for {', '.join(lost[:3])}{more}")
    alive = [each.name for each in wanted if each.alive]
    text = f"{', '.join(alive)} alive" if alive else ""
    yield Finding(Ok, text, (Metric("services_dead", len(dead), minimum=0),))


def of_locks(inspection: Inspection, locks: list[Lock]) -> Iterator[Finding]:
    asked = inspection.options
    seen = first_seen(inspection, [lock for lock in locks if not lock.since])
    for lock in locks:
        age = inspection.survey.time - lock.since if lock.since else seen.get(lock.path, 0.0)
        age = max(age, 0.0)  # the clock was set back: nobody has held it since tomorrow
        doing = f", {clean(lock.doing, 40)}" if lock.doing else ""
        what = f"lock of {lock.engine} {clean(short(lock.ctid), 60)}{doing}"
        if lock.held:
            yield measured(
                f"{what}: held for {duration(age)}",
                age,
                asked.lock_age_warning,
                asked.lock_age_critical,
            )
        else:
            yield Finding(Warn, f"{what}: left behind {duration(age)} ago, {clean(lock.path)}")
    yield Finding(Ok, "", (Metric("locks", len(locks), minimum=0),))


def first_seen(inspection: Inspection, locks: list[Lock]) -> dict[str, float]:
    """Path -> for how many seconds a lock was seen that does not say since when it is there. One
    that nobody saw for GAP was another."""
    kept = inspection.kept("locks") if locks else None
    if kept is None:
        return {}
    now = inspection.uptime
    before = {
        path: at
        for path, at in kept.items()
        if isinstance(at, list) and len(at) == 2 and all(map(number, at)) and now - at[1] < GAP
    }
    kept.clear()
    for lock in locks:
        first = min(before.get(lock.path, [now])[0], now)
        kept[lock.path] = [first, now]
    return {path: now - first for path, (first, _) in kept.items()}


def of_memory(asked: argparse.Namespace, machine: Machine) -> Iterator[Finding]:
    if not machine.memory or machine.memory_available is None:
        yield Finding(Unknown, "how much memory is available is not known")
        return
    share = 100 * machine.memory_available / machine.memory
    text = f"memory {share:.1f}% of {size(machine.memory)} available"
    yield of_share(
        "memory_available",
        text,
        machine.memory_available,
        machine.memory,
        "B",
        asked.memory_warning,
        asked.memory_critical,
    )


def of_tasks(asked: argparse.Namespace, machine: Machine, health: Health) -> Iterator[Finding]:
    if machine.load is None or not health.tasks_limit:
        return  # a recorded host; a live one has both in any kernel
    share = 100 * machine.load.tasks / health.tasks_limit
    text = f"tasks {share:.1f}% of {health.tasks_limit}"
    yield of_share(
        "tasks",
        text,
        machine.load.tasks,
        health.tasks_limit,
        "",
        asked.tasks_warning,
        asked.tasks_critical,
    )


def of_share(
    name: str, text: str, value: int, total: int, unit: str, warning: Range, critical: Range
) -> Finding:
    """Judged in percent; performance data are absolute, and so are their thresholds."""
    limits = scaled(warning, total / 100), scaled(critical, total / 100)
    metric = Metric(name, value, unit, *limits, 0, total)
    return measured(text, 100 * value / total, warning, critical, [metric])


def of_clock(asked: argparse.Namespace, health: Health) -> Iterator[Finding]:
    clock: Clock | None = health.clock
    if clock is None:
        try:
            # Root's reader may be forbidden to ask (a service with ProtectClock=); anybody may.
            clock = read_clock(Host(asked.root))
        except Unavailable as error:
            if asked.root == "/":
                yield Finding(Unknown, f"clock: {error}")
            return
    metric = Metric("clock_error", clock.maximum_error_seconds, "s", minimum=0)
    if clock.synchronized:
        yield Finding(Ok, "clock synchronized", (metric,))
    else:
        text = "clock not synchronized: neither chronyd, ntpd nor systemd-timesyncd keeps it"
        yield Finding(STATES[asked.clock], text, (metric,))


PLUGIN = Plugin("ct0_health", parser, None, whole, parts=("health",))


def main(arguments: list[str]) -> int:
    return run(PLUGIN, arguments)
