"""One collector's trouble is its own; scrapes at once cost one; nothing stale is left."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Callable

import pytest

from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0_exporters import exporter as module
from ct0_exporters.collectors import COLLECTORS, Collector
from ct0_exporters.exporter import Exporter, UnknownCollector
from ct0_exporters.families import GAUGE, Family
from ct0_exporters.options import Options
from ct0_exporters.scrape import Scrape
from exposition import samples, value, values
from planted import plant


def made_up(name: str, add: Iterable[tuple[str, ...]] = ((),)) -> Family:
    family = Family(name, GAUGE, "Help.", ("x",) * bool(next(iter(add))))
    for each in add:
        family.add(each, 1)
    return family


@pytest.fixture
def collectors(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Options]:
    """collectors(a=function, ...): the only ones there are; returns options with all of them."""

    def install(timeout: float = 5.0, **functions: Callable[[Scrape], Iterator[Family]]) -> Options:
        table = {name: Collector(each, (), True, "") for name, each in functions.items()}
        monkeypatch.setattr(module, "COLLECTORS", table)
        return Options(collectors=tuple(table), timeout=timeout)

    return install


@pytest.fixture
def empty(tmp_path: Path) -> Host:
    """A host without containers."""
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/1/status").write_text("Name:\tinit\nPid:\t1\nUid:\t0\t0\t0\t0\nNSpid:\t1\n")
    (tmp_path / "proc/1/cgroup").write_text("0::/init.scope\n")
    (tmp_path / "proc/1/stat").write_text("1 (init) S 0 1 1 0 -1 0" + " 0" * 40 + "\n")
    (tmp_path / "proc/1/cmdline").write_text("/sbin/init\0")
    return Host(str(tmp_path))


def scrape(exporter: Exporter, collect: frozenset[str] | None = None) -> str:
    return exporter.metrics(collect)[0].decode()


def good(scrape: Scrape) -> Iterator[Family]:
    yield made_up("ct_good")


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waits(thread: threading.Thread) -> bool:
    """Whether a thread is in the wait() of an event."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code is threading.Event.wait.__code__:
            return True
        frame = frame.f_back
    return False


def test_a_collector_that_fails_costs_its_own_metrics(
    collectors: Callable[..., Options], empty: Host, caplog: pytest.LogCaptureFixture
) -> None:
    def bad(scrape: Scrape) -> Iterator[Family]:
        yield made_up("ct_before")
        raise ValueError("no")

    exporter = Exporter(empty, collectors(bad=bad, good=good))
    text = scrape(exporter)
    assert value(text, "ct_good") == 1
    assert value(text, "ct_before") == 1  # it was whole when the trouble came
    assert value(text, "ct_scrape_collector_success", collector="bad") == 0
    assert value(text, "ct_scrape_collector_success", collector="good") == 1
    assert "collector bad: ValueError: no" in caplog.messages


@pytest.mark.parametrize(
    ("error", "success"),
    [
        pytest.param(Unavailable("no such file"), [], id="not offered"),
        pytest.param(Malformed("/proc/x", "y"), [0], id="malformed"),
        pytest.param(PermissionError(13, "no"), [0], id="no right"),
    ],
)
def test_success_is_about_what_there_is(
    collectors: Callable[..., Options], empty: Host, error: Exception, success: list[float]
) -> None:
    def raises(scrape: Scrape) -> Iterator[Family]:
        raise error
        yield

    text = scrape(Exporter(empty, collectors(raises=raises)))
    assert values(text, "ct_scrape_collector_success", collector="raises") == success
    assert len(values(text, "ct_scrape_collector_duration_seconds", collector="raises")) == len(
        success
    )


def test_what_may_not_be_read_is_no_success(
    collectors: Callable[..., Options], empty: Host
) -> None:
    def denied(scrape: Scrape) -> Iterator[Family]:
        raise Unavailable("/proc/user_beancounters: denied") from PermissionError(13, "no")
        yield

    text = scrape(Exporter(empty, collectors(denied=denied)))
    assert value(text, "ct_scrape_collector_success", collector="denied") == 0


def test_trouble_is_logged_when_it_begins_and_when_it_ends(
    collectors: Callable[..., Options], empty: Host, caplog: pytest.LogCaptureFixture
) -> None:
    trouble: list[str] = []

    def moody(scrape: Scrape) -> Iterator[Family]:
        if trouble:
            raise Malformed(trouble[0], "")
        yield made_up("ct_x")

    caplog.set_level(logging.WARNING)
    exporter = Exporter(empty, collectors(moody=moody))
    for now in ([], ["/a"], ["/a"], ["/b"], [], []):
        trouble[:] = now
        scrape(exporter)
    assert [message.partition(": ")[2] for message in caplog.messages] == [
        "/a: cannot read ''",
        "/b: cannot read ''",
        "all right again",
    ]


