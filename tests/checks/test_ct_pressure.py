"""check_ct_pressure: the kernel's averages, and what is said where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.pressure import Averages, Pressure
from ct0.survey import Surveyed
from ct0_checks import ct_pressure
from judging import as_json, said, survey, surveyed

QUIET = "--no-perfdata"
CALM = Averages(0.0, 0.0, 0.0)
ALL = {
    f"{resource}_{kind}": CALM
    for resource in ("cpu", "memory", "io")
    for kind in ("waiting", "stalled")
}
NONE = "no pressure figures: no PSI in this kernel, or not on, or no cgroup version 2"


def web(**averages: Averages) -> Surveyed:
    return surveyed(pressure=Pressure(**{**ALL, **averages}))  # type: ignore[arg-type]


def line(found: Surveyed, tmp_path: Path, *arguments: str) -> tuple[int, str]:
    status, text = said(ct_pressure, survey(found), tmp_path, QUIET, *arguments)
    begin, _, words = text.rstrip("\n").partition(" - web1 (lxc web1): ")
    assert begin.startswith("CT_PRESSURE ")
    return status, words


def test_calm(tmp_path: Path) -> None:
    assert line(web(cpu_waiting=Averages(9.99, 6.5, 0.05)), tmp_path) == (
        0,
        "cpu some 9.99/6.5/0.05%, cpu full 0/0/0%, memory some 0/0/0%, memory full 0/0/0%, "
        "io some 0/0/0%, io full 0/0/0%",
    )


@pytest.mark.parametrize(
    ("field", "averages", "status", "text"),
    [
        ("memory_stalled", (5.0, 3.0, 2.0), 0, None),
        ("memory_stalled", (5.01, 0, 0), 1, "memory full avg10 5.01% (outside 0:5)"),
        ("memory_stalled", (10.01, 0, 0), 2, "memory full avg10 10.01% (outside 0:10)"),
        ("memory_stalled", (0, 4.21, 0), 1, "memory full avg60 4.21% (outside 0:3)"),
        ("memory_stalled", (0, 6.1, 0), 2, "memory full avg60 6.1% (outside 0:6)"),
        ("memory_stalled", (0, 0, 2.1), 1, "memory full avg300 2.1% (outside 0:2)"),
        ("memory_stalled", (0, 0, 4.1), 2, "memory full avg300 4.1% (outside 0:4)"),
        ("io_waiting", (10.0, 7.0, 5.0), 0, None),
        ("io_waiting", (20.1, 0, 0), 2, "io some avg10 20.1% (outside 0:20)"),
        ("io_waiting", (0, 7.1, 0), 1, "io some avg60 7.1% (outside 0:7)"),
        ("io_waiting", (0, 0, 10.1), 2, "io some avg300 10.1% (outside 0:10)"),
        (
            "cpu_waiting",
            (99.0, 99.0, 5.5),
            2,
            "cpu some avg10 99% (outside 0:20), avg60 99% (outside 0:15), "
            "avg300 5.5% (outside 0:5)",
        ),
    ],
)
def test_thresholds(
    field: str,
    averages: tuple[float, float, float],
    status: int,
    text: str | None,
    tmp_path: Path,
) -> None:
    found = line(web(**{field: Averages(*averages)}), tmp_path)
    assert found[0] == status
    assert text is None or found[1] == text


def test_thresholds_of_ones_own(tmp_path: Path) -> None:
    busy = web(cpu_stalled=Averages(9.0, 9.0, 9.0))
    assert line(busy, tmp_path)[0] == 2
    assert line(busy, tmp_path, "-w8", "-c9")[0] == 1
    assert line(busy, tmp_path, "-w10,10,8", "-c~:")[1] == "cpu full avg300 9% (outside 0:8)"
    assert line(busy, tmp_path, "-w~:", "-c~:")[0] == 0
    assert line(busy, tmp_path, "--resource=memory", "--resource=io")[0] == 0
    some = web(cpu_waiting=Averages(9.0, 9.0, 9.0))
    assert line(some, tmp_path, "--some-warning=8", "--some-critical=9")[0] == 1


@pytest.mark.parametrize("text", ["", "1,2", "1,2,3,4", "x,1,1", "5%,3,2", "3:1,1,1"])
def test_no_thresholds(text: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        line(web(), tmp_path, f"--warning={text}")
    assert ended.value.code == 3


def test_a_kernel_without_psi_is_unknown(tmp_path: Path) -> None:
    absent = surveyed(troubles={"pressure": "/sys/x/io.pressure: No such file or directory"})
    assert line(absent, tmp_path) == (3, NONE)
    assert line(absent, tmp_path, "--missing=ok") == (0, NONE)
    many = survey(*(surveyed(f"ct{number}") for number in range(200)))
    status, text = said(ct_pressure, many, tmp_path, QUIET)
    assert status == 3
    assert text.startswith(f"CT_PRESSURE UNKNOWN - 200 containers: {NONE}\n")


def test_a_resource_that_is_not_told(tmp_path: Path) -> None:
    part = surveyed(pressure=Pressure(memory_waiting=CALM, memory_stalled=CALM))
    assert line(part, tmp_path) == (
        3,
        "no pressure of cpu, io: no PSI in this kernel, or not on, or no cgroup version 2",
    )
    assert line(part, tmp_path, "--resource=memory")[0] == 0
    # And it hides no alert.
    hurt = part._replace(pressure=part.pressure._replace(memory_stalled=Averages(50, 50, 50)))
    assert line(hurt, tmp_path)[0] == 2


def test_full_of_cpu_before_linux_5_13_is_not_missed(tmp_path: Path) -> None:
    old = web()
    old = old._replace(pressure=old.pressure._replace(cpu_stalled=None))
    status, text = line(old, tmp_path)
    assert (status, "cpu full" in text) == (0, False)


def test_a_file_that_does_not_read_is_unknown_whatever_missing_says(tmp_path: Path) -> None:
    trouble = {"pressure": "/sys/x/io.pressure: cannot read 'x'"}
    broken = surveyed(troubles=trouble, broken=["pressure"])
    assert line(broken, tmp_path, "--missing=ok") == (3, trouble["pressure"])


def test_performance_data(tmp_path: Path) -> None:
    metrics = as_json(ct_pressure, survey(web()), tmp_path)["containers"][0]["metrics"]
    assert len(metrics) == 18
    assert metrics["memory_full_avg60"] == {
        "value": 0,
        "unit": "%",
        "warning": "3",
        "critical": "6",
        "min": 0,
        "max": 100,
    }
