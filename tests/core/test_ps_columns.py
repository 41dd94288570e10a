"""Columns as ps shows them, worked out from the files that ps reads."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0.errors import Malformed
from ct0.ps_columns import Columns, comm_and_args, elapsed, kibibytes, parse_columns

LINE = (
    b"176 (syslogd) S 92 176 176 0 -1 4202496 218 0 4 0 250 50 0 0 20 0 1 0 67800 3289088 209 "
    b"18446744073709551615 1 1 0 0 0 0 0 4096 16899 0 0 0 17 0 0 0 0 0 0\n"
)


def changed(**fields: int) -> Columns:
    """The sample with fields changed: f19=-5 is nice."""
    words = LINE.split(b" ")
    for name, value in fields.items():
        words[int(name[1:]) - 1] = str(value).encode()
    return parse_columns(b" ".join(words))


def shown(columns: Columns, cmdline: bytes) -> str:
    return comm_and_args(columns.comm, columns.state, cmdline)


def test_good() -> None:
    columns = parse_columns(LINE)
    assert (columns.pid, columns.comm, columns.ppid, columns.state) == (176, "syslogd", 92, "S")
    assert (columns.vsz, columns.threads, columns.is_kernel_thread) == (3212, 1, False)
    assert columns.seconds(now=10678.9, hertz=100) == 10000
    assert columns.pcpu(now=1678.0, hertz=100) == 0.3  # 3 s of 1000


@pytest.mark.parametrize("line", [b"", b"176 (sys", b"\n", LINE[:60], b"x (y) S" + b" 1" * 30])
def test_truncated_and_garbage(line: bytes) -> None:
    with pytest.raises(Malformed):
        parse_columns(line, "/proc/176/stat")


def test_what_is_no_number_is_malformed_when_it_is_asked_for() -> None:
    columns = parse_columns(LINE.replace(b" 92 ", b" ninety "))
    assert columns.comm == "syslogd"
    with pytest.raises(Malformed):
        columns.ppid  # noqa: B018 - a property


@pytest.mark.parametrize("name", [b"a) S 1 (b", b"new\nline", b"", b"   ", b")", b"\xff"])
def test_a_hostile_name_moves_no_column(name: bytes) -> None:
    columns = parse_columns(LINE.replace(b"syslogd", name))
    assert columns.comm.encode("utf-8", "surrogateescape") == name
    assert (columns.ppid, columns.state) == (92, "S")


def test_stat_is_spelled_as_ps_spells_it() -> None:
    assert parse_columns(LINE).stat(locked=False) == "Ss"
    assert parse_columns(LINE).stat(locked=True) == "SLs"
    assert changed(f6=1, f19=-5, f20=7, f5=3, f8=3).stat(locked=True) == "S<Ll+"
    assert changed(f6=1, f19=5).stat(locked=False) == "SN"


def test_a_kernel_thread_is_known_by_its_flag() -> None:
    assert changed(f9=0x208040).is_kernel_thread


def test_busy_threads_count_in_whole_percents_from_100_on() -> None:
    assert changed(f14=1537, f15=0, f22=0).pcpu(now=10.0, hertz=100) == 153.0
    assert changed(f14=999, f15=0, f22=0).pcpu(now=10.0, hertz=100) == 99.9


def test_a_process_from_the_future_is_new() -> None:
    assert changed(f22=99999).seconds(now=1.0, hertz=100) == 0
    assert changed(f22=99999).pcpu(now=1.0, hertz=100) == 0.0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "00:00"), (65, "01:05"), (3600, "01:00:00"), (86400, "1-00:00:00"), (93784, "1-02:03:04")],
)
def test_elapsed(seconds: int, text: str) -> None:
    assert elapsed(seconds) == text


def test_kibibytes_of_status() -> None:
    status = b"Name:\tVmRSS:\nVmLck:\t       0 kB\nVmRSS:\t    3004 kB\n"
    assert (kibibytes(status, b"VmRSS"), kibibytes(status, b"VmLck")) == (3004, 0)
    assert kibibytes(b"Name:\tx\n", b"VmRSS") == 0
    assert kibibytes(b"\nVmRSS:\tmany kB", b"VmRSS") == 0
    assert kibibytes(b"\nVmRSS:", b"VmRSS") == 0


def test_comm_and_args() -> None:
    columns = parse_columns(LINE)
    assert shown(columns, b"/sbin/syslogd\0-n\0\0") == "syslogd         /sbin/syslogd -n"
    assert shown(columns, b"") == "syslogd         [syslogd]"
    assert shown(columns, b"a\nb\x1b[0m\0") == "syslogd         a b.[0m"
    zombie = parse_columns(LINE.replace(b" S ", b" Z "))
    assert shown(zombie, b"") == "syslogd         [syslogd] <defunct>"
    worker = parse_columns(LINE.replace(b"syslogd", b"kworker/R-rcu_gp"))
    assert shown(worker, b"") == "kworker/R-rcu_g [kworker/R-rcu_gp]"


@given(st.binary(max_size=400))
def test_garbage_is_malformed_or_a_line_of_columns(line: bytes) -> None:
    try:
        columns = parse_columns(line)
        text = shown(columns, line)
        columns.stat(locked=False)
        columns.pcpu(1.0, 100)
    except Malformed:
        return
    assert "\n" not in text
    assert "\x1b" not in text


def test_the_same_as_ps_says_of_this_process() -> None:
    asked = ["/bin/ps", "-ww", "-o", "stat= ppid= vsz= etimes= comm= args=", "-p", str(os.getpid())]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    stat, ppid, _vsz, seconds, rest = said.split(None, 4)
    columns = parse_columns(read("stat"))
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert str(columns.ppid) == ppid
    assert columns.state + columns.stat(False)[1:] == columns.state + stat[1:]
    assert 0 <= columns.seconds(now, os.sysconf("SC_CLK_TCK")) - int(seconds) < 120
    assert shown(columns, read("cmdline")).split() == rest.split()
    assert kibibytes(read("status"), b"VmSize") == parse_columns(read("stat")).vsz


def read(name: str) -> bytes:
    with open(f"/proc/self/{name}", "rb") as file:
        return file.read()
