"""The dashboards: current, importable, and every query one that Prometheus can answer from us."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from grafana.generate import DASHBOARDS, text
from promql import known, labels, metrics, offered, promtool

FOLDER = Path(__file__).parents[2] / "exporters/grafana"
NAMES = [dashboard.uid for dashboard in DASHBOARDS]
JSON: dict[str, Any] = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in NAMES}
PAIRS = [
    (name, panel) for name in NAMES for panel in JSON[name]["panels"] if panel["type"] != "row"
]
PANELS = [pytest.param(*pair, id=f"{pair[0]}: {pair[1]['title']}") for pair in PAIRS]
VARIABLES = {"job": "ct0", "instance": "node1:9955", "engine": ".*", "ctid": "101"}
# Units of Grafana's, by what a metric's name ends in; a rate of seconds is a share of the time.
UNITS = {
    "timeseries": {"short", "percentunit", "bytes", "Bps", "iops", "pps", "s"},
    "stat": {"short", "s"},
    "gauge": {"percentunit"},
    "table": {"short"},
}


def substituted(query: str) -> str:
    """As Grafana asks it."""
    for name, value in {"__rate_interval": "1m0s", "__range": "3h", **VARIABLES}.items():
        query = query.replace(f"${name}", value)
    return query


def queries(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


@pytest.mark.parametrize("dashboard", DASHBOARDS, ids=NAMES)
def test_the_file_is_what_the_program_writes(dashboard: Any) -> None:
    assert (FOLDER / f"{dashboard.uid}.json").read_text() == text(dashboard), (
        "run: python -m grafana.generate"
    )


@pytest.mark.parametrize("name", NAMES)
def test_it_can_be_imported_anywhere(name: str) -> None:
    dashboard = JSON[name]
    assert dashboard["id"] is None
    assert dashboard["uid"] == name
    assert re.fullmatch(r"[a-zA-Z0-9_-]{1,40}", dashboard["uid"])
    assert dashboard["title"]
    assert dashboard["description"]
    found = [variable["name"] for variable in dashboard["templating"]["list"]]
    assert found[:2] == ["datasource", "job"]
    # No data source of ours: only the variable, in panels, queries and variables.
    sources = re.findall(r'"uid": "(\$\{\w+\})"', (FOLDER / f"{name}.json").read_text())
    assert set(sources) == {"${datasource}"}


@pytest.mark.parametrize("name", NAMES)
def test_its_variables_ask_for_labels_that_exist(name: str) -> None:
    for variable in JSON[name]["templating"]["list"][1:]:
        matched = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"])
        assert matched is not None
        asked = metrics(matched[1])
        assert asked <= known().keys()
        assert labels(matched[1]) | {matched[2]} <= offered(asked)


@pytest.mark.parametrize("name", NAMES)
def test_it_uses_the_variables_it_has_and_no_others(name: str) -> None:
    dashboard = JSON[name]
    has = {variable["name"] for variable in dashboard["templating"]["list"]} - {"datasource"}
    used = set()
    for panel in dashboard["panels"]:
        for query in queries(panel) if "targets" in panel else ():
            used |= set(re.findall(r"\$(\w+)", query))
    assert used - {"__rate_interval", "__range"} == has


@pytest.mark.parametrize("name", NAMES)
def test_panels_do_not_overlap_and_have_numbers_of_their_own(name: str) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in JSON[name]["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
    numbers = [panel["id"] for panel in JSON[name]["panels"]]
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_a_panel_says_what_it_shows_and_asks_for_what_there_is(name: str, panel: Any) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS[panel["type"]]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[0] == {"color": "green", "value": None}
    assert [step["value"] for step in steps[1:]] == sorted(step["value"] for step in steps[1:])
    assert queries(panel)
    for query in queries(panel):
        asked = metrics(query)
        assert asked <= known().keys()
        assert asked or "up{" in query
        assert labels(query) <= offered(asked)
        # A fixed range would be empty at a long scrape interval, and blind at a long time range.
        assert set(re.findall(r"\[(.*?)\]", query)) <= {"$__rate_interval", "$__range"}
    for target in panel["targets"]:
        wanted = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert wanted <= offered(metrics(target["expr"]))


@pytest.mark.parametrize(("name", "panel"), PANELS)
def test_counters_are_rated_and_gauges_are_not(name: str, panel: Any) -> None:
    for query in queries(panel):
        for function, metric in re.findall(r"(\w*)\(?(ct_[a-z0-9_]+)\{", query):
            counter = known()[metric].type == "counter"
            assert counter is (function in ("rate", "increase")), query


def test_prometheus_reads_every_query(tmp_path: Path) -> None:
    """As recording rules, which promtool parses."""
    found = {substituted(query) for _, panel in PAIRS for query in queries(panel)}
    rules = [{"record": f"query:{n}", "expr": query} for n, query in enumerate(sorted(found))]
    assert len(rules) > 80
    assert not any("$" in rule["expr"] for rule in rules)
    path = tmp_path / "rules.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    done = promtool("check", "rules", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    path.write_text(path.read_text() + "  - {record: 'query:bad', expr: 'rate(ct_state)'}\n")
    assert promtool("check", "rules", str(path)).returncode != 0
