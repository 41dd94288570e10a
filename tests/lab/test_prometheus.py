"""A real Prometheus scrapes the real exporter, and says through PromQL what containers did.

LXC, Docker, Podman and nspawn CTs each do known work; nspawn's is moved to the cgroup machined
would have given it. Then a CT is stopped, started, renamed and removed between two scrapes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporters.test_grafana import PAIRS, queries, substituted
from planted import plant
from promql import metrics

from .command import call, wait_for
from .ct import CT
from .docker import Docker, DockerCT
from .figures import (
    FIGURES,
    Done,
    all_done,
    assert_known,
    assert_nothing_wrong,
    assert_sound,
    selector,
)
from .nspawn import nspawn_ct
from .prometheus import Prometheus, exporter, prometheus
from .run import Run
from .work import BURN, MIB, count_block_io, hold, inside, own_cgroup, started

ENGINES = ("lxc", "docker", "podman", "nspawn")


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
    return all_done(run, list(workers.values()), server)


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("engine", ENGINES)
def test_prometheus_says_what_the_ct_did(
    engine: str, name: str, workers: dict[str, CT], server: Prometheus, done: dict[str, Done]
) -> None:
    assert_known(server, name, workers[engine], done[name])


@pytest.mark.parametrize("engine", ENGINES)
def test_identity_and_start(engine: str, workers: dict[str, CT], server: Prometheus) -> None:
    ct = workers[engine]
    now = server.now()
    (state,) = server.query(f"ct_state{selector(ct)} == 1", now)
    assert (state["metric"]["state"], state["metric"]["name"]) == ("running", ct.name)
    assert server.value(f"ct_start_time_seconds{selector(ct)}", now) == pytest.approx(
        started(ct), abs=0.02
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
        now = server.now()
        assert server.value(f"ct_memory_limit_bytes{only}", now) == 64 * MIB
        assert server.value(f"ct_memory_oom_kills_total{only}", now) == 0
        firing = f'ALERTS{{alertname="CTOutOfMemory",alertstate="firing",{only[1:]}'
        assert server.query(firing) == []
        with inside([ct], hold(100 * MIB)):
            wait_for("the alert", lambda: bool(server.query(firing)), 120)
        now = server.now()
        assert server.value(f"ct_memory_oom_kills_total{only}", now) >= 1
        assert server.value(f"ct_memory_peak_bytes{only}", now) <= 64 * MIB
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
        with inside([ct], BURN.format(seconds=4)) as running:
            wait_for("the CPU time to be used", lambda: running[0].poll() is not None, 120)
        now = server.now()
        first = server.value(f"ct_start_time_seconds{only}", now)

        call([*dockerd.command, "kill", ct.ctid])
        now = server.now()
        assert [each["metric"]["state"] for each in server.query(state, now)] == ["stopped"]
        for gone in ("ct_cpu_usage_seconds_total", "ct_memory_usage_bytes", "ct_tasks"):
            assert server.query(f"{gone}{only}", now) == []

        call([*dockerd.command, "start", ct.ctid])
        now = server.now()
        assert [each["metric"]["state"] for each in server.query(state, now)] == ["running"]
        assert server.value(f"ct_start_time_seconds{only}", now) > first
        assert server.value(f"ct_cpu_usage_seconds_total{only}", now) < 4

        call([*dockerd.command, "rename", ct.ctid, f"{ct.name}-new"])
        now = server.now()
        assert [each["metric"]["name"] for each in server.query(names, now)] == [f"{ct.name}-new"]
        call([*dockerd.command, "rename", ct.ctid, ct.name])
    # containerd tidies up behind Docker's back.
    wait_for("the last series to go", lambda: not server.query(names, server.now()), 120)
    assert_sound(server, began, server.now())


def test_nothing_went_wrong_meanwhile(server: Prometheus, done: dict[str, Done]) -> None:
    assert_nothing_wrong(server, done["5 s of CPU"].began)


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
    now = server.now()
    (up,) = server.query('up{job="ct0"}', now)
    all_names = server.query("count by (__name__) ({job='ct0'})", now)
    there = {each["metric"]["__name__"] for each in all_names}
    answered = 0
    for query in sorted({query for _, panel in PAIRS for query in queries(panel)}):
        asked = substituted(query).replace("node1:9955", up["metric"]["instance"])
        if server.query(asked.replace('"101"', '".+"'), now):
            answered += 1
        elif metrics(query) <= there:
            assert any(word in query for word in (" > ", " == ", "unless")), query
    assert answered > 60
