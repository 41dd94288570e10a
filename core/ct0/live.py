"""A live view of the host: one row a container, with rates of the time since the last look.

For what shows all CTs again and again: `ct0 top`, the exporter's page. A rate needs two looks at
the same CT: same engine, CTID, init and start time. One that was restarted in between starts anew,
and shows no spike.

What CT0 itself uses no kernel counts. It is what the whole machine uses less what its CTs do:
CPU and tasks, and memory without the page cache. Never below 0.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import Callable, NamedTuple

from ct0.container import CT, FROZEN, RUNNING
from ct0.containers import containers
from ct0.cpu import CPU
from ct0.host import Host
from ct0.look import Counters, Look, look, same
from ct0.machine import Machine, read_time, used
from ct0.network import Network
from ct0.pressure import Pressure
from ct0.text import plain

POINTS = 60  # of a sparkline
LOOPBACK = "lo"
OWN, ALL = ("", "0"), ("", "all")  # CT0 and the whole machine

# (time.monotonic of the look, value), oldest first.
History = tuple[tuple[float, float], ...]


class Waiting(NamedTuple):
    """Share of the time in which at least one task waited for it: pressure, "some"."""

    cpu: float | None = None
    memory: float | None = None
    io: float | None = None


class Row(NamedTuple):
    """One CT, or CT0 itself (engine "", CTID "0"). Its texts are safe to print.

    None: not offered here, or no two looks yet. math.inf: no limit. Shares are of 1.
    """

    engine: str
    ctid: str
    name: str
    state: str
    up_seconds: float | None = None
    cpus: float | None = None  # CPU seconds a second: 1.5 is one and a half CPUs
    cpus_limit: float | None = None
    throttled: float | None = None  # share of time in which it was held back by its limit
    memory: int | None = None  # with page cache
    working_set: int | None = None  # without the page cache not used of late
    memory_limit: float | None = None
    swap: int | None = None
    waiting: Waiting = Waiting()
    fails: int | None = None  # times a limit refused something; OpenVZ: failcnt of all resources
    oom_kills: int | None = None
    tasks: int | None = None
    tasks_limit: float | None = None
    receive: float | None = None  # bytes a second, as the CT sees them
    transmit: float | None = None
    shares_network: bool = False  # is in CT0's network: its traffic is not known
    cpu_history: History = ()
    network_history: History = ()  # received and sent


class View(NamedTuple):
    """`seconds` is the time the rates are of. `total` is the whole machine's row, `own` CT0's."""

    time: float  # since the epoch
    clock: float  # time.monotonic
    seconds: float
    machine: Machine
    total: Row
    own: Row
    rows: list[Row]


class Live:
    """Looks at the host when asked. May be asked by several threads at once.

    list_containers   gives the CTs; ct0.containers.containers if none is given
    wanted            which CTs to show; CT0's row is always without all of them
    minimum           a view younger than this, in seconds, is given again
    patience          rates over more than this many seconds say nothing of now: look twice
    """

    def __init__(
        self,
        host: Host,
        list_containers: Callable[[], list[CT]] | None = None,
        wanted: Callable[[CT], bool] = lambda ct: True,
        *,
        minimum: float = 0.0,
        patience: float = 60.0,
    ) -> None:
        self.host = host
        self.minimum = minimum
        self.patience = patience
        self._list = list_containers or (lambda: containers(host))
        self._wanted = wanted
        self._lock = threading.Lock()
        self._before: Look | None = None
        self._view: View | None = None
        self._own_cpus: float | None = None
        self._histories: dict[tuple[str, str, str], deque[tuple[float, float]]] = {}

    def look(self, pause: float = 0.5) -> View:
        """The host now. Without a fresh look to compare with, waits `pause` seconds for one.

        Raises Unavailable: /proc is not the caller's or cannot be read; Malformed.
        """
        with self._lock:
            now = time.monotonic()
            if self._view is not None and now - self._view.clock < self.minimum:
                return self._view
            if self._before is None or now - self._before.clock > self.patience:
                self._before = look(self.host, self._list())
                if self.host.live and pause:
                    time.sleep(pause)
            found = look(self.host, self._list())
            self._view = self._compare(self._before, found)
            self._before = found
            return self._view

    def _compare(self, before: Look, after: Look) -> View:
        now = read_time(self.host)
        for gone in {key[:2] for key in self._histories} - after.cts.keys() - {OWN, ALL}:
            self._restart(gone)
        rows = [
            self._row(before.cts.get(key), counters, now)
            for key, counters in after.cts.items()
            if self._wanted(counters.ct)
        ]
        total = self._remember(ALL, machine_row(before, after, now), after.clock)
        own = self._remember(OWN, self._own_row(before, after, total), after.clock)
        seconds = after.clock - before.clock
        return View(now, after.clock, seconds, after.machine, total, own, rows)

    def _row(self, before: Counters | None, after: Counters, now: float) -> Row:
        ct = after.ct
        runs = ct.state in (RUNNING, FROZEN)
        old = before if before is not None and same(before.ct, ct) else None
        if old is None:
            self._restart((ct.engine, ct.ctid))
        row = Row(
            engine=plain(ct.engine),
            ctid=plain(ct.ctid),
            name=plain(ct.name or ct.ctid),
            state=plain(ct.state),
            up_seconds=max(now - ct.started, 0.0) if runs and ct.started else None,
            cpus_limit=after.cpu.limit_cpus,
            memory=after.memory.usage,
            working_set=after.memory.working_set,
            memory_limit=after.memory.limit,
            swap=after.memory.swap_usage,
            fails=after.memory.limit_hits if after.fails is None else after.fails,
            oom_kills=after.memory.oom_kills,
            tasks=after.tasks.current or (ct.processes if runs else None),
            tasks_limit=after.tasks.limit,
            shares_network=after.network.shares_host is True,
        )
        if old is None or after.clock <= old.clock:
            return row
        per = Rate(after.clock - old.clock)
        received, transmitted = traffic(after.network, old.network, per)
        return self._remember(
            (ct.engine, ct.ctid),
            row._replace(
                cpus=per(old.cpu.usage_seconds, after.cpu.usage_seconds),
                throttled=throttled(old.cpu, after.cpu, per),
                receive=received,
                transmit=transmitted,
                waiting=waiting(old.pressure, after.pressure, per),
            ),
            after.clock,
        )

    def _own_row(self, before: Look, after: Look, total: Row) -> Row:
        """CT0's own: the machine's less its CTs'."""
        cts = after.cts.values()
        inside = sum(c.memory.working_set or c.memory.usage or 0 for c in cts)
        counted = sum(c.tasks.current or c.ct.processes for c in cts)
        memory, load = used(after.machine), after.machine.load
        if total.cpus is not None:
            self._own_cpus = own_cpus(before, after, total.cpus, self._own_cpus)
        return Row(
            engine="",
            ctid="0",
            name=after.machine.name,
            state=RUNNING,
            up_seconds=total.up_seconds,
            cpus=None if total.cpus is None else self._own_cpus,
            cpus_limit=math.inf,
            working_set=None if memory is None else max(memory - inside, 0),
            memory_limit=math.inf,
            fails=after.own_fails,
            tasks=None if load is None else max(load.tasks - counted, 0),
        )

    def _remember(self, key: tuple[str, str], row: Row, clock: float) -> Row:
        """The row with its history, to which its rates are added."""
        found = []
        traffic = None if row.receive is None else row.receive + (row.transmit or 0.0)
        for kind, value in (("cpu", row.cpus), ("network", traffic)):
            points = self._histories.setdefault((*key, kind), deque(maxlen=POINTS))
            if value is not None:
                points.append((clock, value))
            found.append(tuple(points))
        return row._replace(cpu_history=found[0], network_history=found[1])

    def _restart(self, key: tuple[str, str]) -> None:
        for kind in ("cpu", "network"):
            self._histories.pop((*key, kind), None)


