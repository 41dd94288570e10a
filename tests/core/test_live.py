"""Rates are of one run of one container; CT0's own share never jumps."""

from __future__ import annotations

import math
import threading
from pathlib import Path
from typing import Callable

import pytest

from ct0.container import CT, STOPPED
from ct0.host import Host
from ct0.live import POINTS, Live, Rate, Row, View
from live_host import HOSTILE, LiveHost, stopped_clock


@pytest.fixture
def node(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LiveHost:
    return LiveHost(tmp_path, stopped_clock(monkeypatch))


@pytest.fixture
def live(node: LiveHost) -> Live:
    return Live(node.host, lambda: list(node.cts), patience=1e9)


def row(view: View, name: str) -> Row:
    (found,) = [row for row in view.rows if row.name == name]
    return found


def test_rates_are_of_the_time_between_two_looks(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    node.uses(web, 100, received=5000, sent=100, waiting=1, throttled=3)
    live.look()
    node.later(10)
    node.uses(web, 115, received=6000, sent=150, waiting=2, throttled=8)
    found = row(live.look(), "web1")
    assert found.cpus == pytest.approx(1.5)
    assert found.receive == pytest.approx(100)
    assert found.transmit == pytest.approx(5)
    assert found.waiting.cpu == pytest.approx(0.1)
    assert found.waiting.io is None
    assert found.throttled == pytest.approx(0.5)


def test_what_it_has_is_known_at_the_first_look(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    node.uses(web, 100, memory=200 << 20, limit=str(512 << 20), oom=2)
    found = row(live.look(), "web1")
    assert (found.memory, found.working_set) == (250 << 20, 200 << 20)
    assert (found.memory_limit, found.cpus_limit) == (512 << 20, math.inf)
    assert (found.oom_kills, found.fails, found.tasks) == (2, 14, 12)
    assert found.up_seconds == 5000 - 10


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"pid": 77}, id="another init"),
        pytest.param({"pid": 10, "later": 60.0}, id="the same PID for another init"),
    ],
)
def test_a_restarted_container_shows_no_spike(
    node: LiveHost, live: Live, again: dict[str, float]
) -> None:
    web = node.ct("web1", 10)
    node.uses(web, 5, received=10)
    live.look()
    node.later(1)
    assert row(live.look(), "web1").cpus == 0.0
    node.later(1)
    web = node.ct("web1", int(again["pid"]))
    node.cts = [web._replace(started=web.started + again.get("later", 0.0))]
    node.uses(web, 900, received=10**9)
    found = row(live.look(), "web1")
    assert (found.cpus, found.receive, found.cpu_history) == (None, None, ())
    node.later(1)
    node.uses(web, 901, received=10**9)
    assert row(live.look(), "web1").cpus == pytest.approx(1.0)


