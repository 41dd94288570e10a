"""Whether CT0's clock is kept right."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from ct0.clock import FIELDS, NANOSECONDS, SIZE, UNSYNCHRONIZED, Clock, parse_timex, read_clock
from ct0.errors import Unavailable
from ct0.host import Host


def timex(offset: int, maxerror: int, status: int) -> bytes:
    return struct.pack(FIELDS, 0, offset, 0, maxerror, 5, status).ljust(SIZE, b"\0")


def test_microseconds_and_nanoseconds() -> None:
    assert parse_timex(timex(-1500, 2000, 0x1)) == Clock(True, -0.0015, 0.002)
    assert parse_timex(timex(-1500, 2000, NANOSECONDS)) == Clock(True, -1.5e-6, 0.002)
    assert parse_timex(timex(0, 16_000_000, UNSYNCHRONIZED)) == Clock(False, 0, 16)


def test_this_machine_answers() -> None:
    assert read_clock(Host()).maximum_error_seconds >= 0


def test_a_recorded_host_does_not(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        read_clock(Host(str(tmp_path)))
