"""The text is prometheus_client's, byte for byte, in both formats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import generate_latest as generate_text
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from ct0_exporters.families import COUNTER, GAUGE, INFO, Family
from ct0_exporters.render import KEPT, OPENMETRICS, TEXT, Renderer, format_for, number


class Given(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self.families = families

    def collect(self) -> Iterator[Metric]:
        for family in self.families:
            yield equivalent(family)


def equivalent(family: Family) -> Metric:
    """The family as prometheus_client has it."""
    name, text, labels = family.name, family.help, list(family.labels)
    if family.type == COUNTER:
        counter = CounterMetricFamily(name[: -len("_total")], text, labels=labels)
        for values, value in family.samples:
            counter.add_metric(values, value)
        return counter
    if family.type == INFO:
        info = InfoMetricFamily(name[: -len("_info")], text, labels=[])
        for values, _ in family.samples:
            info.add_metric([], dict(zip(labels, values)))
        return info
    gauge = GaugeMetricFamily(name, text, labels=labels)
    for values, value in family.samples:
        gauge.add_metric(values, value)
    return gauge


def reference(families: list[Family], content_type: str) -> bytes:
    registry = CollectorRegistry()
    registry.register(Given(families))
    if content_type == TEXT:
        return generate_text(registry)
    text: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
    return text


both = pytest.mark.parametrize("content_type", [TEXT, OPENMETRICS], ids=["text", "openmetrics"])


def family(
    samples: Iterable[tuple[tuple[str, ...], float]] = (),
    *,
    name: str = "ct_x",
    type: str = GAUGE,
    help: str = "Help.",
    labels: tuple[str, ...] = ("engine", "ctid"),
) -> Family:
    made = Family(name, type, help, labels)
    for values, value in samples:
        made.add(values, value)
    return made


# Surrogates cannot be written as UTF-8; `plain` has replaced them long before.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NUMBERS = st.one_of(
    st.floats(),
    st.integers(min_value=-(2**70), max_value=2**70),
    st.sampled_from([0, -0.0, 999999, 1000000, 1e6, 999999.9999999999, 1e-4, 9.99e-5, 1e16, 1e21]),
)


@both
@given(samples=st.dictionaries(st.tuples(TEXTS, TEXTS), NUMBERS), help=TEXTS)
def test_any_label_any_value_any_help(
    content_type: str, samples: dict[tuple[str, str], float], help: str
) -> None:
    families = [
        family(samples.items(), help=help),
        family(samples.items(), name="ct_x_seconds_total", type=COUNTER, help=help),
        family(((values, 1) for values in samples), name="ct_x_info", type=INFO, help=help),
        family([((), 3)], name="ct_y", labels=(), help=help),
    ]
    assert Renderer().render(families, content_type) == reference(families, content_type)


@both
def test_labels_are_sorted_by_name(content_type: str) -> None:
    families = [family([(("lxc", "web1", "eth0"), 1)], labels=("engine", "ctid", "device"))]
    text = Renderer().render(families, content_type)
    assert b'ct_x{ctid="web1",device="eth0",engine="lxc"} 1.0\n' in text
    assert text == reference(families, content_type)


@both
def test_a_second_scrape_has_the_same_text(content_type: str) -> None:
    renderer = Renderer()
    families = [family([(("lxc", 'a"b\\c\nd'), 1.5)])]
    first = renderer.render(families, content_type)
    assert renderer.render(families, content_type) == first == reference(families, content_type)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0.0"),
        (-0.0, "-0.0"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (999999, "999999.0"),
        (1000000, "1e+06"),
        (1234567.25, "1.23456725e+06"),
        (9223372036854775807, "9.223372036854776e+18"),
        (-1234567, "-1234567.0"),
        (5e-324, "5e-324"),
    ],
)
def test_number(value: float, text: str) -> None:
    assert number(value) == text
    assert f"}} {text}\n".encode() in Renderer().render([family([(("a", "b"), value)])])


def test_a_surrogate_that_got_through_does_not_cost_the_scrape() -> None:
    assert b'ctid="?"' in Renderer().render([family([(("lxc", "\udc80"), 1)])])


def test_the_texts_of_cts_long_gone_are_given_up() -> None:
    renderer = Renderer()
    for scrape in range(3):
        many = [((str(scrape), str(each)), 1.0) for each in range(KEPT // 2 + 1)]
        renderer.render([family(many)])
    kept = renderer._texts["engine", "ctid"]
    assert len(kept) <= KEPT * 1.5 + 2


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (TEXT, TEXT),
        (OPENMETRICS, OPENMETRICS),
        ("application/openmetrics-text; version=0.0.1; charset=utf-8", OPENMETRICS),
        ("", TEXT),
    ],
)
def test_format_for(accept: str, content_type: str) -> None:
    assert format_for(accept) == content_type