def test_a_stuck_collector_costs_its_own_metrics_and_no_more_threads(
    collectors: Callable[..., Options], empty: Host
) -> None:
    release = threading.Event()
    runs: list[str] = []

    def stuck(scrape: Scrape) -> Iterator[Family]:
        runs.append("stuck")
        release.wait()
        yield made_up("ct_stuck")

    exporter = Exporter(empty, collectors(timeout=2, stuck=stuck, good=good))
    text = scrape(exporter)  # would not end before it is released
    assert value(text, "ct_good") == 1
    assert value(text, "ct_scrape_collector_success", collector="stuck") == 0
    assert value(text, "ct_scrape_collector_duration_seconds", collector="stuck") >= 2
    assert values(text, "ct_stuck") == []

    threads = threading.active_count()
    begin = time.monotonic()
    for _ in range(10):
        assert value(scrape(exporter), "ct_good") == 1
    # It is late already: nobody waits for it once more.
    assert time.monotonic() - begin < 10 * 2
    assert runs == ["stuck"]
    assert threading.active_count() <= threads

    release.set()
    eventually(lambda: values(scrape(exporter), "ct_stuck") == [1])
    assert runs == ["stuck", "stuck"]


def test_scrapes_at_the_same_time_are_one(collectors: Callable[..., Options], empty: Host) -> None:
    runs: list[str] = []
    release = threading.Event()

    def slow(scrape: Scrape) -> Iterator[Family]:
        runs.append("slow")
        release.wait()
        yield made_up("ct_slow")

    exporter = Exporter(empty, collectors(timeout=60, slow=slow))
    texts: list[str] = []
    threads = [threading.Thread(target=lambda: texts.append(scrape(exporter))) for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: all(map(waits, threads)))
    release.set()
    for thread in threads:
        thread.join()
    assert runs == ["slow"]
    assert [value(text, "ct_slow") for text in texts] == [1] * 4
    scrape(exporter)
    assert runs == ["slow", "slow"]


def test_a_collector_that_repeats_a_series_is_refused(
    collectors: Callable[..., Options], empty: Host
) -> None:
    def doubled(scrape: Scrape) -> Iterator[Family]:
        yield made_up("ct_x", [("a",), ("a",)])

    text = scrape(Exporter(empty, collectors(doubled=doubled, good=good)))
    assert values(text, "ct_x") == []
    assert value(text, "ct_scrape_collector_success", collector="doubled") == 0
    assert value(text, "ct_good") == 1


def test_a_family_of_two_collectors_is_the_first_ones(
    collectors: Callable[..., Options], empty: Host, caplog: pytest.LogCaptureFixture
) -> None:
    text = scrape(Exporter(empty, collectors(one=good, other=good)))
    assert values(text, "ct_good") == [1]
    assert "collector other: ct_good is another's already" in caplog.messages


def test_collect_names_the_collectors_wanted(
    collectors: Callable[..., Options], empty: Host
) -> None:
    def other(scrape: Scrape) -> Iterator[Family]:
        yield made_up("ct_other")

    exporter = Exporter(empty, collectors(good=good, other=other))
    assert values(scrape(exporter, frozenset({"other"})), "ct_good") == []
    assert values(scrape(exporter, frozenset({"other"})), "ct_other") == [1]
    with pytest.raises(UnknownCollector, match="nosuch"):
        exporter.metrics(frozenset({"nosuch"}))


def test_a_host_without_proc_has_a_failed_scrape_and_no_traceback(tmp_path: Path) -> None:
    options = Options(collectors=tuple(COLLECTORS))
    text = scrape(Exporter(Host(str(tmp_path)), options))
    assert value(text, "ct_scrape_collector_success", collector="containers") == 0
    assert {name for name, _ in samples(text)} <= {
        "ct_scrape_collector_success",
        "ct_scrape_collector_duration_seconds",
        "ct_exporter_build_info",
    }


def test_an_engines_folder_that_cannot_be_listed_fails_identity(tmp_path: Path) -> None:
    """Stopped CTs may be missing; what is told of the others is good."""
    root = plant("openvz6", tmp_path / "host")
    (root / "etc/pve").mkdir(parents=True)
    (root / "etc/pve/lxc").symlink_to("lxc")
    text = scrape(Exporter(Host(str(root)), Options(collectors=("identity",))))
    assert value(text, "ct_scrape_collector_success", collector="identity") == 0
    assert value(text, "ct_state", ctid="101", state="running") == 1
