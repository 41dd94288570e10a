"""Known work that CTs do, and what a Prometheus that scraped meanwhile is asked about it.

The same on every machine: here with its hybrid cgroups, and in the VM with version 2 alone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from .command import wait_for
from .ct import CT
from .prometheus import Prometheus
from .run import Run
from .work import BURN, MIB, WRITE, fork, hold, inside, send, wired

DEVICE = "eth7"


class Figure(NamedTuple):
    """What a CT did, how PromQL is asked for it, and how far off the answer may be.

    `query`: {S} is the CT's selector, {T0} when the work began, {W} how many seconds it took.
    """

    query: str
    expected: float
    below: float
    above: float
    why: str
    of_a_scrape: float = 0  # further off by so much for each second between two scrapes


FIGURES = {
    "5 s of CPU": Figure(
        "ct_cpu_usage_seconds_total{S} - ct_cpu_usage_seconds_total{S} @ {T0}",
        5.0,
        0.02,
        0.5,
        "entering the CT is work too, all the more through an engine's runtime",
    ),
    "5 s of CPU, as a rate": Figure(
        "rate(ct_cpu_usage_seconds_total{S}[{W}s]) * {W}",
        5.0,
        0.02,
        0.5,
        "rate() extrapolates to the ends of its window by up to a scrape each, here of one CPU",
        1.0,
    ),
    "200 MiB held": Figure(
        "max_over_time(ct_memory_anon_bytes{S}[{W}s]) - ct_memory_anon_bytes{S} @ {T0}",
        200 * MIB,
        0,
        16 * MIB,
        "the shells",
    ),
    "200 MiB held, in its usage": Figure(
        "max_over_time(ct_memory_usage_bytes{S}[{W}s]) - ct_memory_usage_bytes{S} @ {T0}",
        200 * MIB,
        2 * MIB,
        32 * MIB,
        "page tables, stacks and page cache on top; what was cached before may go",
    ),
    "100 MiB written": Figure(
        "sum without (device) (ct_block_written_bytes_total{S})"
        " - (sum without (device) (ct_block_written_bytes_total{S} @ {T0}) or 0 * ct_tasks{S})",
        100 * MIB,
        MIB,
        10 * MIB,
        "metadata is written by the journal, for whom it may; no device before the first write",
    ),
    "10 MiB sent": Figure(
        f'ct_network_transmit_bytes_total{{S,device="{DEVICE}"}}'
        f' - ct_network_transmit_bytes_total{{S,device="{DEVICE}"}} @ {{T0}}',
        10 * MIB,
        0,
        MIB,
        "headers of TCP, IP and Ethernet, and a few packets of the kernel's",
    ),
    "50 processes": Figure(
        "max_over_time(ct_tasks{S}[{W}s]) - min_over_time(ct_tasks{S}[{W}s])",
        50,
        0,
        15,
        "their shell, its sleep, systemd's helpers for a device, and an engine's on its way in, "
        "which has threads",
    ),
}


class Done(NamedTuple):
    """When a work began and when it was scraped to its end."""

    began: float
    ended: float


def all_done(run: Run, cts: Sequence[CT], server: Prometheus) -> dict[str, Done]:
    """All the work, one kind after the other, in all CTs at once: figure -> when it was."""
    found = {}

    def held(size: int) -> bool:
        at_least = f"count(ct_memory_anon_bytes{one_of(cts)} > {size})"
        return server.values(at_least) == [len(cts)]

    @contextmanager
    def timed(*names: str) -> Iterator[None]:
        began = server.now()
        yield
        found.update(dict.fromkeys(names, Done(began, server.now())))

    with (
        timed("5 s of CPU", "5 s of CPU, as a rate"),
        inside(cts, BURN.format(seconds=5)) as running,
    ):
        wait_for(
            "the CPU time to be used", lambda: all(each.poll() is not None for each in running), 120
        )
    with (
        timed("200 MiB held", "200 MiB held, in its usage"),
        inside(cts, hold(200 * MIB)),
    ):
        wait_for("the memory to be held", lambda: held(200 * MIB), 120)
    with timed("100 MiB written"), inside(cts, WRITE.format(count=100)) as running:
        wait_for("the disk", lambda: all(each.poll() is not None for each in running), 120)
    with wired(run, cts, DEVICE) as addresses:
        wait_for("the devices", lambda: len(server.query(sent(cts))) == len(cts), 60)
        with timed("10 MiB sent"):
            for ct, address in zip(cts, addresses):
                assert send(ct, address, 10 * MIB) == 10 * MIB
    with timed("50 processes"), inside(cts, fork(50)):
        wait_for("50 processes", lambda: server.values(many(cts)) == [len(cts)], 120)
    return found


def selector(ct: CT) -> str:
    return f'{{ctid="{ct.ctid}",engine="{ct.engine}"}}'


def one_of(cts: Sequence[CT], more: str = "") -> str:
    return f'{{ctid=~"{"|".join(ct.ctid for ct in cts)}"{more}}}'


def sent(cts: Sequence[CT]) -> str:
    device = f',device="{DEVICE}"'
    return f"ct_network_transmit_bytes_total{one_of(cts, device)}"


def many(cts: Sequence[CT]) -> str:
    return f"count(ct_tasks{one_of(cts)} > 50)"


def asked(server: Prometheus, name: str, ct: CT, when: Done) -> float:
    """What Prometheus answers."""
    query = FIGURES[name].query
    for word, text in (
        ("{S}", selector(ct)),
        ("{S,", selector(ct)[:-1] + ","),
        ("{T0}", f"{when.began:.3f}"),
        ("{W}", f"{when.ended - when.began:.0f}"),
    ):
        query = query.replace(word, text)
    return server.value(query, at=when.ended)


def assert_known(
    server: Prometheus, name: str, ct: CT, when: Done, above: float | None = None
) -> None:
    """It answers what the CT did, within the figure's tolerance, or another one above it."""
    figure, value = FIGURES[name], asked(server, name, ct, when)
    more = figure.of_a_scrape * server.every
    low, high = (
        figure.expected - figure.below - more,
        figure.expected + (above or figure.above) + more,
    )
    assert low <= value <= high, f"{ct!r}: {name}: {value:g} is not {low:g} to {high:g}"


