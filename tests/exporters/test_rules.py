"""The rules and the scrape configuration that an operator copies: what promtool says of them, and
whether every metric and label they ask for is one of ours."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from promql import known, labels, metrics, offered, promtool

FOLDER = Path(__file__).parents[2] / "exporters/prometheus"
TESTS = sorted(path.name for path in (FOLDER / "tests").glob("*.yaml"))
SEVERITIES = ("warning", "critical")


def rules(name: str) -> list[dict[str, Any]]:
    document = yaml.safe_load((FOLDER / name).read_text())
    return [rule for group in document["groups"] for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("ct0-alerts.yaml")}
RECORDS = {rule["record"]: rule for rule in rules("ct0-rules.yaml")}
EXPRESSIONS = {name: rule["expr"] for name, rule in {**ALERTS, **RECORDS}.items()}


@pytest.mark.parametrize("name", ["ct0-alerts.yaml", "ct0-rules.yaml"])
def test_promtool_finds_no_fault(name: str) -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", str(FOLDER / name))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", TESTS)
def test_their_own_tests_pass(name: str) -> None:
    done = promtool("test", "rules", name, cwd=str(FOLDER / "tests"))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_asks_for_what_the_exporter_has(name: str) -> None:
    asked = metrics(EXPRESSIONS[name])
    assert asked - known().keys() == set()
    assert asked or "up{" in EXPRESSIONS[name]
    assert labels(EXPRESSIONS[name]) - offered(asked) == set()


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_for_how_long_how_bad_and_what_to_do(name: str) -> None:
    alert = ALERTS[name]
    assert re.fullmatch(r"\d+m", alert["for"])
    assert alert["labels"]["severity"] in SEVERITIES
    assert list(alert["annotations"]) == ["summary", "description", "runbook"]
    assert all(len(text) < 400 for text in alert["annotations"].values())


@pytest.mark.parametrize("name", ALERTS)
def test_an_alerts_texts_name_labels_that_it_has(name: str) -> None:
    text = " ".join(ALERTS[name]["annotations"].values())
    used = set(re.findall(r"\$labels\.(\w+)", text))
    assert used - offered(metrics(ALERTS[name]["expr"])) == set()


@pytest.mark.parametrize("name", RECORDS)
def test_a_recording_rule_is_named_by_level_metric_and_operations(name: str) -> None:
    level, metric, operations = name.split(":")
    assert level in ("ct", "instance")
    assert not metric.endswith("_total")
    # A rate says over how long, and its expression agrees.
    ranges = re.findall(r"\[(\w+)\]", EXPRESSIONS[name])
    assert set(ranges) == set(re.findall(r"rate(\d+m)", operations))


# Each makes an alert that fires always, or never.
MUTATIONS = {"never": "({}) and vector(1) < 0", "always": "vector(1)"}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_gone_wrong_is_noticed(name: str, mutation: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path, dirs_exist_ok=True)
    wrong = {**ALERTS[name], "expr": MUTATIONS[mutation].format(ALERTS[name]["expr"])}
    rules = list({**ALERTS, name: wrong}.values())
    document = {"groups": [{"name": "all", "rules": rules}]}
    (tmp_path / "ct0-alerts.yaml").write_text(yaml.safe_dump(document))
    about = [test for test in TESTS if name in (FOLDER / "tests" / test).read_text()]
    # The other alerts' tests would only take time.
    for test in about:
        suite = yaml.safe_load((FOLDER / "tests" / test).read_text())
        suite["tests"] = [each for each in suite["tests"] if name in each["name"]]
        (tmp_path / "tests" / test).write_text(yaml.safe_dump(suite))
    done = promtool("test", "rules", *about, cwd=str(tmp_path / "tests"))
    assert done.returncode == 1, done.stdout + done.stderr


def config(tmp_path: Path, text: str) -> str:
    path = tmp_path / "prometheus.yml"
    path.write_text(text)
    return str(path)


def test_the_scrape_configuration_is_one(tmp_path: Path) -> None:
    text = (FOLDER / "scrape-config.yaml").read_text()
    done = promtool("check", "config", config(tmp_path, text))
    assert done.returncode == 0, done.stdout + done.stderr


def test_so_it_is_with_tls_and_a_password(tmp_path: Path) -> None:
    text = (FOLDER / "scrape-config.yaml").read_text()
    secure = text[text.index("    # scheme:") : text.index("    # Not all collectors")]
    text = text.replace(secure, re.sub(r"(?m)^    # ", "    ", secure))
    for name in ("ct0-ca.pem", "ct0-password"):
        (tmp_path / name).write_text("")
    done = promtool(
        "check", "config", config(tmp_path, text.replace("/etc/prometheus", str(tmp_path)))
    )
    assert done.returncode == 0, done.stdout + done.stderr
    job = yaml.safe_load(text)["scrape_configs"][0]
    assert job["scheme"] == "https"
    assert job["basic_auth"]["password_file"]


def test_its_job_is_the_one_the_alerts_know() -> None:
    job = yaml.safe_load((FOLDER / "scrape-config.yaml").read_text())["scrape_configs"][0]
    asked = re.findall(r'job="(\w+)"', " ".join(EXPRESSIONS.values()))
    assert set(asked) == {job["job_name"]}


def test_the_table_in_the_documentation_is_of_these_alerts() -> None:
    text = (FOLDER.parents[1] / "docs/monitoring-with-prometheus.md").read_text()
    lines = re.findall(r"(?m)^\| `(CT\w+)` \|.*\| (\w+ ?\w*) \| (\w+) \|$", text)
    spoken = {"0m": "at once"}
    assert lines == [
        (name, spoken.get(rule["for"], f"{rule['for'][:-1]} min"), rule["labels"]["severity"])
        for name, rule in ALERTS.items()
    ]
