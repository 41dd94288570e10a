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
        # user_beancounters: `103: ... numproc 4 ... 16 16 0`.
        ("ct_tasks", {"ctid": "103"}, 4),
        ("ct_tasks_limit", {"ctid": "103"}, 16),
    ],
)
def test_openvz(scraped: Scraped, name: str, labels: dict[str, str], wanted: float) -> None:
    assert value(scraped("openvz6"), name, engine="openvz", **labels) == wanted


PAGE, KIB = 4096, 1024
# Every series of CT 101 but its beancounters -> what its line in tests/hosts/openvz6 says.
TRACED = {
    # /etc/vz/conf/101.conf: NAME="web1"; /proc/92/cgroup: memory:/101.
    "ct_info config=/etc/vz/conf/101.conf cgroup=/101": 1,
    # Processes are in it.
    "ct_state state=running": 1,
    "ct_state state=frozen": 0,
    "ct_state state=stopped": 0,
    "ct_state state=suspended": 0,
    "ct_state state=mounted": 0,
    # /proc/stat: btime 1795390145; /proc/92/stat, VPid 1: starttime 339.
    "ct_start_time_seconds": 1795390145 + 3.39,
    # 101.conf: ONBOOT="yes".
    "ct_autostart": 1,
    # /proc/vz/vestat: used 3060044916, user 1857, nice 0, system 727 (jiffies, HZ 1000).
    "ct_cpu_usage_seconds_total": 3.060044916,
    "ct_cpu_mode_seconds_total mode=user": 1.857,
    "ct_cpu_mode_seconds_total mode=nice": 0,
    "ct_cpu_mode_seconds_total mode=system": 0.727,
    # ... maxlat 0, totlat 0.
    "ct_sched_latency_max_seconds": 0,
    "ct_sched_latency_seconds_total": 0,
    # /proc/vz/fairsched/101/cpu.stat: nr_periods 0, nr_throttled 0, throttled_time 0.
    "ct_cpu_periods_total": 0,
    "ct_cpu_throttled_periods_total": 0,
    "ct_cpu_throttled_seconds_total": 0,
    # cpu.shares 1024; CPUUNITS="1000". cpu.rate 0 and cpu.nr_cpus 0: no limit, all of the machine.
    "ct_cpu_shares": 1024,
    "ct_cpu_units": 1000,
    "ct_cpu_online_cpus": 2,
    # /proc/bc/101/resources: physpages 4609 6121 0 9223372036854775807 0: unlimited, no limit.
    "ct_memory_usage_bytes": 4609 * PAGE,
    "ct_memory_peak_bytes": 6121 * PAGE,
    "ct_memory_limit_hits_total": 0,
    # kmemsize 842330; oomguarpages 948 948 26112 9223372036854775807 0; swappages 0, unlimited.
    "ct_memory_kernel_bytes": 842330,
    "ct_memory_guarantee_bytes": 26112 * PAGE,
    "ct_memory_oom_kills_total": 0,
    "ct_memory_swap_usage_bytes": 0,
    # /proc/bc/101/meminfo: Inactive(file) 12728, AnonPages 3792, Cached 13820, Shmem 0,
    # SReclaimable 276, Dirty 24 kB.
    "ct_memory_working_set_bytes": 4609 * PAGE - 12728 * KIB,
    "ct_memory_anon_bytes": 3792 * KIB,
    "ct_memory_file_bytes": 13820 * KIB,
    "ct_memory_shmem_bytes": 0,
    "ct_memory_slab_reclaimable_bytes": 276 * KIB,
    "ct_memory_dirty_bytes": 24 * KIB,
    # numproc 6 9 240 240 0.
    "ct_tasks": 6,
    "ct_tasks_limit": 240,
    # /proc/vz/beancounter/101/blkio.io_service_bytes: 254:0 Read 18042880, Write 0; io_serviced:
    # Read 248, Write 0; /proc/partitions: 254 0 vda.
    "ct_block_read_bytes_total device=vda": 18042880,
    "ct_block_written_bytes_total device=vda": 0,
    "ct_block_reads_total device=vda": 248,
    "ct_block_writes_total device=vda": 0,
    # /proc/bc/101/ioprio: prio: 4.
    "ct_block_priority": 4,
    # /proc/vz/vzquota: 1k-blocks 102724 2097152 (softlimit), inodes 2649 131072.
    "ct_filesystem_size_bytes mountpoint=/ fstype=simfs": 2097152 * KIB,
    "ct_filesystem_used_bytes mountpoint=/ fstype=simfs": 102724 * KIB,
    "ct_filesystem_avail_bytes mountpoint=/ fstype=simfs": (2097152 - 102724) * KIB,
    "ct_filesystem_files mountpoint=/ fstype=simfs": 131072,
    "ct_filesystem_files_free mountpoint=/ fstype=simfs": 131072 - 2649,
    "ct_filesystem_shared mountpoint=/ fstype=simfs": 0,
    # /proc/92/net/dev: venet0: 0 0 0 0 ...; its network namespace is not CT0's.
    **{
        f"ct_network_{way}_{what}_total device=venet0": 0
        for way in ("receive", "transmit")
        for what in ("bytes", "packets", "errors", "drop")
    },
    "ct_network_shares_host": 0,
}


def test_every_series_of_an_openvz_ct_is_traced_to_its_line(scraped: Scraped) -> None:
    found = {}
    for (name, labels), number in samples(scraped("openvz6")).items():
        has = dict(labels)
        if has.get("ctid") == "101" and not name.startswith("ct_beancounter_"):
            assert (has["engine"], has["name"]) == ("openvz", "web1")
            more = labels - {("ctid", "101"), ("engine", "openvz"), ("name", "web1")}
            found[name, more] = number
    traced = {}
    for text, number in TRACED.items():
        name, *pairs = text.split(" ")
        traced[name, frozenset(tuple(pair.split("=", 1)) for pair in pairs)] = number
    assert found == pytest.approx(traced, rel=1e-12)


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
