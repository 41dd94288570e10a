"""Whole scrapes of recorded hosts and of one generated host with everything, as they are served.

Renewed with --update-golden; read the difference.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from ct0.host import Host
from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.collectors import scrape as about
from ct0_exporters.exporter import Exporter
from ct0_exporters.options import Options
from ct0_exporters.render import OPENMETRICS
from exposition import faults, samples, value, values
from generated import generate

DEFAULT = tuple(name for name, each in COLLECTORS.items() if each.default)
ALL = tuple(COLLECTORS)
RECORDED = ("openvz6", "debian12-docker", "debian12-lxc", "debian12-nspawn")
GENERATED = {"generated-v1": 1, "generated-v2": 2}

Scraped = Callable[..., str]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = generate(tmp_path_factory.mktemp("host") / name, GENERATED[name], 2)
        return made[name]

    return get


@pytest.fixture
def scraped(host: Callable[[str], Path], generated: Callable[[str], Path]) -> Scraped:
    def get(name: str, collectors: tuple[str, ...] = DEFAULT, accept: str = "") -> str:
        root = generated(name) if name in GENERATED else host(name)
        exporter = Exporter(Host(str(root)), Options(collectors=collectors), lasting=False)
        return exporter.metrics(accept=accept)[0].decode()

    return get


def steady(text: str) -> str:
    """Without what differs from run to run."""
    text = re.sub(r"(ct_scrape_collector_duration_seconds\{.*\}) \S+", r"\1 0.01", text)
    return re.sub(r"(ct_exporter_build_info)\{.*\}", r'\1{python="3",version="0"}', text)


@pytest.mark.parametrize("name", [*RECORDED, *GENERATED])
def test_scrape(name: str, scraped: Scraped, golden: Callable[[str, str], None]) -> None:
    golden(f"{name}.prom", steady(scraped(name, ALL if name in GENERATED else DEFAULT)))


@pytest.mark.parametrize("name", [*RECORDED, *GENERATED])
def test_every_collector_succeeds(name: str, scraped: Scraped) -> None:
    text = scraped(name)
    assert set(values(text, "ct_scrape_collector_success")) == {1}
    assert faults(text) == []


@pytest.mark.parametrize("name", [*RECORDED, *GENERATED])
def test_openmetrics_has_the_same_series(name: str, scraped: Scraped) -> None:
    text, other = steady(scraped(name)), steady(scraped(name, accept=OPENMETRICS))
    assert other.endswith("# EOF\n")
    assert samples(other) == samples(text)


@pytest.mark.parametrize("name", [*RECORDED, *GENERATED])
def test_promtool_finds_nothing(name: str, scraped: Scraped) -> None:
    tool = shutil.which("promtool")
    if tool is None:
        pytest.skip("no promtool here: it is in the package prometheus")
    text = scraped(name, ALL if name in GENERATED else DEFAULT)
    done = subprocess.run([tool, "check", "metrics"], input=text, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_generated_hosts_show_every_family(scraped: Scraped) -> None:
    """Whatever a collector says it has, some golden scrape has."""
    shown = {name for host in (*GENERATED, "openvz6") for name, _ in samples(scraped(host, ALL))}
    said = {metric.name for each in COLLECTORS.values() for metric in each.metrics}
    said |= {metric.name for metric in about.METRICS}
    # The recorded node's kernel has neither venetstat nor cpu.proc.loadavg.
    unseen = {"ct_venet_receive_bytes_total", "ct_venet_transmit_bytes_total"}
    assert said - shown == unseen | {"ct_load1", "ct_load5", "ct_load15"}


@pytest.mark.parametrize(
    ("name", "labels", "wanted"),
    [
        # vestat: `101 1857 0 727 ...`, in jiffies of HZ 1000.
        ("ct_cpu_mode_seconds_total", {"ctid": "101", "mode": "user"}, 1.857),
        ("ct_cpu_mode_seconds_total", {"ctid": "101", "mode": "system"}, 0.727),
        # vestat: used 3060044916, in nanoseconds.
        ("ct_cpu_usage_seconds_total", {"ctid": "101"}, 3.060044916),
        # user_beancounters: `103: ... numproc 4 ... 16 16 0`.
        ("ct_tasks", {"ctid": "103"}, 4),
        ("ct_tasks_limit", {"ctid": "103"}, 16),
        # vzquota: `1k-blocks 102724 2097152`, `inodes 2649 131072`.
        ("ct_filesystem_used_bytes", {"ctid": "101"}, 102724 * 1024),
        ("ct_filesystem_size_bytes", {"ctid": "101"}, 2097152 * 1024),
        ("ct_filesystem_files_free", {"ctid": "101"}, 131072 - 2649),
        # /proc/bc/101/ioprio: `prio: 4`.
        ("ct_block_priority", {"ctid": "101"}, 4),
    ],
)
def test_openvz(scraped: Scraped, name: str, labels: dict[str, str], wanted: float) -> None:
    assert value(scraped("openvz6"), name, engine="openvz", **labels) == wanted


def test_every_beancounter_of_the_record_is_a_series(
    scraped: Scraped, host: Callable[[str], Path]
) -> None:
    text = scraped("openvz6")
    uid, rows = "", 0
    for line in (host("openvz6") / "proc/user_beancounters").read_text().split("\n")[2:]:
        words = line.split()
        if words and words[0].endswith(":"):
            uid = words.pop(0)[:-1]
        if not words or words[0] == "dummy":
            continue
        rows += 1
        resource, *numbers = words
        engine = "host" if uid == "0" else "openvz"
        for kind, number in zip(("held", "maxheld", "barrier", "limit"), numbers):
            unlimited = number == "9223372036854775807"
            got = values(text, f"ct_beancounter_{kind}", engine=engine, ctid=uid, resource=resource)
            assert got == ([] if unlimited else [float(number)]), (uid, resource, kind)
        failures = value(
            text, "ct_beancounter_failures_total", engine=engine, ctid=uid, resource=resource
        )
        assert failures == float(numbers[4])
    assert rows == 20 * 4
