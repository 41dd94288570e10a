"""A real Prometheus scrapes the real exporter, and says through PromQL what containers did.

LXC, Docker, Podman and nspawn CTs each do known work; nspawn's is moved to the cgroup machined
would have given it. Then a CT is stopped, started, renamed and removed between two scrapes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from exporters.test_grafana import PAIRS, queries, substituted
from planted import plant
from promql import metrics

from .command import call, wait_for
from .ct import CT
from .docker import Docker, DockerCT
from .nspawn import nspawn_ct
from .prometheus import Prometheus, exporter, prometheus
from .run import Run
from .work import (
    BURN,
    MIB,
    WRITE,
    count_block_io,
    fork,
    hold,
    inside,
    own_cgroup,
    send,
    started,
    wired,
)

ENGINES = ("lxc", "docker", "podman", "nspawn")
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
        1.0,
        1.5,
        "rate() extrapolates to the ends of its window by up to a scrape each",
    ),
    "200 MiB held": Figure(
        "max_over_time(ct_memory_anon_bytes{S}[{W}s]) - ct_memory_anon_bytes{S} @ {T0}",
        200 * MIB,
        0,
        16 * MIB,
        "the shells, and tail's buffer at the moment it grows",
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
        "max_over_time(ct_tasks{S}[{W}s]) - ct_tasks{S} @ {T0}",
        50,
        0,
        3,
        "their shell, its sleep, and an engine's helper on its way in",
    ),
}


class Done(NamedTuple):
    """When a work began and when it was scraped to its end."""

    began: float
    ended: float


@pytest.fixture(scope="module")
def workers(run: Run, lxc: CT, docker: CT, podman: CT) -> Iterator[dict[str, CT]]:
    count_block_io(run)
    with nspawn_ct(run, "machine2") as plain, own_cgroup(plain) as nspawn:
        yield {"lxc": lxc, "docker": docker, "podman": podman, "nspawn": nspawn}


@pytest.fixture(scope="module")
def server(run: Run, workers: dict[str, CT]) -> Iterator[Prometheus]:
    recorded = plant("openvz6", run.folder / "openvz6")
    with (
        exporter(run) as port,
        exporter(run, str(recorded)) as other,
        prometheus(run, port, other) as server,
    ):
        yield server


@pytest.fixture(scope="module")
def done(run: Run, workers: dict[str, CT], server: Prometheus) -> dict[str, Done]:
    """All the work, one kind after the other, in all CTs at once."""
    cts = list(workers.values())
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
            "the CPU time to be used", lambda: all(each.poll() is not None for each in running), 60
        )
    with (
        timed("200 MiB held", "200 MiB held, in its usage"),
        inside(cts, hold(200 * MIB)),
    ):
        wait_for("the memory to be held", lambda: held(200 * MIB), 30)
    with timed("100 MiB written"), inside(cts, WRITE.format(count=100)) as running:
        wait_for("the disk", lambda: all(each.poll() is not None for each in running), 60)
    with wired(run, cts, DEVICE) as addresses:
        wait_for("the devices", lambda: len(server.query(sent(cts))) == len(cts), 15)
        with timed("10 MiB sent"):
            for ct, address in zip(cts, addresses):
                assert send(ct, address, 10 * MIB) == 10 * MIB
    with timed("50 processes"), inside(cts, fork(50)):
        wait_for("50 processes", lambda: server.values(many(cts)) == [len(cts)], 30)
    return found


def selector(ct: CT) -> str:
    return f'{{ctid="{ct.ctid}",engine="{ct.engine}"}}'


def one_of(cts: list[CT], more: str = "") -> str:
    return f'{{ctid=~"{"|".join(ct.ctid for ct in cts)}"{more}}}'


def sent(cts: list[CT]) -> str:
    device = f',device="{DEVICE}"'
    return f"ct_network_transmit_bytes_total{one_of(cts, device)}"


def many(cts: list[CT]) -> str:
    return f"count(ct_tasks{one_of(cts)} > 50)"


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("engine", ENGINES)
def test_prometheus_says_what_the_ct_did(
    engine: str, name: str, workers: dict[str, CT], server: Prometheus, done: dict[str, Done]
) -> None:
    figure, when = FIGURES[name], done[name]
    query = figure.query
    for word, text in (
        ("{S}", selector(workers[engine])),
        ("{S,", selector(workers[engine])[:-1] + ","),
        ("{T0}", f"{when.began:.3f}"),
        ("{W}", f"{when.ended - when.began:.0f}"),
    ):
        query = query.replace(word, text)
    value = server.value(query, at=when.ended)
    assert figure.expected - figure.below <= value <= figure.expected + figure.above, query


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_and_start(engine: str, workers: dict[str, CT], server: Prometheus) -> None:
    ct = workers[engine]
    (state,) = server.query(f"ct_state{selector(ct)} == 1")
    assert (state["metric"]["state"], state["metric"]["name"]) == ("running", ct.name)
    assert server.value(f"ct_start_time_seconds{selector(ct)}") == pytest.approx(
        started(ct.init), abs=0.02
    )


def test_ct0_and_its_cts_are_the_machine(server: Prometheus, done: dict[str, Done]) -> None:
    """Over the seconds in which nearly all CPU time was the CTs'."""
    when = done["5 s of CPU"]
    at = f"@ {when.began:.3f}"
    total = "sum(ct_cpu_usage_seconds_total)"
    busy = 'sum(ct_host_cpu_seconds_total{mode!~"idle|iowait|steal"})'
    parts = server.value(f"{total} - {total[:-1]} {at})", when.ended)
    whole = server.value(f"{busy} - {busy[:-1]} {at})", when.ended)
    # The kernel counts the machine in ticks, and samples; CTs in nanoseconds. While other CTs of
    # this machine come and go, CT0's own share is held back.
    assert parts == pytest.approx(whole, rel=0.2, abs=0.3)


