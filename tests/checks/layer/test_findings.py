"""States, metrics and what is never written as performance data."""

from __future__ import annotations

import itertools
import math

import pytest

from ct0_checks.layer.findings import (
    Critical,
    Metric,
    Ok,
    ServiceState,
    Unknown,
    Warn,
    judge,
    measured,
    worst,
)
from ct0_checks.layer.ranges import parse_range

EIGHTY, NINETY = parse_range("80"), parse_range("90")


@pytest.mark.parametrize(
    ("value", "state", "why"),
    [
        (80, Ok, ""),
        (80.1, Warn, "outside 0:80"),
        (90.1, Critical, "outside 0:90"),
        (-1, Critical, "outside 0:90"),
        (math.inf, Critical, "outside 0:90"),
        (math.nan, Unknown, "not a number"),
    ],
)
def test_judged(value: float, state: ServiceState, why: str) -> None:
    assert judge(value, EIGHTY, NINETY) == (state, why)
    assert measured("it", value, EIGHTY, NINETY).text == (f"it ({why})" if why else "it")


def test_critical_is_worse_than_unknown() -> None:
    order = [Ok, Unknown, Warn, Critical]
    for one, two in itertools.combinations(order, 2):
        assert worst([one, two]) == worst([two, one]) == two
    assert worst([]) == Ok


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (Metric("m", 457393766, "B", EIGHTY, NINETY, 0, 512), "'a::m'=457393766B;80;90;0;512"),
        (Metric("m", 0.1 + 0.2, "%"), "'a::m'=0.3%"),
        (Metric("m", 1e-07, "s"), "'a::m'=0s"),
        (Metric("m", True), "'a::m'=1"),
        (Metric("m", 3, "c", parse_range("~:0")), "'a::m'=3c;~:0"),
        (Metric("m", 5, maximum=math.inf), "'a::m'=5"),
        (Metric("m", 5, maximum=(1 << 63) - 1), "'a::m'=5"),
        (Metric("m", 5, minimum=0), "'a::m'=5;;;0"),
        (Metric("m", None), None),
        (Metric("m", math.nan), None),
        (Metric("m", math.inf), None),
        (Metric("m", -math.inf), None),
        (Metric("m", (1 << 63) - 1), None),
    ],
)
def test_performance_data(metric: Metric, text: str | None) -> None:
    made = metric.performance("a::m")
    assert (None if made is None else str(made)) == text
