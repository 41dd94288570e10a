"""check_ct_resources: what is enforced, what failed, and alerts that stay."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ct0.beancounters import Beancounter
from ct0.cpu import CPU
from ct0.host import Host
from ct0.memory import Memory
from ct0.survey import Survey, Surveyed
from ct0.survey import survey as read
from ct0.tasks import Tasks
from ct0_checks import ct_resources
from judging import as_json, said, survey, surveyed
from planted import HOSTS, plant

M = 1 << 20
QUIET = "--no-perfdata"
NEW = "failures are counted from now on"


def web(**parts: Any) -> Surveyed:
    memory = Memory(usage=100 * M, limit=512.0 * M, swap_usage=0, swap_limit=256.0 * M, oom_kills=0)
    return surveyed(**{"memory": memory, "tasks": Tasks(42, 1024, 0), **parts})


def line(found: Surveyed, tmp_path: Path, *arguments: str, uptime: float = 5000) -> tuple[int, str]:
    """Status and first line without what is the same in all of them."""
    status, text = said(ct_resources, survey(found, uptime=uptime), tmp_path, QUIET, *arguments)
    begin, _, words = text.rstrip("\n").partition(" - web1 (lxc web1): ")
    assert begin.startswith("CT_RESOURCES ")
    return status, words


# What is used of what may be


def test_all_resources(tmp_path: Path) -> None:
    text = f"memory 19.5% of 512M, swap 0.0% of 256M, tasks 4.1% of 1024, {NEW}"
    assert line(web(), tmp_path) == (0, text)
    text = said(ct_resources, survey(web()), tmp_path)[1]
    assert text.partition(" | ")[2] == (
        "containers=1;;;0 problems=0;;;0 "
        "'web1::memory'=104857600B;429496730;483183821;0;536870912 "
        "'web1::swap'=0B;214748365;241591910;0;268435456 "
        "'web1::tasks'=42;819.2;921.6;0;1024 "
        "'web1::oom_kills'=0c;;;0 'web1::tasks_refused'=0c;;;0 "
        "'web1::failures_delta'=0;0;10;0\n"
    )


@pytest.mark.parametrize(
    ("used", "status", "text"),
    [
        (409.6, 0, None),
        (410, 1, "memory 80.1% of 512M (outside 0:80)"),
        (460.8, 1, "memory 90.0% of 512M (outside 0:80)"),
        (461, 2, "memory 90.0% of 512M (outside 0:90)"),
        (512, 2, "memory 100.0% of 512M (outside 0:90)"),
    ],
)
def test_thresholds(used: float, status: int, text: str | None, tmp_path: Path) -> None:
    found = line(web(memory=Memory(usage=int(used * M), limit=512.0 * M)), tmp_path)
    assert found[0] == status
    assert text is None or found[1] == text


def test_page_cache_is_no_use_and_tmpfs_is(tmp_path: Path) -> None:
    """A CT that reads files has usage at its limit, always."""
    full = Memory(usage=512 * M, limit=512.0 * M, file=400 * M, slab_reclaimable=12 * M)
    assert line(web(memory=full), tmp_path)[1].startswith("memory 19.5% of 512M")
    tmpfs = full._replace(shmem=350 * M)
    assert line(web(memory=tmpfs), tmp_path) == (1, "memory 87.9% of 512M (outside 0:80)")
    unwritten = full._replace(dirty=350 * M)
    assert line(web(memory=unwritten), tmp_path)[0] == 1


def test_memory_high_counts_where_it_is_lower(tmp_path: Path) -> None:
    memory = Memory(usage=400 * M, limit=1024.0 * M, high=440.0 * M)
    assert line(web(memory=memory), tmp_path) == (2, "memory 90.9% of 440M (outside 0:90)")


def test_without_a_limit_nothing_is_judged_and_the_use_is_told(tmp_path: Path) -> None:
    memory = Memory(usage=100 * M, limit=math.inf, swap_usage=M, swap_limit=math.inf)
    found = web(memory=memory, tasks=Tasks(42, math.inf))
    assert line(found, tmp_path) == (0, "memory 100M, swap 1.0M, tasks 42")
    text = said(ct_resources, survey(found), tmp_path)[1]
    assert "'web1::memory'=104857600B;;;0 'web1::swap'=1048576B;;;0 'web1::tasks'=42;;;0\n" in text


def test_a_limit_of_nothing(tmp_path: Path) -> None:
    none = Memory(usage=M, limit=512.0 * M, swap_usage=0, swap_limit=0.0)
    assert line(web(memory=none), tmp_path)[0] == 0
    left = none._replace(swap_usage=4096)  # the limit was lowered afterwards
    assert line(web(memory=left), tmp_path)[0] == 0
    assert line(counters(swappages=Beancounter(0, 0, 0, 0, 0)), tmp_path)[0] == 0


def test_one_resource_with_thresholds_of_its_own(tmp_path: Path) -> None:
    assert line(web(), tmp_path, "--resource=tasks=3,5") == (
        1,
        "tasks 4.1% of 1024 (outside 0:3)",
    )
    assert line(web(), tmp_path, "--resource=tasks=3%,4%", "--resource=swap") == (
        2,
        "tasks 4.1% of 1024 (outside 0:4)",
    )
    assert line(web(), tmp_path, "--resource=memory=90M,1G") == (
        1,
        "memory 100M (outside 0:90.0M)",
    )


def test_thresholds_in_bytes_need_no_limit(tmp_path: Path) -> None:
    found = web(memory=Memory(usage=100 * M, limit=math.inf))
    assert line(found, tmp_path, "--resource=memory=10M,50M") == (
        2,
        "memory 100M (outside 0:50.0M)",
    )


@pytest.mark.parametrize(
    "text",
    ["", "ram", "memory=", "memory=80", "memory=x,y", "memory=1G,90%", "cpu=1G,2G", "tasks=5,"],
)
def test_no_resource(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        said(ct_resources, survey(web()), tmp_path, f"--resource={text}")
    assert ended.value.code == 3


def test_bytes_are_for_one_resource(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        said(ct_resources, survey(web()), tmp_path, "-w1G")
    assert "bytes are for --resource memory=1G" in capsys.readouterr().out


# The CPU limit


def cpu(usage: float, periods: int | None = None, throttled: int | None = None) -> CPU:
    return CPU(usage, periods=periods, throttled_periods=throttled, limit_cpus=1.5)


def test_held_back_at_the_cpu_limit(tmp_path: Path) -> None:
    assert "cpu" not in line(web(cpu=cpu(10, 1000, 100)), tmp_path)[1]
    found = line(web(cpu=cpu(310, 3000, 1980)), tmp_path, uptime=5300)
    assert found == (2, "cpu held back in 94.0% of periods at 1.5 CPUs (outside 0:90)")
    text = said(ct_resources, survey(web(cpu=cpu(310, 3000, 1980)), uptime=5300), tmp_path)[1]
    assert "'web1::cpu'=94%;80;90;0 'web1::cpu_used'=66.666667%;;;0" in text


def test_no_period_passed(tmp_path: Path) -> None:
    line(web(cpu=cpu(10, 1000, 100)), tmp_path)
    found = line(web(cpu=cpu(10, 1000, 100)), tmp_path, "--resource=cpu", uptime=5300)
    assert found == (0, "cpu held back in 0.0% of periods at 1.5 CPUs")


def test_where_no_periods_are_counted_the_use_is_judged(tmp_path: Path) -> None:
    """OpenVZ's cpu.rate."""
    line(web(cpu=cpu(10)), tmp_path)
    found = line(web(cpu=cpu(10 + 0.85 * 1.5 * 300)), tmp_path, uptime=5300)
    assert found == (1, "cpu 85.0% of 1.5 CPUs (outside 0:80)")


