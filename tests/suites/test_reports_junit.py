"""JUnit XML: of its schema, readable by others, with nothing green that is not."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Callable
from xml.etree import ElementTree

import junitparser
import pytest
import xmlschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong
from ct0_suites.records import CT, FAILED, OUTCOMES, SEVERITIES, Result, Subject
from ct0_suites.reports.junit import JUnit
from suites.reported import HOSTILE, NODE1, all_well, hostile, many, results, run

SCHEMA = xmlschema.XMLSchema(str(Path(__file__).with_name("junit-10.xsd")))


def written(folder: Path, found: Iterable[Result], **more: object) -> Path:
    path = folder / "junit.xml"
    run(JUnit(str(path)), found, **more)
    SCHEMA.validate(str(path))
    return path


def parsed(path: Path) -> junitparser.JUnitXml:
    found = junitparser.JUnitXml.fromfile(str(path))
    assert isinstance(found, junitparser.JUnitXml)
    return found


def test_the_report(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    golden("verify/report.xml", written(tmp_path, results()).read_text())


def test_others_count_the_same(tmp_path: Path) -> None:
    found = parsed(written(tmp_path, results()))
    assert (found.tests, found.failures, found.errors) == (73, 4, 2)
    suites = {suite.name: suite for suite in found}
    assert " ".join(suites) == ("node1 node1/db node1/shop node2 node2/mail node2/web1 node3")
    shop = suites["node1/shop"]
    assert (shop.tests, shop.failures, shop.errors, shop.skipped) == (12, 1, 0, 2)
    (web_open,) = [case for case in shop if case.name == "web-open"]
    (failure,) = web_open.result
    assert isinstance(failure, junitparser.Failure)
    assert failure.message.startswith("tcp 443 from anywhere is not accepted")
    assert failure.type == "critical"
    assert web_open.classname == "node1/shop.firewall"
    (waived,) = [case for case in shop if case.name == "root-keys"]
    (skipped,) = waived.result
    assert isinstance(skipped, junitparser.Skipped)
    assert skipped.message == (
        "waived until 2025-12-31, ops@example.com: keys are being replaced, ticket 4711"
    )
    (dead,) = suites["node3"]
    assert isinstance(dead.result[0], junitparser.Error)


@pytest.mark.parametrize(
    "more", [{"nothing": "no nodes"}, {"interrupted": True}, {"trouble": "x: No space left"}]
)
def test_a_run_that_proves_nothing_has_an_error(tmp_path: Path, more: dict[str, object]) -> None:
    found = [] if "nothing" in more else all_well()
    root = ElementTree.parse(written(tmp_path, found, **more)).getroot()
    assert root.get("errors") == "1"
    (error,) = root.iter("error")
    assert error.get("message")
    assert root.get("tests") == str(len(found) + 1)


def test_counts_are_those_of_what_is_there(tmp_path: Path) -> None:
    root = ElementTree.parse(written(tmp_path, many())).getroot()
    assert len(root) == 100
    for suite in (root, *root):
        assert suite.get("tests") == str(sum(1 for _ in suite.iter("testcase")))
        assert suite.get("failures") == str(sum(1 for _ in suite.iter("failure")))
        assert suite.get("errors") == str(sum(1 for _ in suite.iter("error")))


def test_hostile_names_stay_text(tmp_path: Path) -> None:
    root = ElementTree.parse(written(tmp_path, hostile())).getroot()
    assert {element.tag for element in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase",
        "failure", "error", "skipped",
    }  # fmt: skip
    names = {case.get("name") for case in root.iter("testcase")}
    assert "<script>alert(1)</script>" in names
    assert "nul? bell? esc?[31m del? c1? lone? ??" in names
    assert len(root) == len(HOSTILE)


def test_nothing_is_left_beside_it_and_the_old_one_stays_when_it_goes_wrong(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, results())
    before = path.read_text()
    report = JUnit(str(path))
    report.begin(1, 1)
    report.add(Result("x", "ssh", NODE1, FAILED))
    report.spool.trouble = OSError(28, "No space left on device")
    with pytest.raises(Wrong, match=r"junit\.xml: No space left on device"):
        run(report, [])
    assert path.read_text() == before
    assert os.listdir(tmp_path) == ["junit.xml"]


def test_a_place_that_cannot_be_written_is_said_before_the_run(tmp_path: Path) -> None:
    for path, text in (
        (tmp_path, "is a folder"),
        (tmp_path / "none/junit.xml", "there is no folder"),
        (tmp_path / "file/junit.xml", "there is no folder"),
    ):
        (tmp_path / "file").write_text("")
        with pytest.raises(Wrong, match=text):
            JUnit(str(path)).begin(1, 1)


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
            st.lists(st.text(), max_size=3).map(tuple),
            st.floats(0, 1e6),
            TEXTS,
        ),
        max_size=8,
    )
)
def test_any_texts_are_xml(tmp_path: Path, found: list[Result]) -> None:
    written(tmp_path, found)
