"""Metrics for the textfile collector: names, bounds, what others make of them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from ct0_suites.records import CRITICAL, CT, FAILED, OUTCOMES, SEVERITIES, Result, Subject
from ct0_suites.reports import prometheus
from ct0_suites.reports.prometheus import Prometheus
from exposition import faults, samples, value, values
from suites.reported import HOSTILE, STARTED, all_well, hostile, many, results, run


def written(folder: Path, found: Iterable[Result], **more: object) -> str:
    path = folder / "verify.prom"
    run(Prometheus(str(path)), found, **more)
    text = path.read_text()
    assert faults(text) == []
    return text


def test_the_report(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    golden("verify/report.prom", written(tmp_path, results()))


def test_what_it_says(tmp_path: Path) -> None:
    text = written(tmp_path, results())
    assert value(text, "ct0_verify_state") == 2
    assert value(text, "ct0_verify_last_run_timestamp_seconds") == STARTED + 3.21
    assert value(text, "ct0_verify_duration_seconds") == 3.21
    assert sum(values(text, "ct0_verify_results")) == 73
    assert sum(values(text, "ct0_verify_results", outcome="failed")) == 4
    shop = {"node": "node1", "ct": "shop", "suite": "firewall"}
    assert value(text, "ct0_verify_results", **shop, outcome="failed") == 1
    assert value(text, "ct0_verify_results", **shop, outcome="error") == 0
    assert value(text, "ct0_verify_expectation_state", expectation="web-open") == 2
    assert value(text, "ct0_verify_expectation_state", expectation="puppet-fresh") == 1
    assert value(text, "ct0_verify_expectation_state", expectation="state", node="node3") == 3
    assert values(text, "ct0_verify_expectation_state", expectation="root-keys") == []


@pytest.mark.parametrize("more", [{"interrupted": True}, {"trouble": "x"}])
def test_a_run_that_proves_nothing_is_unknown(tmp_path: Path, more: dict[str, object]) -> None:
    assert value(written(tmp_path, all_well(), **more), "ct0_verify_state") == 3


def test_nothing_judged_is_unknown(tmp_path: Path) -> None:
    assert value(written(tmp_path, [], nothing="no nodes"), "ct0_verify_state") == 3


def test_series_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus, "EXPECTATIONS", 20)
    text = written(tmp_path, many())
    kept = values(text, "ct0_verify_expectation_state")
    assert kept == [2.0] * 20
    assert value(text, "ct0_verify_expectation_states_omitted") == 130
    # 100 machines, 7 suites; whether failed, error, passed and now and then waived.
    assert 2100 <= len(values(text, "ct0_verify_results")) <= 2200


def test_containers_of_one_name_are_one_series(tmp_path: Path) -> None:
    twins = [Subject("node1", CT, engine, engine, "web1") for engine in ("lxc", "docker")]
    found = [Result("x", "ssh", twin, FAILED, CRITICAL, ("wrong",)) for twin in twins]
    text = written(tmp_path, found)
    assert value(text, "ct0_verify_results", ct="web1", outcome="failed") == 2
    assert value(text, "ct0_verify_expectation_state", ct="web1") == 2


def test_others_read_hostile_names_as_they_were(tmp_path: Path) -> None:
    text = written(tmp_path, hostile())
    theirs = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert len(theirs) == len(samples(text)) > 5 * len(HOSTILE)
    labels = {dict(pairs).get("ct") for _, pairs in theirs}
    assert "pipe|semi;colon $USER1$ `id` back\\slash" in labels
    assert "\" onmouseover='alert(1)' x=\"" in labels


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    for found in (results(), hostile()):
        text = written(tmp_path, found)
        # Where it is not installed, exposition.faults has looked for the same.
        if promtool:
            said = subprocess.run(
                [promtool, "check", "metrics"], input=text, text=True, capture_output=True
            )
            assert (said.returncode, said.stdout, said.stderr) == (0, "", "")


def test_node_exporter_may_read_it_and_sees_nothing_half_done(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        written(tmp_path, results())
    finally:
        os.umask(before)
    assert os.listdir(tmp_path) == ["verify.prom"]
    assert (tmp_path / "verify.prom").stat().st_mode & 0o777 == 0o644


TEXTS = st.text(max_size=60)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(
        st.builds(
            Result,
            TEXTS,
            TEXTS,
            st.builds(Subject, TEXTS, st.just(CT), TEXTS, TEXTS, TEXTS),
            st.sampled_from(OUTCOMES),
            st.sampled_from(SEVERITIES),
        ),
        max_size=8,
    )
)
def test_any_texts(tmp_path: Path, found: list[Result]) -> None:
    text = written(tmp_path, found)
    assert sum(values(text, "ct0_verify_results")) == len(found)
    assert list(text_string_to_metric_families(text))