def test_cpu_over_too_short_a_time_says_nothing(tmp_path: Path) -> None:
    line(web(cpu=cpu(10, 1000, 0)), tmp_path)
    assert "cpu" not in line(web(cpu=cpu(10, 1010, 10)), tmp_path, uptime=5001)[1]
    at_once = "--resource=cpu", "--cpu-window=0"
    for _ in range(2):
        assert line(web(cpu=cpu(10, 1010, 10)), tmp_path, *at_once) == (
            0,
            "cpu is measured from now on",
        )


def test_a_cpu_without_a_limit_is_not_judged(tmp_path: Path) -> None:
    free = CPU(10.0, limit_cpus=math.inf)
    line(web(cpu=free), tmp_path)
    assert line(web(cpu=free), tmp_path, "--resource=cpu", uptime=5300) == (0, "cpu, no limit")


# What failed


def failed(oom: int = 0, refused: int = 0) -> Surveyed:
    memory = Memory(usage=M, limit=512.0 * M, oom_kills=oom, limit_hits=9)
    return web(memory=memory, tasks=Tasks(1, 1024, refused))


def test_failures_before_the_first_run_are_no_alert(tmp_path: Path) -> None:
    status, text = line(failed(5, 5), tmp_path)
    assert (status, text.endswith(NEW)) == (0, True)
    assert line(failed(5, 5), tmp_path, uptime=5060) == (
        0,
        "memory 0.2% of 512M, tasks 0.1% of 1024",
    )


