"""docs/suites.md is current, and every example in it and beside it is what the program takes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from ct0_suites.expectations.files import parse_yaml
from ct0_suites.expectations.load import load
from ct0_suites.expectations.schema import schema
from ct0_suites.expectations.waivers import load_waivers
from ct0_suites.inventory import read_inventory
from ct0_suites.nodes import node_of
from ct0_suites.suites import SUITES, suite
from suites_docs import FOLDER, PAGE, about, form, kind_of, paragraphs, renewed, sample, schemas

STALE = "run: python -m tests.suites_docs"


def test_the_made_parts_are_current() -> None:
    assert PAGE.read_text() == renewed(), STALE


@pytest.mark.parametrize("name", ["expectations", "waivers", "inventory"])
def test_the_schemas_are_current(name: str) -> None:
    text = (FOLDER / f"{name}.schema.json").read_text()
    assert text == schemas()[f"{name}.schema.json"], STALE
    jsonschema.Draft7Validator.check_schema(json.loads(text))


def test_the_examples_are_what_they_say() -> None:
    expected = load([str(FOLDER / "expectations.example.yaml")])
    assert {each.suite for each in expected} == set(SUITES)
    (waiver,) = load_waivers([str(FOLDER / "waivers.example.yaml")])
    assert any(each.id.startswith(waiver.expectation[:-1]) for each in expected)
    entries = read_inventory(str(FOLDER / "inventory.example.yaml"))
    names = [node_of(*entry).name for entry in entries]
    assert names == ["node1.example", "node2.example:2222", "node3", "node4.example", "db1.example"]


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_tells_what_it_judges_and_every_key(name: str) -> None:
    module = suite(name)
    assert about(name)
    document = parse_yaml(f"version: 1\n{sample(name)}\n", name, schema())
    assert document[name]
    assert not any(paragraph.startswith(" ") for paragraph in paragraphs(name)[1])
    for key, value in module.SCHEMA.items():
        assert value["description"].endswith((".", "…")), key
        assert form(value)
    assert set(module.REQUIRED) <= set(module.SCHEMA)


def test_waivers_in_the_page_load(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(version: 1\nwaivers:.*?)```", PAGE.read_text(), re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}").write_text(block)
        assert load_waivers([str(tmp_path / f"{number}")])


def test_pipelines_in_the_page_are_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    documents = [yaml.safe_load(block) for block in blocks]
    assert any("verify" in document for document in documents)
    assert any("jobs" in document for document in documents)


def test_links_lead_somewhere() -> None:
    titles = re.findall(r"^#+ (.*)$", PAGE.read_text(), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}
    for goal in re.findall(r"\]\(([^):]+)\)", PAGE.read_text()):
        file, _, anchor = goal.partition("#")
        assert (PAGE.parent / file).exists(), goal
        assert not anchor or anchor in anchors, goal


def test_forms_of_values() -> None:
    assert form({"type": "string"}) == "text"
    assert form({"type": ["integer", "string"]}) == "number or text"
    assert form({"enum": ["a", 1]}) == "`a`, `1`"
    assert form({"type": "array", "items": {"type": "string"}}) == "list of text"
    assert form({"oneOf": [{"const": 1}, {"type": "boolean"}]}) == "`1` or true, false"
    assert kind_of("integer", {"minimum": 1, "maximum": 9}) == "number, 1 to 9"
    assert kind_of("object", {"additionalProperties": {"type": "string"}}) == "name: text"
