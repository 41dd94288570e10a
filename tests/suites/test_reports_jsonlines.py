"""JSON lines: every line of the published schema, the last one of the whole run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Callable

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct0_suites.expectations.files import Wrong
from ct0_suites.records import CRITICAL, CT, FAILED, OUTCOMES, SEVERITIES, Result, Subject
from ct0_suites.reports.jsonlines import SCHEMA, JsonLines
from suites.reported import HOSTILE, NODE1, all_well, hostile, results, run

PUBLISHED = "../../docs/suites/results.schema.json"
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def lines(folder: Path, found: Iterable[Result], **more: object) -> list[dict[str, Any]]:
    path = folder / "results.jsonl"
    run(JsonLines(str(path)), found, **more)
    text = path.read_bytes().decode("ascii")
    objects = [json.loads(line) for line in text.splitlines()]
    for each in objects:
        VALIDATOR.validate(each)
    return objects


def test_the_schema_is_published(golden: Callable[[str, str], None]) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    golden(PUBLISHED, json.dumps(SCHEMA, indent=2) + "\n")


def test_the_schema_refuses_what_is_none_of_ours(tmp_path: Path) -> None:
    first, *_, last = lines(tmp_path, results())
    for each, key, value in (
        (first, "outcome", "skipped"),
        (first, "problems", "text"),
        (first, "type", "summary"),
        (last, "status", 4),
        (last, "counts", {}),
    ):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate({**each, key: value})


def test_the_report(tmp_path: Path, golden: Callable[[str, str], None]) -> None:
    found = lines(tmp_path, results())
    assert len(found) == 74
    wrong = [each for each in found if each.get("outcome") != "passed"]
    golden("verify/report.jsonl", "".join(f"{json.dumps(each)}\n" for each in wrong))


def test_a_result_is_there_as_soon_as_it_is_known(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    report = JsonLines(str(path))
    report.begin(1, 1)
    report.add(Result("x", "ssh", NODE1, FAILED, CRITICAL, ("wrong",)))
    assert json.loads(path.read_text())["problems"] == ["wrong"]


@pytest.mark.parametrize(
    ("more", "state"),
    [({}, "OK"), ({"interrupted": True}, "UNKNOWN"), ({"trouble": "x"}, "UNKNOWN")],
)
def test_the_state_of_the_run(tmp_path: Path, more: dict[str, object], state: str) -> None:
    *_, last = lines(tmp_path, all_well(), **more)
    assert last["state"] == state
    assert last["counts"]["passed"] == 61


def test_nothing_judged(tmp_path: Path) -> None:
    (only,) = lines(tmp_path, [], nothing="no nodes")
    assert (only["state"], only["nothing"]) == ("UNKNOWN", "no nodes")


def test_names_are_as_they_are(tmp_path: Path) -> None:
    *found, _ = lines(tmp_path, hostile())
    names = {each["name"] for each in found}
    surrogate = "nul\0 bell\a esc\x1b[31m del\x7f c1\x9b lone\udc80 \ufffe\uffff"
    assert surrogate.replace("\udc80", "?") in names
    assert len(names) == len(HOSTILE)


def test_a_full_disk_is_said_at_the_end() -> None:
    with pytest.raises(Wrong, match="/dev/full: No space left on device"):
        run(JsonLines("/dev/full"), results())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(
    st.lists(
        st.builds(
            Result,
            st.text(),
            st.text(),
            st.builds(Subject, st.text(), st.just(CT), st.text(), st.text(), st.text()),
            st.sampled_from(OUTCOMES),
            st.sampled_from(SEVERITIES),
            st.lists(st.text(), max_size=3).map(tuple),
            st.floats(0, 1e6),
            st.text(),
        ),
        max_size=5,
    )
)
def test_any_texts(tmp_path: Path, found: list[Result]) -> None:
    assert len(lines(tmp_path, found)) == len(found) + 1
