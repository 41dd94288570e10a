"""CTs stop, restart, are renamed and deleted between scrapes."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

import pytest

from ct0.container import CT
from ct0.host import Host
from ct0.inventory import Inventory
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.exporter import Exporter
from ct0_exporters.options import Options
from exposition import faults, samples, value, values
from generated import MOUNT, config, files2, generate, write
from planted import process


class Node:
    """A generated host of version 2 with ct1 to ct3, whose clock and CPUs the test drives."""

    def __init__(self, root: Path) -> None:
        self.root = generate(root, 2, 3)
        collectors = tuple(name for name, each in COLLECTORS.items() if each.default)
        self.exporter = Exporter(Host(str(root)), Options(collectors=collectors))
        self.machine = 10_000.0  # seconds of CPU
        self.used = dict.fromkeys(("ct1", "ct2", "ct3"), 1000.0)
        self.cpu()

    def cpu(self, own: float = 0.0, **cts: float) -> None:
        """CT0 and its CTs use so many seconds more."""
        self.machine += own + sum(cts.values())
        user = round(self.machine * 100)
        write(
            self.root, "/proc/stat", f"cpu  {user} 0 0 9 0 0 0 0\ncpu0 1 1 1 1\nbtime 1700000000\n"
        )
        for name, seconds in cts.items():
            self.used[name] += seconds
        for name, seconds in self.used.items():
            text = f"usage_usec {round(seconds * 1e6)}\nuser_usec 0\nsystem_usec 0\n"
            write(self.root, f"{MOUNT}/lxc.payload.{name}/cpu.stat", text)

    def stop(self, name: str, pid: int) -> None:
        shutil.rmtree(self.root / f"proc/{pid}")
        shutil.rmtree(Path(f"{self.root}{MOUNT}/lxc.payload.{name}"))
        del self.used[name]

    def start(self, name: str, pid: int) -> None:
        outer = f"/lxc.payload.{name}"
        for file, text in files2(1).items():
            write(self.root, f"{MOUNT}{outer}/{file}", text)
        write(self.root, f"{MOUNT}{outer}/init.scope/cgroup.procs", f"{pid}\n")
        cgroup, namespace = f"0::{outer}/init.scope\n", f"pid:[{pid}]"
        process(self.root, pid, cgroup=cgroup, nspid=f"{pid} 1", namespace=namespace)
        self.used[name] = 0.0

    def scrape(self) -> str:
        text = self.exporter.metrics()[0].decode()
        assert faults(text) == []
        assert set(values(text, "ct_scrape_collector_success")) == {1}
        return text


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "node")


def cts(text: str) -> set[str]:
    labels = [dict(labels) for _, labels in samples(text)]
    return {each["ctid"] for each in labels if each.get("engine") == "lxc" and "ctid" in each}


def state(text: str, ctid: str) -> str:
    (found,) = [
        dict(labels)["state"]
        for (name, labels), number in samples(text).items()
        if name == "ct_state" and ("ctid", ctid) in labels and number == 1
    ]
    return found


def own(text: str) -> float:
    return value(text, "ct_cpu_usage_seconds_total", engine="host", ctid="0", name="node1")


def test_a_stopped_ct_keeps_its_state_and_nothing_else(node: Node) -> None:
    assert values(node.scrape(), "ct_tasks", ctid="ct2") == [42]
    node.stop("ct2", 1002)
    text = node.scrape()
    assert state(text, "ct2") == "stopped"
    names = {name for name, labels in samples(text) if ("ctid", "ct2") in labels}
    assert names == {"ct_info", "ct_state", "ct_autostart"}
    assert values(text, "ct_tasks", ctid="ct1") == [42]


def test_a_deleted_ct_leaves_no_series(node: Node) -> None:
    node.scrape()
    node.stop("ct2", 1002)
    shutil.rmtree(node.root / "var/lib/lxc/ct2")
    text = node.scrape()
    assert cts(text) == {"ct1", "ct3", "old1"}
    assert value(text, "ct_scrape_containers", engine="lxc") == 3


def test_cts_that_cannot_be_listed_have_figures_and_no_state(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the last list are read once more; that they still run would be a wrong OK."""
    node.scrape()
    node.stop("ct2", 1002)

    def fail(self: Inventory) -> list[CT]:
        raise OSError("/var/lib/docker/containers: Stale file handle")

    monkeypatch.setattr(Inventory, "containers", fail)
    text = node.exporter.metrics()[0].decode()
    assert faults(text) == []
    assert value(text, "ct_scrape_collector_success", collector="containers") == 0
    assert {dict(labels)["ctid"] for name, labels in samples(text) if name == "ct_tasks"} == {
        "ct1",
        "ct3",
    }
    about = {"ct_state", "ct_info", "ct_start_time_seconds", "ct_host_containers"}
    assert {name for name, _ in samples(text)}.isdisjoint({*about, "ct_scrape_containers"})

    monkeypatch.undo()
    assert state(node.scrape(), "ct2") == "stopped"