@contextmanager
def limited(docker: Docker, name: str, *options: str) -> Iterator[DockerCT]:
    try:
        ctid = docker.create(name, options)
        call([*docker.command, "start", ctid])
        yield DockerCT(docker, ctid, False)
    finally:
        docker.remove(name)


def test_a_kill_for_want_of_memory_is_counted_and_its_alert_fires(
    dockerd: Docker, server: Prometheus
) -> None:
    with limited(dockerd, "oom2", "--memory=64m") as ct:
        only = selector(ct)
        server.now()
        assert server.value(f"ct_memory_limit_bytes{only}") == 64 * MIB
        assert server.value(f"ct_memory_oom_kills_total{only}") == 0
        firing = f'ALERTS{{alertname="CTOutOfMemory",alertstate="firing",{only[1:]}'
        assert server.query(firing) == []
        with inside([ct], hold(100 * MIB)):
            wait_for("the alert", lambda: bool(server.query(firing)), 30)
        assert server.value(f"ct_memory_oom_kills_total{only}") >= 1
        assert server.value(f"ct_memory_peak_bytes{only}") <= 64 * MIB
        texts = [
            alert["annotations"]["summary"]
            for alert in server.get("/api/v1/alerts")["alerts"]
            if alert["labels"].get("ctid") == ct.ctid
        ]
        where = server.query('up{job="ct0"}')[0]["metric"]["instance"]
        assert f"Processes of {ct.name} on {where} were killed for want of memory" in texts


def test_stop_start_rename_and_remove(dockerd: Docker, server: Prometheus) -> None:
    """No series outlives what it is about, and CT0's counter knows nothing of it."""
    began = server.now()
    with limited(dockerd, "life1") as ct:
        only = f'{{ctid="{ct.ctid}"}}'
        names = f"count by (name) ({{__name__=~'ct_.+',ctid='{ct.ctid}'}})"
        state = f"ct_state{only} == 1"
        with inside([ct], BURN.format(seconds=2)) as running:
            wait_for("the CPU time to be used", lambda: running[0].poll() is not None, 60)
        server.now()
        first = server.value(f"ct_start_time_seconds{only}")

        call([*dockerd.command, "kill", ct.ctid])
        server.now()
        assert [each["metric"]["state"] for each in server.query(state)] == ["stopped"]
        for gone in ("ct_cpu_usage_seconds_total", "ct_memory_usage_bytes", "ct_tasks"):
            assert server.query(f"{gone}{only}") == []

        call([*dockerd.command, "start", ct.ctid])
        server.now()
        assert [each["metric"]["state"] for each in server.query(state)] == ["running"]
        assert server.value(f"ct_start_time_seconds{only}") > first
        assert server.value(f"ct_cpu_usage_seconds_total{only}") < 2

        call([*dockerd.command, "rename", ct.ctid, f"{ct.name}-new"])
        server.now()
        assert [each["metric"]["name"] for each in server.query(names)] == [f"{ct.name}-new"]
        call([*dockerd.command, "rename", ct.ctid, ct.name])
    ended = server.now()
    assert server.query(names) == []

    window = f"[{ended - began:.0f}s]"
    (own,) = server.query(f'ct_cpu_usage_seconds_total{{ctid="0"}}{window}', ended)
    steps = [
        (float(later) - float(value), moment - before)
        for (before, value), (moment, later) in zip(own["values"], own["values"][1:])
    ]
    assert len(steps) > 5
    cpus = server.value("ct_host_cpus")
    assert [step for step, _ in steps if step < 0] == []
    # Never more than the machine could do: 2 s of a stopped CT at once would be.
    assert [(step, seconds) for step, seconds in steps if step > cpus * seconds + 0.2] == []


