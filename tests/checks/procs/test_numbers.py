"""Numbers and ranges read as the C library and monitoring-plugins read them."""

from __future__ import annotations

import ctypes
import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from checks.procs.both import THEIRS, incumbent
from ct0_checks.procs.numbers import (
    is_float,
    loose_int,
    scan_float,
    scan_int,
    single,
    strtod,
    whole_int,
)
from ct0_checks.procs.ranges import Range

LIBC = ctypes.CDLL(None)
LIBC.strtod.restype = ctypes.c_double
LIBC.strtod.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p)]
NUMERIC = st.text(alphabet=" \t+-.0123456789eExXpPinfatyNAN:@~", max_size=12)


def c_strtod(text: str) -> tuple[float, str]:
    raw = text.encode()
    end = ctypes.c_char_p()
    value = LIBC.strtod(raw, ctypes.byref(end))
    return value, (end.value or b"").decode()


@settings(max_examples=1000)
@given(NUMERIC)
@example("0x")
@example("0x1p3")
@example("0x.8")
@example("1e400")
@example("-0x1p99999")
@example("infinity:")
@example("nanx")
@example("-.5e-3x")
@example("1e+")
def test_strtod_is_the_c_librarys(text: str) -> None:
    value, rest = strtod(text)
    want, want_rest = c_strtod(text)
    assert rest == want_rest
    assert value == want or (math.isnan(value) and math.isnan(want))


@settings(max_examples=500)
@given(NUMERIC)
@example("99999999999")
@example("-9999999999999999999999")
@example("4294967297 x")
def test_scan_int_is_the_c_librarys(text: str) -> None:
    value, count = ctypes.c_int(0), ctypes.c_int(-1)
    found = LIBC.sscanf(text.encode(), b"%d%n", ctypes.byref(value), ctypes.byref(count))
    assert scan_int(text) == ((value.value, text[count.value :]) if found == 1 else None)


@settings(max_examples=500)
@given(NUMERIC)
@example("1e 5")
@example("1.5x")
@example("-0x 0")
@example("0x.p")
@example("0x1p+2")
@example("0x1p+")
@example("infi")
def test_scan_float_is_the_c_librarys(text: str) -> None:
    value, count = ctypes.c_float(0), ctypes.c_int(-1)
    found = LIBC.sscanf(text.encode(), b"%f%n", ctypes.byref(value), ctypes.byref(count))
    ours = scan_float(text)
    if found == 1 and ours is not None:
        assert single(ours[0]) == value.value or value.value != value.value
        assert ours[1] == text[count.value :]
    # glibc's scanf gives up on some beginnings of numbers that strtod takes: "1e+", which ps
    # never writes.
    elif "e" not in text.lower():
        assert ours is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("-1", -1), ("+1", 1), (" 1", 1), ("\t1", 1), ("1 ", None), ("1.", None),
     ("", None), ("0x1", None), ("99999999999", 1215752191), ("9" * 22, -1)],
)  # fmt: skip
def test_whole_int(text: str, number: int | None) -> None:
    assert whole_int(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("1", 1), ("", 0), ("-", 0), ("1-1", 1), ("1 1", 1), ("+1", None), ("1x", None),
     ("99999999999", None), ("--1", 0), (" 5", 5), ("5\n", None)],
)  # fmt: skip
def test_loose_int(text: str, number: int | None) -> None:
    assert loose_int(text) == number


@pytest.mark.parametrize("text", ["1", "-1", "1.", ".1", "1e3", " 1", "1.5.5", "0x1", "nan"])
def test_is_float(text: str) -> None:
    assert is_float(text)


@pytest.mark.parametrize("text", ["", ".", "-", "1 ", "1x", "1-3", "1,5", "x", "5.-"])
def test_is_no_float(text: str) -> None:
    assert not is_float(text)


@pytest.mark.parametrize(
    ("text", "quiet", "loud"),
    [
        ("10", [0, 10], [-1, 10.1]),
        ("10:", [10, 1e300], [9.9]),
        ("~:10", [-1e300, 10], [11]),
        ("10:20", [10, 20], [9, 21]),
        ("@10:20", [9, 21], [10, 20]),
        ("", [0, 1e300], [-1]),
        ("nonsense", [0], [1]),
        ("@", [-1], [0, 5]),
    ],
)
def test_ranges(text: str, quiet: list[float], loud: list[float]) -> None:
    limits = Range(text)
    assert not any(map(limits.alerts, quiet))
    assert all(map(limits.alerts, loud))
    assert limits.text == text


@pytest.mark.parametrize("text", ["5:2", "-1", "nan", "1:nan", "@6:5", "6:~"])
def test_a_range_that_starts_beyond_its_end(text: str) -> None:
    with pytest.raises(ValueError, match="Range format incorrect"):
        Range(text)


def test_not_a_number_is_outside_of_every_range() -> None:
    assert Range("~:").alerts(float("nan"))


@pytest.fixture(scope="session")
def six(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recorded table of six processes whose numbers nobody here has."""
    incumbent()
    path = tmp_path_factory.mktemp("six") / "ps"
    lines = [f"S 0 {pid} 1 1 1 0.0 00:00 a a\n" for pid in range(5000001, 5000007)]
    path.write_text("STAT\n" + "".join(lines))
    return path


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(alphabet=" +-.0123456789e:@~x", max_size=8))
def test_ranges_mean_what_they_mean_to_the_original(six: Path, text: str) -> None:
    run = [THEIRS, f"--input-file={six}", f"--critical={text}"]
    status = subprocess.run(run, capture_output=True, check=False).returncode
    try:
        ours = 2 if Range(text).alerts(6) else 0
    except ValueError:
        ours = 3
    assert status == ours