class Rate:
    """Growth a second of counters. None where one is not known or went back: it was set anew."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self, before: float | None, after: float | None) -> float | None:
        if before is None or after is None or after < before or self.seconds <= 0:
            return None
        return (after - before) / self.seconds

    def share(self, before: float | None, after: float | None) -> float | None:
        """The same of a clock: more than 1 is only the time between two readings."""
        rate = self(before, after)
        return None if rate is None else min(rate, 1.0)


def own_cpus(before: Look, after: Look, all_cpus: float, known: float | None) -> float:
    """What the CTs did not use. What one that stopped or restarted used last is lost with its
    counter and would look like CT0's: then it is no more than what was known of CT0 before."""
    seconds = max(after.clock - before.clock, 1e-3)
    certain = before.cts.keys() <= after.cts.keys()
    for key, counters in after.cts.items():
        old = before.cts.get(key)
        mine = counters.cpu.usage_seconds or 0.0
        if old is not None and same(old.ct, counters.ct):
            mine -= old.cpu.usage_seconds or 0.0
        elif old is not None and old.ct.init_pid:
            certain = False
        all_cpus -= max(mine, 0.0) / seconds
    all_cpus = max(all_cpus, 0.0)
    return all_cpus if certain or known is None else min(all_cpus, known)


def machine_row(before: Look, after: Look, now: float) -> Row:
    """The whole machine as a row."""
    old, machine = before.machine, after.machine
    per = Rate(after.clock - before.clock)
    free = machine.swap_free
    return Row(
        engine="",
        ctid="all",
        name=machine.name,
        state=RUNNING,
        up_seconds=max(now - machine.boot_time, 0.0) if machine.boot_time else None,
        cpus=per(old.busy_seconds, machine.busy_seconds),
        cpus_limit=machine.cpus,
        memory=None
        if machine.memory is None or machine.memory_free is None
        else machine.memory - machine.memory_free,
        working_set=used(machine),
        memory_limit=machine.memory,
        swap=None if machine.swap is None or free is None else machine.swap - free,
        tasks=None if machine.load is None else machine.load.tasks,
        receive=per(old.received, machine.received),
        transmit=per(old.transmitted, machine.transmitted),
        waiting=waiting(old.pressure, machine.pressure, per),
    )


def waiting(before: Pressure, after: Pressure, per: Rate) -> Waiting:
    return Waiting(
        per.share(before.cpu_waiting_seconds, after.cpu_waiting_seconds),
        per.share(before.memory_waiting_seconds, after.memory_waiting_seconds),
        per.share(before.io_waiting_seconds, after.io_waiting_seconds),
    )


def throttled(before: CPU, after: CPU, per: Rate) -> float | None:
    """Share of the limit's periods in which it was held back."""
    held = per(before.throttled_periods, after.throttled_periods)
    periods = per(before.periods, after.periods)
    if held is None or periods is None:
        return None
    return min(held / periods, 1.0) if periods else 0.0


def traffic(after: Network, before: Network, per: Rate) -> tuple[float | None, float | None]:
    """Received and sent a second, over the interfaces that were there at both looks."""
    if after.shares_host or not after.interfaces:
        return None, None
    received = transmitted = 0.0
    for name, interface in after.interfaces.items():
        old = before.interfaces.get(name)
        if name == LOOPBACK or old is None:
            continue
        received += per(old.receive_bytes, interface.receive_bytes) or 0.0
        transmitted += per(old.transmit_bytes, interface.transmit_bytes) or 0.0
    return received, transmitted