def assert_sound(server: Prometheus, began: float, ended: float) -> None:
    """CT0's own counter never fell, and never rose by more than the machine could do: all that a
    stopped CT ever used at once would be."""
    window = f"[{ended - began:.0f}s]"
    (own,) = server.query(f'ct_cpu_usage_seconds_total{{ctid="0"}}{window}', ended)
    (lasted,) = server.query(f'scrape_duration_seconds{{job="ct0"}}{window}', ended)
    late = {moment: float(value) for moment, value in lasted["values"]}
    steps = [
        (float(later) - float(value), moment - before + late[moment])
        for (before, value), (moment, later) in zip(own["values"], own["values"][1:])
    ]
    assert len(steps) > 2
    cpus = server.value("ct_host_cpus", ended)
    assert [step for step, _ in steps if step < 0] == []
    assert [(step, seconds) for step, seconds in steps if step > cpus * seconds + 0.2] == []


def assert_nothing_wrong(server: Prometheus, began: float) -> None:
    """Every scrape since then, every collector and every rule."""
    window = f"[{time.time() - began:.0f}s]"
    (up,) = server.query(f'up{{job="ct0"}}{window}')
    (lasted,) = server.query(f'scrape_duration_seconds{{job="ct0"}}{window}')
    seconds = {moment: float(value) for moment, value in lasted["values"]}
    missed = [moment for moment, value in up["values"] if value != "1"]
    # An error is ours. One that Prometheus gave up after its time is this machine's affair, if not
    # at every other.
    assert [moment for moment in missed if seconds[moment] < server.every - 0.01] == []
    assert len(missed) < len(up["values"]) / 2
    failed = f"min_over_time(ct_scrape_collector_success{window}) == 0"
    assert server.query(failed) == []
    rules = [rule for group in server.get("/api/v1/rules")["groups"] for rule in group["rules"]]
    assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []
    assert len(rules) > 30
    assert server.query("count by (__name__, ctid, engine) ({ctid!=''}) < 1") == []
    # Two series of a CT under different names would be a stale one.
    assert server.query("count by (ctid, engine) (ct_tasks) > 1") == []
