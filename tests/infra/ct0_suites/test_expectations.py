"""Every expectation on every host of --hosts: `pytest --pyargs ct0_suites`.

One that is not for a host is skipped and says so; a failure that somebody answers for is an xfail.
"""

from __future__ import annotations

from typing import Any

import pytest

from ct0_suites.expectations.files import Wrong
from ct0_suites.expectations.load import load
from ct0_suites.expectations.matching import applies
from ct0_suites.expectations.waivers import load_waivers
from ct0_suites.judging import RUNS, Judge
from ct0_suites.records import ERROR, FAILED, NOT_APPLICABLE, WAIVED, Expectation
from ct0_suites.target import Target


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ct0_expectation" not in metafunc.fixturenames:
        return
    try:
        expected = load(metafunc.config.getoption("--ct0-expect"))
        load_waivers(metafunc.config.getoption("--ct0-waivers"))
    except Wrong as error:
        raise pytest.Collector.CollectError(str(error)) from None
    expected = expected or [RUNS]
    metafunc.parametrize("ct0_expectation", expected, ids=[each.id for each in expected])


def test_expectation(
    ct0_target: Target,
    ct0_expectation: Expectation,
    pytestconfig: pytest.Config,
    record_property: Any,
) -> None:
    subject = ct0_target.subject
    if not applies(ct0_expectation, subject):
        pytest.skip(f"not for {subject.id} (kind {subject.kind}, engine {subject.engine or '-'})")
    judge = Judge([], load_waivers(pytestconfig.getoption("--ct0-waivers")))
    result = judge.one(ct0_expectation, ct0_target)
    record_property("ct0_severity", result.severity)
    problems = "\n".join([*result.problems, *([result.waiver] if result.waiver else [])])
    if result.outcome == NOT_APPLICABLE:
        pytest.skip(f"not applicable: {problems}")
    if result.outcome == WAIVED:
        pytest.xfail(problems)
    if result.outcome == ERROR:
        pytest.fail(f"could not be judged: {problems}", pytrace=False)
    if result.outcome == FAILED:
        pytest.fail(problems, pytrace=False)