def test_nothing_went_wrong_meanwhile(server: Prometheus, done: dict[str, Done]) -> None:
    window = f"[{time.time() - done['5 s of CPU'].began:.0f}s]"
    (up,) = server.query(f'up{{job="ct0"}}{window}')
    (lasted,) = server.query(f'scrape_duration_seconds{{job="ct0"}}{window}')
    seconds = {moment: float(value) for moment, value in lasted["values"]}
    missed = [moment for moment, value in up["values"] if value != "1"]
    # One that Prometheus gave up after its second is this machine's affair; an error is ours.
    assert [moment for moment in missed if seconds[moment] < 0.99] == []
    assert len(missed) < len(up["values"]) / 20
    failed = f"min_over_time(ct_scrape_collector_success{window}) == 0"
    assert server.query(failed) == []
    rules = [rule for group in server.get("/api/v1/rules")["groups"] for rule in group["rules"]]
    assert [(rule["name"], rule["lastError"]) for rule in rules if rule["health"] != "ok"] == []
    assert len(rules) > 30
    assert server.query("count by (__name__, ctid, engine) ({ctid!=''}) < 1") == []
    # Two series of a CT under different names would be a stale one.
    assert server.query("count by (ctid, engine) (ct_tasks) > 1") == []


@pytest.mark.parametrize(
    "record", ["ct:ct_cpu_usage_seconds:rate5m", "ct:ct_network_transmit_bytes:rate5m"]
)
def test_recording_rules_record(
    record: str, workers: dict[str, CT], server: Prometheus, done: dict[str, Done]
) -> None:
    for ct in workers.values():
        assert server.value(f"max_over_time({record}{selector(ct)}[5m])") > 0


def test_containers_are_discovered_by_their_addresses(server: Prometheus) -> None:
    """/sd of an exporter that reads the recorded OpenVZ host, through the shipped relabelling."""

    def found() -> dict[str, dict[str, str]]:
        targets = server.get("/api/v1/targets", state="active")["activeTargets"]
        return {
            each["discoveredLabels"]["__address__"]: each["labels"]
            for each in targets
            if each["scrapePool"] == "ct"
        }

    wait_for("the containers", lambda: len(found()) == 3, 15)
    assert sorted(found()) == ["10.1.0.101:9100", "10.1.0.102:9100", "10.1.0.103:9100"]
    assert found()["10.1.0.101:9100"] == {
        "job": "ct",
        "instance": "10.1.0.101:9100",
        "engine": "openvz",
        "ctid": "101",
        "name": "web1",
        "host": "ovzhost",
    }


def test_dashboards_are_answered(server: Prometheus, done: dict[str, Done]) -> None:
    """Every query of every panel; nothing comes only from those that filter, or that ask for what
    this machine does not have: OpenVZ's own, limits that no CT has now."""
    (up,) = server.query('up{job="ct0"}')
    there = {
        each["metric"]["__name__"] for each in server.query("count by (__name__) ({job='ct0'})")
    }
    answered = 0
    for query in sorted({query for _, panel in PAIRS for query in queries(panel)}):
        asked = substituted(query).replace("node1:9955", up["metric"]["instance"])
        if server.query(asked.replace('"101"', '".+"')):
            answered += 1
        elif metrics(query) <= there:
            assert any(word in query for word in (" > ", " == ", "unless")), query
    assert answered > 60