def test_start_times_of_old_kernels_may_move_by_a_second(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    live.look()
    node.later(1)
    node.cts = [web._replace(started=web.started + 1)]
    assert row(live.look(), "web1").cpus == 0.0


def test_a_counter_set_anew_gives_no_rate(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    node.uses(web, 50)
    live.look()
    node.later(1)
    node.uses(web, 1)
    assert row(live.look(), "web1").cpus is None


def test_ct0_is_what_its_containers_do_not_use(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    node.machine(1000)
    live.look()
    node.later(10)
    node.machine(1016)
    node.uses(web, 12)
    view = live.look()
    assert view.total.cpus == pytest.approx(1.6)
    assert view.own.cpus == pytest.approx(0.4)
    assert view.own.working_set == (2 << 30) - (100 << 20)
    assert view.own.tasks == 130 - 12
    assert view.total.memory_limit == 8 << 30


@pytest.mark.parametrize("ending", ["gone", "stopped", "restarted"])
def test_ct0_does_not_jump_when_a_container_ends(node: LiveHost, live: Live, ending: str) -> None:
    web = node.ct("web1", 10)
    node.uses(web, 5000)
    node.machine(6000)
    live.look()
    node.later(10)
    node.machine(6001)
    assert live.look().own.cpus == pytest.approx(0.1)
    node.later(10)
    node.machine(6011)  # ten seconds of CPU that were the container's
    if ending == "gone":
        node.cts = []
    else:
        node.ct("web1", 20, state=STOPPED if ending == "stopped" else "running")
    assert live.look().own.cpus == pytest.approx(0.1)


def test_a_container_that_just_started_is_not_ct0s(node: LiveHost, live: Live) -> None:
    live.look()
    node.later(10)
    node.machine(8)
    node.uses(node.ct("web1", 10), 7)
    assert live.look().own.cpus == pytest.approx(0.1)


def test_stopped_containers_have_no_figures(node: LiveHost, live: Live) -> None:
    node.ct("old", 10, state=STOPPED)
    found = row(live.look(), "old")
    assert found == Row("lxc", "old", "old", "stopped")


def test_a_container_that_cannot_be_read_costs_its_own_figures(node: LiveHost, live: Live) -> None:
    node.ct("web1", 10)
    broken = node.ct("broken", 11)
    (node.root / f"sys/fs/cgroup{broken.cgroups['']}/memory.current").write_text("x")
    view = live.look()
    assert row(view, "broken").memory is None
    assert row(view, "broken").tasks == 12
    assert row(view, "web1").memory is not None


def test_names_are_cleaned(node: LiveHost, live: Live) -> None:
    node.cts = [CT("lxc", "a\x1b[2J", "b\n\u202eevil\udcff", "stopped")]
    (found,) = live.look().rows
    assert (found.ctid, found.name) == ("a?[2J", "b??evil?")


def test_printable_names_are_kept(node: LiveHost, live: Live) -> None:
    node.ct(HOSTILE, 10)
    assert row(live.look(), HOSTILE).ctid == "ct10"


def test_histories_have_an_end_and_go_with_their_container(node: LiveHost, live: Live) -> None:
    web = node.ct("web1", 10)
    for number in range(POINTS + 5):
        node.uses(web, number)
        view = live.look()
        node.later(1)
    history = row(view, "web1").cpu_history
    assert len(history) == POINTS
    assert [value for _, value in history] == pytest.approx([1.0] * POINTS)
    node.cts = []
    live.look()
    node.cts = [web]
    assert row(live.look(), "web1").cpu_history == ()


def test_a_view_is_shared_for_a_while(node: LiveHost) -> None:
    looks: list[int] = []

    def listed() -> list[CT]:
        looks.append(1)
        return []

    live = Live(node.host, listed, minimum=1.0, patience=60.0)
    first = live.look()
    node.later(0.9)
    threads = [threading.Thread(target=live.look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert live.look() is first
    assert len(looks) == 2  # the first two, that rates need
    node.later(0.2)
    assert live.look() is not first
    assert len(looks) == 3


def test_after_a_long_time_rates_are_of_now(node: LiveHost) -> None:
    web = node.ct("web1", 10)
    live = Live(node.host, lambda: node.cts, patience=60.0)
    live.look()
    node.later(3600)
    node.uses(web, 3600)
    assert row(live.look(), "web1").cpus is None  # two looks at one moment of the stopped clock


def test_unwanted_containers_are_not_ct0s_either(node: LiveHost) -> None:
    web = node.ct("web1", 10)
    live = Live(node.host, lambda: node.cts, lambda ct: ct.name != "web1", patience=1e9)
    live.look()
    node.later(10)
    node.machine(10)
    node.uses(web, 9)
    view = live.look()
    assert view.rows == []
    assert view.own.cpus == pytest.approx(0.1)


def test_openvz_as_recorded(host: Callable[[str], Path]) -> None:
    view = Live(Host(str(host("openvz6")))).look()
    assert [r.ctid for r in view.rows] == ["101", "102", "103", "104"]
    web = view.rows[0]
    assert (web.name, web.tasks, web.tasks_limit, web.fails) == ("web1", 6, 240, 0)
    assert web.memory == 4609 * 4096
    assert web.waiting == (None, None, None)
    assert view.own.fails == 0
    assert view.machine.name == "ovzhost"


def test_this_machine() -> None:
    view = Live(Host()).look(0.05)
    assert view.total.cpus is not None
    assert 0 <= view.total.cpus <= view.machine.cpus * 1.5
    assert view.own.cpus is not None
    assert view.own.cpus <= view.total.cpus
    assert view.seconds < 30


@pytest.mark.parametrize(
    ("before", "after", "rate"),
    [(0, 10, 5.0), (None, 1, None), (1, None, None), (2, 1, None), (3, 3, 0.0)],
)
def test_rate(before: float | None, after: float | None, rate: float | None) -> None:
    assert Rate(2.0)(before, after) == rate


def test_no_time_between_two_looks_gives_no_rate() -> None:
    assert Rate(0.0)(1, 2) is None


def test_a_share_is_never_more_than_all_the_time() -> None:
    assert Rate(1.0).share(0, 1.01) == 1.0
