"""check_ct_load: where a load average is a container's own, and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from ct0.cpu import CPU
from ct0.fairsched import Load
from ct0.host import Host
from ct0.survey import survey as read
from ct0_checks import ct_load
from judging import said, survey, surveyed

WEB = surveyed(
    "101", "openvz", load=Load(16.2, 4.0, 1.0, 1, 9), cpu=CPU(online_cpus=8, limit_cpus=4.0)
)


@pytest.mark.parametrize(
    ("arguments", "status", "line"),
    [
        (
            [],
            1,
            "CT_LOAD WARNING - 101 (openvz 101): load1 16.20 (outside 0:15) | "
            "containers=1;;;0 problems=1;;;0 '101::load1'=16.2;15;30;0 '101::load5'=4;10;25;0 "
            "'101::load15'=1;5;20;0\n",
        ),
        (
            ["-w", "1", "-c", "16,30,30", "--no-perfdata"],
            2,
            "CT_LOAD CRITICAL - 101 (openvz 101): load1 16.20 (outside 0:16), "
            "load5 4.00 (outside 0:1)\n",
        ),
        (
            ["-r"],
            0,
            "CT_LOAD OK - 101 (openvz 101): load 4.05/1.00/0.25 on each of 4 CPUs | "
            "containers=1;;;0 problems=0;;;0 '101::load1'=4.05;15;30;0 '101::load5'=1;10;25;0 "
            "'101::load15'=0.25;5;20;0\n",
        ),
    ],
)
def test_openvz(arguments: list[str], status: int, line: str, tmp_path: Path) -> None:
    assert said(ct_load, survey(WEB), tmp_path, *arguments) == (status, line)


def test_per_cpu_without_knowing_how_many(tmp_path: Path) -> None:
    unknown = WEB._replace(cpu=CPU(limit_cpus=math.inf))
    assert said(ct_load, survey(unknown), tmp_path, "-r", "--no-perfdata") == (
        3,
        "CT_LOAD UNKNOWN - 101 (openvz 101): how many CPUs it may use is not known\n",
    )


def test_elsewhere_there_is_none(tmp_path: Path) -> None:
    host = survey(surveyed("web1"), surveyed("web2", "docker"))
    words = "no load average of its own: only OpenVZ's do\n"
    assert said(ct_load, host, tmp_path, "--no-perfdata") == (
        3,
        f"CT_LOAD UNKNOWN - 2 containers: {words}",
    )
    assert said(ct_load, host, tmp_path, "--no-perfdata", "--missing=ok") == (
        0,
        "CT_LOAD OK - 2 containers\n",
    )


def test_a_kernel_of_openvz_6_without_it(host: Callable[[str], Path], tmp_path: Path) -> None:
    found = read(Host(str(host("openvz6"))))
    assert said(ct_load, found, tmp_path, "--ct=101", "--no-perfdata") == (
        3,
        "CT_LOAD UNKNOWN - web1 (openvz 101): no load average of its own: this kernel counts "
        "none\n",
    )


def test_garbage_is_not_what_missing_says(tmp_path: Path) -> None:
    broken = surveyed(troubles={"load": "cpu.proc.loadavg: cannot read ''"}, broken=["load"])
    assert said(ct_load, survey(broken), tmp_path, "--missing=ok", "--no-perfdata") == (
        3,
        "CT_LOAD UNKNOWN - web1 (lxc web1): cpu.proc.loadavg: cannot read ''\n",
    )
