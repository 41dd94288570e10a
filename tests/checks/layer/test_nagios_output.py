"""One line, one `|`, 4 kB: what Nagios, Icinga and NRPE take whole."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ct0.container import CT
from ct0_checks.layer.findings import Critical, Finding, Metric, Ok, ServiceState, Unknown, Warn
from ct0_checks.layer.nagios_output import LIMIT, nagios
from ct0_checks.layer.report import Judged, Report
from plugin_runs import PERFDATA


def judged(name: str, *findings: Finding) -> Judged:
    return Judged(CT("lxc", name, name), name, list(findings))


def report(*cts: Judged, host: list[Finding] | None = None, **more: list[str]) -> Report:
    return Report(
        "ct_x", "node1", list(cts), host or [], more.get("notes", []), more.get("details", [])
    )


def memory(value: float) -> Metric:
    return Metric("memory", value, "B")


def test_all_is_well() -> None:
    fine = [judged(name, Finding(Ok, "memory 1%", (memory(9),))) for name in ("a", "b")]
    assert nagios(report(*fine)) == "CT_X OK - 2 containers | 'a::memory'=9B 'b::memory'=9B\n"
    assert nagios(report(fine[0])) == "CT_X OK - a (lxc a): memory 1% | 'a::memory'=9B\n"
    assert nagios(report(*fine, notes=["first run"]), perfdata=False) == (
        "CT_X OK - 2 containers (first run)\n"
    )
    assert nagios(report(host=[Finding(Ok, "no containers on this host")])) == (
        "CT_X OK - no containers on this host\n"
    )


def test_the_worst_first_and_what_is_less_bad_says_so() -> None:
    found = report(
        judged("fine", Finding(Ok, "memory 1%")),
        judged("odd", Finding(Unknown, "cannot be judged")),
        judged("bad", Finding(Warn, "memory 85%"), Finding(Ok, "tasks 1%")),
        judged("worst", Finding(Ok, "swap 1%"), Finding(Warn, "tasks 81%"), Finding(Critical, "x")),
    )
    assert nagios(found) == (
        "CT_X CRITICAL - worst (lxc worst): x, tasks 81%; WARNING bad (lxc bad): memory 85%; "
        "UNKNOWN odd (lxc odd): cannot be judged\n"
    )


@pytest.mark.parametrize("other", [Warn, Critical])
def test_unknown_hides_nothing(other: ServiceState) -> None:
    found = report(judged("a", Finding(Unknown, "?")), judged("b", Finding(other, "down")))
    first = nagios(found)
    assert first.startswith(f"CT_X {str(other).upper()} - b (lxc b): down; UNKNOWN a")


def test_findings_of_the_host_come_first() -> None:
    found = report(judged("a", Finding(Warn, "bad")), host=[Finding(Unknown, "no container b")])
    assert nagios(found) == "CT_X WARNING - UNKNOWN no container b; a (lxc a): bad\n"


def test_no_more_than_asked_for_are_named_and_the_rest_below() -> None:
    bad = [judged(f"ct{number}", Finding(Warn, "bad")) for number in range(9)]
    lines = nagios(report(*bad), listed=2).split("\n")
    assert lines[0] == "CT_X WARNING - ct0 (lxc ct0): bad; ct1 (lxc ct1): bad; and 7 more"
    assert lines[1:10] == [f"WARNING ct{number} (lxc ct{number}): bad" for number in range(9)]
    assert lines[10:] == [""]
    assert nagios(report(*bad), listed=0).startswith("CT_X WARNING - 9 containers\n")


def test_one_reason_of_many_is_said_once() -> None:
    odd = [judged(f"ct{number}", Finding(Unknown, "no PSI")) for number in range(200)]
    one = judged("one", Finding(Unknown, "another"))
    first = nagios(report(*odd, one), listed=2).partition("\n")[0]
    assert first == "CT_X UNKNOWN - 200 containers: no PSI; one (lxc one): another"


def test_verbose_lists_all_after_the_performance_data() -> None:
    found = report(
        judged("a", Finding(Ok, "memory 1%", (memory(1),))),
        judged("b", Finding(Warn, "memory 85%", (memory(85),))),
        details=["read directly"],
    )
    assert nagios(found, verbose=1) == (
        "CT_X WARNING - b (lxc b): memory 85% | 'a::memory'=1B 'b::memory'=85B\n"
        "OK a (lxc a): memory 1%\nWARNING b (lxc b): memory 85%\nread directly\n"
    )


def test_too_much_performance_data_is_left_out_by_whole_containers() -> None:
    metrics = tuple(Metric(f"metric{number}", number) for number in range(5))
    many = [judged(f"container{number}", Finding(Ok, "fine", metrics)) for number in range(99)]
    text = nagios(report(*many, host=[Finding(Ok, "", (Metric("containers", 99),))]))
    first, below = text.rstrip("\n").split("\n")
    assert len(text) <= LIMIT
    data = first.partition(" | ")[2].split(" ")
    assert data[0] == "containers=99"
    assert len(data) % 5 == 1  # all of a container, or nothing
    left = 99 - len(data) // 5
    assert below == (
        f"performance data of {left} containers left out: "
        "--ct, --include or --format=json have them"
    )
    assert LIMIT - len(text) < 300  # as much as there is room for


def test_a_label_is_there_once() -> None:
    twice = judged("a", Finding(Ok, "", (memory(1),)), Finding(Ok, "", (memory(2),)))
    assert nagios(report(twice)) == "CT_X OK - a (lxc a): nothing to judge | 'a::memory'=1B\n"


def test_a_long_line_is_cut_by_bytes() -> None:
    long = [judged(f"ct{number}", Finding(Critical, "ö" * 390)) for number in range(9)]
    text = nagios(report(*long), verbose=1)
    assert len(text.encode()) <= LIMIT
    assert text.partition("\n")[0].endswith("...; and 8 more")


TEXT = st.text(max_size=400)
VALUES = st.one_of(st.none(), st.floats(), st.integers())
METRICS = st.tuples(TEXT, VALUES).map(lambda pair: Metric(*pair))
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from([Ok, Warn, Critical, Unknown]),
        TEXT,
        st.lists(METRICS, max_size=3).map(tuple),
    ),
    max_size=3,
)


@settings(max_examples=50)
@given(
    st.lists(st.tuples(TEXT, TEXT, FINDINGS), max_size=12),
    FINDINGS,
    st.lists(TEXT, max_size=2),
    st.integers(0, 12),
    st.integers(0, 3),
)
def test_whatever_is_found(
    cts: list[tuple[str, str, list[Finding]]],
    host: list[Finding],
    notes: list[str],
    listed: int,
    verbose: int,
) -> None:
    made = [
        Judged(CT("lxc", ctid, name), f"ct{number}", findings)
        for number, (name, ctid, findings) in enumerate(cts)
    ]
    found = Report("ct_x", "node1", made, host, notes, notes)
    text = nagios(found, listed, verbose)
    assert len(text.encode("utf-8")) <= LIMIT
    assert text.endswith("\n")
    first, *below = text[:-1].split("\n")
    assert all(line.isprintable() for line in (first, *below))
    assert text.count("|") <= 1
    assert "|" not in "".join(below)
    words, _, data = first.partition(" | ")
    assert words.startswith(f"CT_X {str(found.state).upper()} - ")
    assert all(PERFDATA.fullmatch(each) for each in data.split(" ") if data), data