def test_a_renamed_ct_has_series_of_one_name(node: Node) -> None:
    node.scrape()
    write(node.root, "/var/lib/lxc/ct2/config", config("called"))
    text = node.scrape()
    names = {dict(labels)["name"] for _, labels in samples(text) if ("ctid", "ct2") in labels}
    assert names == {"called"}


def test_cts_come_and_go_and_ct0s_counter_does_not_jump(node: Node) -> None:
    """CT0 uses 2 seconds between scrapes, each CT 5; what a CT used before is no part of it."""
    totals = [own(node.scrape())]

    def step(**used: float) -> None:
        time.sleep(0.05)
        node.cpu(2.0, **used)
        totals.append(own(node.scrape()))

    step(ct1=5, ct2=5, ct3=5)
    step(ct1=5, ct2=5, ct3=5)
    node.stop("ct2", 1002)
    step(ct1=5, ct3=5)
    step(ct1=5, ct3=5)
    node.start("ct2", 2002)
    step(ct1=5, ct2=5, ct3=5)
    step(ct1=5, ct2=5, ct3=5)
    node.stop("ct1", 1001)
    shutil.rmtree(node.root / "var/lib/lxc/ct1")
    node.stop("ct3", 1003)
    node.start("ct3", 2003)
    step(ct2=5, ct3=1)
    step(ct2=5, ct3=5)

    steps = [after - before for before, after in zip(totals, totals[1:])]
    assert totals[0] == 0
    # An uncertain interval is held to the rate before it, and may be a longer one: a busy machine
    # sleeps as long as it likes. A CT's thousand seconds would show all the same.
    assert all(0 <= each <= 100 for each in steps), steps
    assert steps[0] == pytest.approx(2, abs=0.02)
    assert steps[3] == pytest.approx(2, abs=0.02)
    assert steps[-1] == pytest.approx(2, abs=0.02)


def test_the_sum_over_everything_is_the_machine(node: Node) -> None:
    first = node.scrape()
    time.sleep(0.02)
    node.cpu(7.0, ct1=5, ct2=3, ct3=1)
    second = node.scrape()
    total = [sum(values(text, "ct_cpu_usage_seconds_total")) for text in (first, second)]
    assert total[1] - total[0] == pytest.approx(16, abs=0.02)


def test_cts_that_are_not_shown_are_not_ct0s_either(node: Node) -> None:
    shown = Options(collectors=("cpu",), include=re.compile("ct1"))
    node.exporter = Exporter(Host(str(node.root)), shown)
    node.scrape()
    time.sleep(0.02)
    node.cpu(7.0, ct1=5, ct2=3, ct3=1)
    text = node.scrape()
    assert cts(text) == {"ct1"}
    assert own(text) == pytest.approx(7, abs=0.02)