def test_growth_is_an_alert_that_is_held(tmp_path: Path) -> None:
    line(failed(), tmp_path)
    once = 1, "OOM kills: 1 within 1h (outside 0:0)"
    assert line(failed(1), tmp_path, uptime=5060) == once
    # A retry, a call by hand, one with another selection: nobody eats it.
    assert line(failed(1), tmp_path, uptime=5061) == once
    assert line(failed(1), tmp_path, "--ct=web1", uptime=5061) == once
    assert line(failed(1), tmp_path, uptime=5060 + 3500) == once
    assert line(failed(1), tmp_path, uptime=5060 + 3601)[0] == 0


def test_warning_then_critical(tmp_path: Path) -> None:
    line(failed(), tmp_path)
    assert line(failed(0, 3), tmp_path, uptime=5060) == (
        1,
        "forks refused: 3 within 1h (outside 0:0)",
    )
    assert line(failed(0, 13), tmp_path, uptime=5120) == (
        2,
        "forks refused: 13 within 1h (outside 0:10)",
    )
    arguments = ["--fail-warning=20", "--fail-critical=50", "--hold=600"]
    assert line(failed(0, 13), tmp_path, *arguments, uptime=5180)[0] == 0


def test_a_restart_is_no_alert(tmp_path: Path) -> None:
    line(failed(2, 2), tmp_path)
    line(failed(9, 9), tmp_path, uptime=5060)
    again = failed(1, 1)
    again = again._replace(ct=again.ct._replace(started=again.ct.started + 5000))
    status, text = line(again, tmp_path, uptime=5120)
    assert (status, text.endswith(NEW)) == (0, True)
    assert line(again, tmp_path, uptime=5180)[0] == 0


def test_a_host_of_new_containers_says_so_once(tmp_path: Path) -> None:
    other = surveyed("db1", memory=failed().memory)
    found = survey(failed(), other)
    assert said(ct_resources, found, tmp_path, QUIET) == (
        0,
        f"CT_RESOURCES OK - 2 containers ({NEW})\n",
    )
    assert said(ct_resources, found, tmp_path, QUIET) == (0, "CT_RESOURCES OK - 2 containers\n")


def test_what_was_asked_for_and_has_no_limit_is_no_ok_without_a_word(tmp_path: Path) -> None:
    """--resource memory=80,90 of a container without a limit judges nothing."""
    free = surveyed("db1", memory=Memory(usage=100 * M, limit=math.inf))
    asked = "--resource=memory=80,90", QUIET
    assert said(ct_resources, survey(free), tmp_path, *asked) == (
        0,
        "CT_RESOURCES OK - db1 (lxc db1): memory 100M, no limit\n",
    )
    assert said(ct_resources, survey(free, web()), tmp_path, *asked)[1] == (
        "CT_RESOURCES OK - 2 containers (1 without a limit to be judged by)\n"
    )
    assert said(ct_resources, survey(free), tmp_path, "--resource=memory=50M,90M", QUIET)[0] == 2
    without = surveyed(memory=Memory(usage=M, swap_usage=0, swap_limit=0.0))
    assert line(without, tmp_path, "--resource=swap") == (0, "swap 0, none allowed")


# What is not there


def test_a_file_that_does_not_read_is_unknown_whatever_missing_says(tmp_path: Path) -> None:
    trouble = {"memory": "/sys/x/memory.current: cannot read 'many'"}
    found = surveyed(tasks=Tasks(1, 1024, 0), troubles=trouble, broken=["memory"])
    assert line(found, tmp_path, "--missing=ok") == (3, f"memory: {trouble['memory']}")


def test_what_no_one_counts_here_may_be_absent_unless_asked_for(tmp_path: Path) -> None:
    found = surveyed(memory=Memory(usage=M, limit=512.0 * M), troubles={"tasks": "nothing counts"})
    assert line(found, tmp_path) == (0, "memory 0.2% of 512M")
    assert line(found, tmp_path, "--resource=tasks") == (3, "nothing told of tasks here")
    assert line(found, tmp_path, "--resource=tasks", "--missing=ok")[0] == 0
    assert line(surveyed(), tmp_path) == (3, "nothing told of its resources here")


def test_beancounters_that_may_not_be_read(tmp_path: Path) -> None:
    found = survey(surveyed("101", "openvz", memory=Memory(usage=M)))
    found = found._replace(troubles={"beancounters": "/proc/user_beancounters: Permission denied"})
    assert said(ct_resources, found, tmp_path, QUIET) == (
        3,
        "CT_RESOURCES UNKNOWN - /proc/user_beancounters: Permission denied\n",
    )


