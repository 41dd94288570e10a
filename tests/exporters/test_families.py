"""What promtool lets through (exit 0): series twice, families twice or torn apart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.collectors import scrape as about
from ct0_exporters.families import COUNTER, GAUGE, INFO, Family, Faulty, check
from exposition import faults


def good() -> Family:
    family = Family("ct_x", GAUGE, "Help.", ("engine", "ctid"))
    family.add(("lxc", "web1"), 1)
    family.add(("lxc", "web2"), 1)
    return family


def twice(family: Family) -> None:
    family.add(("lxc", "web1"), 2)


def too_few(family: Family) -> None:
    family.add(("lxc",), 2)


def too_many(family: Family) -> None:
    family.add(("lxc", "web3", "eth0"), 2)


def test_good_families_pass() -> None:
    check([good(), Family("ct_y_total", COUNTER, ""), Family("ct_y_info", INFO, "")])


@pytest.mark.parametrize("spoil", [twice, too_few, too_many])
def test_a_faulty_sample_is_refused(spoil: Callable[[Family], None]) -> None:
    family = good()
    spoil(family)
    with pytest.raises(Faulty, match=r"^ct_x: "):
        check([family])


def test_a_family_may_not_come_twice() -> None:
    with pytest.raises(Faulty, match="ct_x comes twice"):
        check([good(), Family("ct_y", GAUGE, ""), good()])


@pytest.mark.parametrize(
    ("name", "type", "labels"),
    [
        ("ct_x", COUNTER, ()),
        ("ct_x_total", GAUGE, ()),
        ("ct_x_info", GAUGE, ()),
        ("ct_x", INFO, ()),
        ("ct_X", GAUGE, ()),
        ("ct_x", GAUGE, ("ctId",)),
        ("ct_x", GAUGE, ("a", "a")),
    ],
)
def test_names_are_as_they_must_be(name: str, type: str, labels: tuple[str, ...]) -> None:
    with pytest.raises(Faulty, match=name):
        check([Family(name, type, "", labels)])


ALL = [(name, metric) for name, each in COLLECTORS.items() for metric in each.metrics] + [
    ("scrape", metric) for metric in about.METRICS
]


def test_no_two_collectors_have_a_family_in_common() -> None:
    check([Family(metric.name, metric.type, metric.help, metric.labels) for _, metric in ALL])


@pytest.mark.parametrize(("collector", "metric"), ALL, ids=[metric.name for _, metric in ALL])
def test_help_is_a_sentence_that_says_where_it_is_from(collector: str, metric: object) -> None:
    text = metric.help  # type: ignore[attr-defined]
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".")
    assert "Source: " in text or collector == "scrape" or "ct_host_" in metric.name  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("# HELP a A.\n# TYPE a gauge\na 1.0\n", ""),
        ('# TYPE a gauge\na{x="1"} 1.0\na{x="2"} 1.0\n', "a: no HELP"),
        ('# HELP a A.\n# TYPE a gauge\na{x="1"} 1.0\na{x="1"} 2.0\n', 'a{x="1"} comes twice'),
        ('# HELP a A.\n# TYPE a gauge\na{x="1",y="2"} 1\na{y="2",x="1"} 2\n', "comes twice"),
        (
            "# HELP a A.\n# TYPE a gauge\n# HELP b B.\n# TYPE b gauge\nb 1\na 1\n",
            "a is not below its own TYPE",
        ),
        ("# HELP a A.\n# TYPE a gauge\na 1\n# HELP a A.\n# TYPE a gauge\n", "a: HELP twice"),
        ("# HELP a A.\n# TYPE a gauge\na one\n", "a: no number: one"),
    ],
)
def test_faults_of_a_text(text: str, fault: str) -> None:
    found = faults(text)
    assert bool(found) == bool(fault)
    assert fault in "; ".join(found)
