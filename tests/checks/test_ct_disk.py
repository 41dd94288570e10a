"""check_ct_disk: whole lines and states."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ct0.filesystem import Filesystem
from ct0.host import Host
from ct0.survey import survey as read
from ct0_checks import ct_disk
from judging import said, survey, surveyed

GIB = 1 << 30


def disk(used: float, files: int | None = 1000, free: int | None = 900, **more: Any) -> Filesystem:
    """2 GiB, so full in percent."""
    at = round(2 * GIB * used / 100)
    return Filesystem(2 * GIB, 2 * GIB - at, at, files, free, **more)


def test_openvz_by_its_quotas(host: Callable[[str], Path], tmp_path: Path) -> None:
    found = read(Host(str(host("openvz6"))))
    assert said(ct_disk, found, tmp_path, "--ct=101") == (
        0,
        "CT_DISK OK - web1 (openvz 101): / 4.9% of 2.0G, / inodes 2.0% of 131072 | "
        "containers=1;;;0 problems=0;;;0 "
        "'web1::disk'=105189376B;1717986918;1932735283;0;2147483648 "
        "'web1::disk_inodes'=2649;104858;117965;0;131072\n",
    )


@pytest.mark.parametrize(
    ("found", "arguments", "status", "line"),
    [
        (
            [disk(85.2)],
            [],
            1,
            "CT_DISK WARNING - web1 (lxc web1): / 85.2% of 2.0G (outside 0:80) | "
            "containers=1;;;0 problems=1;;;0 "
            "'web1::disk'=1829656068B;1717986918;1932735283;0;2147483648 "
            "'web1::disk_inodes'=100;800;900;0;1000\n",
        ),
        (
            [disk(10, 1000, 50)],
            ["--no-perfdata"],
            2,
            "CT_DISK CRITICAL - web1 (lxc web1): / inodes 95.0% of 1000 (outside 0:90)\n",
        ),
        (
            [disk(10, 1000, 50)],
            ["--no-perfdata", "-W", "96", "-K", "99%"],
            0,
            "CT_DISK OK - web1 (lxc web1): / 10.0% of 2.0G, / inodes 95.0% of 1000\n",
        ),
        (
            [disk(10), disk(95, None, None, mountpoint="/var/lib/my|sql\n")],
            [],
            2,
            "CT_DISK CRITICAL - web1 (lxc web1): /var/lib/my?sql? 95.0% of 2.0G (outside 0:90) | "
            "containers=1;;;0 problems=1;;;0 "
            "'web1::disk'=214748365B;1717986918;1932735283;0;2147483648 "
            "'web1::disk_inodes'=100;800;900;0;1000 "
            "'web1::var_lib_my_sql_'=2040109466B;1717986918;1932735283;0;2147483648\n",
        ),
        (
            [disk(99, shared=True)],
            [],
            3,
            "CT_DISK UNKNOWN - web1 (lxc web1): shares a file system with others: not judged | "
            "containers=1;;;0 problems=1;;;0\n",
        ),
        (
            [disk(99, shared=True)],
            ["--unjudged=ok"],
            0,
            "CT_DISK OK - web1 (lxc web1): shares a file system with others: not judged | "
            "containers=1;;;0 problems=0;;;0\n",
        ),
        (
            [disk(10), disk(99, shared=True)],
            ["--no-perfdata"],
            0,
            "CT_DISK OK - web1 (lxc web1): / 10.0% of 2.0G, / inodes 10.0% of 1000, "
            "shares a file system with others: not judged\n",
        ),
        (
            [disk(99, shared=True)],
            ["--shared", "--no-perfdata"],
            2,
            "CT_DISK CRITICAL - web1 (lxc web1): / 99.0% of 2.0G (outside 0:90)\n",
        ),
        (
            [Filesystem(0, 0, 0)],
            ["--no-perfdata"],
            3,
            "CT_DISK UNKNOWN - web1 (lxc web1): / has no size\n",
        ),
    ],
)
def test_one(
    found: list[Filesystem], arguments: list[str], status: int, line: str, tmp_path: Path
) -> None:
    host = survey(surveyed(filesystems=found))
    assert said(ct_disk, host, tmp_path, *arguments) == (status, line)


def test_percent_is_of_what_users_may_fill(tmp_path: Path) -> None:
    """5 % are kept for root: full for all others."""
    full = Filesystem(1000 * 4096, 0, 950 * 4096)
    assert (
        "/ 100.0% of 3.7M (outside 0:90)"
        in said(ct_disk, survey(surveyed(filesystems=[full])), tmp_path)[1]
    )


def test_one_that_hangs_costs_no_other_its_judgement_and_is_never_ok(tmp_path: Path) -> None:
    dead = surveyed(
        "dead1",
        troubles={"filesystems": "/: no answer from the file system within 2 s"},
        broken=["filesystems"],
    )
    host = survey(dead, surveyed(filesystems=[disk(95)]), surveyed("ok1", filesystems=[disk(5)]))
    assert said(ct_disk, host, tmp_path, "--no-perfdata", "--missing=ok") == (
        2,
        "CT_DISK CRITICAL - web1 (lxc web1): / 95.0% of 2.0G (outside 0:90); "
        "UNKNOWN dead1 (lxc dead1): /: no answer from the file system within 2 s\n",
    )


def test_none_at_all_is_what_missing_says(tmp_path: Path) -> None:
    host = survey(surveyed(troubles={"filesystems": "lxc web1 has no mounted filesystem here"}))
    words = "web1 (lxc web1): lxc web1 has no mounted filesystem here\n"
    assert said(ct_disk, host, tmp_path, "--no-perfdata") == (3, f"CT_DISK UNKNOWN - {words}")
    assert said(ct_disk, host, tmp_path, "--no-perfdata", "--missing=ok") == (
        0,
        f"CT_DISK OK - {words}",
    )


def test_a_ct_that_mounts_without_end_is_not_taken_for_judged(tmp_path: Path) -> None:
    many = [disk(5, mountpoint=f"/{number}") for number in range(20)]
    status, line = said(ct_disk, survey(surveyed(filesystems=many)), tmp_path, "--no-perfdata")
    assert (status, line) == (
        3,
        "CT_DISK UNKNOWN - web1 (lxc web1): 4 more file systems, not judged\n",
    )


@pytest.mark.parametrize("option", ["-w", "-c", "-W", "-K"])
def test_bytes_are_no_percentage(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        ct_disk.parser().parse_args([option, "5G"])
    assert ended.value.code == 3
    assert "'5G': percent, not bytes" in capsys.readouterr().out


def test_ok_is_not_said_where_none_is_judged(tmp_path: Path) -> None:
    shared = surveyed("web1", filesystems=[disk(99, shared=True)])
    other = surveyed("web2", filesystems=[disk(99, shared=True)])
    assert said(ct_disk, survey(shared, other), tmp_path, "--no-perfdata") == (
        3,
        "CT_DISK UNKNOWN - 2 containers: shares a file system with others: not judged\n",
    )
    judged = surveyed("db", filesystems=[disk(10)])
    assert said(ct_disk, survey(shared, other, judged), tmp_path, "--no-perfdata") == (
        0,
        "CT_DISK OK - 3 containers (2 of them not judged)\n",
    )