# OpenVZ


def recorded(node: Path) -> Survey:
    return read(Host(str(node)), ct_resources.PLUGIN.parts)


def test_openvz_recorded(
    host: Callable[[str], Path], golden: Callable[[str, str], None], tmp_path: Path
) -> None:
    """Each resource by its enforced number, guarantees and what is unlimited by none."""
    found = recorded(host("openvz6"))
    lines = []
    for ctid in ("101", "102", "103"):
        for arguments in ([], ["--format=checkmk"]):
            status, text = said(ct_resources, found, tmp_path, f"--ct={ctid}", *arguments)
            lines.append(f"[{' '.join([ctid, *arguments])}] exit {status}\n{text}")
    golden("check_ct_resources-openvz6.txt", "".join(lines))


def test_openvz_numproc_hit(golden: Callable[[str, str], None], tmp_path: Path) -> None:
    """A process of CT 103 was refused a fork between two runs of the plugin."""
    node = plant("openvz6", tmp_path / "node")
    before = recorded(node)
    hit = HOSTS / "openvz6-numproc-hit"
    shutil.copy(hit / "user_beancounters", node / "proc/user_beancounters")
    shutil.copy(hit / "bc.103.resources", node / "proc/bc/103/resources")
    after = recorded(node)
    runs = [
        (before, 0, [QUIET]),
        (after, 60, [QUIET]),
        (after, 60, ["--ct=tiny"]),
        (after, 3600, [QUIET]),
        (after, 3600 + 120, [QUIET]),
        (after, 3600 + 120, [QUIET, "--resource=numproc=70,75"]),
        (after, 3600 + 120, [QUIET, "--resource=numproc=70,74"]),
    ]
    lines = []
    for found, later, arguments in runs:
        found = found._replace(time=before.time + later)
        status, text = said(ct_resources, found, tmp_path, *arguments)
        lines.append(f"[{' '.join(arguments)}, {later} s later] exit {status}\n{text}")
    golden("check_ct_resources-numproc-hit.txt", "".join(lines))


def counters(**rows: Beancounter) -> Surveyed:
    return surveyed("web1", "lxc", beancounters=rows)


@pytest.mark.parametrize("resource", ["vmguarpages", "oomguarpages"])
def test_a_guarantee_is_never_a_use(resource: str, tmp_path: Path) -> None:
    row = Beancounter(1000, 1000, 10, 20, 0)
    assert line(counters(**{resource: row}), tmp_path) == (0, NEW)
    data = as_json(ct_resources, survey(counters(**{resource: row})), tmp_path)
    assert "max" not in data["containers"][0]["metrics"][resource]


def test_failures_of_oomguarpages_are_oom_kills(tmp_path: Path) -> None:
    row = Beancounter(1, 1, 10, 20, 0)
    line(counters(oomguarpages=row), tmp_path)
    assert line(counters(oomguarpages=row._replace(failcnt=2)), tmp_path, uptime=5060) == (
        1,
        "OOM kills: 2 within 1h (outside 0:0)",
    )


def test_failures_of_buffers_are_never_critical(tmp_path: Path) -> None:
    row = Beancounter(1, 1, 10, 20, 0)
    line(counters(tcpsndbuf=row, numproc=row), tmp_path)
    grown = row._replace(failcnt=5000)
    assert line(counters(tcpsndbuf=grown, numproc=row), tmp_path, uptime=5060) == (
        1,
        "tcpsndbuf failures: 5000 within 1h (outside 0:10)",
    )
    assert line(counters(tcpsndbuf=row, numproc=grown), tmp_path, uptime=5060)[0] == 2


def test_common_names_mean_beancounters_too(tmp_path: Path) -> None:
    row = Beancounter(95, 95, 100, 100, 0)
    each = counters(physpages=row, swappages=row, numproc=row, numfile=row)
    found = line(each, tmp_path, "--resource=memory", "--resource=tasks", "--fail-warning=~:")
    assert found == (
        2,
        "physpages 95.0% of 400K (outside 0:90), numproc 95.0% of 100 (outside 0:90)",
    )


def test_physpages_without_page_cache(tmp_path: Path) -> None:
    row = Beancounter(100, 100, 0, 100, 0)
    each = counters(physpages=row)._replace(memory=Memory(usage=409600, file=204800))
    assert line(each, tmp_path)[1].startswith("physpages 50.0% of 400K")
