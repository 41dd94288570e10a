"""docs/suites-reports.md: its samples are real, what it names is there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from ct0_suites.reports import FORMATS
from ct0_suites.reports.prometheus import EXPECTATIONS
from ct0_suites.reports.wording import NAME, PROBLEMS, TEXT
from reports_docs import PAGE, PARTS, renewed

READ = PAGE.read_text(encoding="utf-8")


def test_samples_are_current() -> None:
    assert renewed() == READ, "run: python -m tests.reports_docs"
    assert set(re.findall(r"tests\.reports_docs: (\w+) -->", READ)) == set(PARTS)


def test_every_format_is_there() -> None:
    assert set(re.findall(r"`--(\w+) FILE`", READ)) == set(FORMATS)


def test_figures_are_the_codes() -> None:
    assert f"names at {NAME} characters, problems at {TEXT}" in READ
    assert f"{PROBLEMS}\nproblems of one result" in READ
    assert f"no more than {EXPECTATIONS:,} of them" in READ


def test_links_lead_somewhere() -> None:
    for goal in re.findall(r"\]\(([^):]+)\)", READ):
        file, _, anchor = goal.partition("#")
        assert (PAGE.parent / file).exists(), goal
        if anchor:
            titles = re.findall(r"^#+ (.*)$", READ, re.MULTILINE)
            assert anchor in {title.lower().replace(" ", "-") for title in titles}


def test_the_alerts_are_rules(tmp_path: Path) -> None:
    (rules,) = re.findall(r"```yaml\n(groups:.*?)```", READ, re.DOTALL)
    names = set(re.findall(r"ct0_verify_\w+", rules))
    sample = READ[READ.index("# HELP ct0_verify") :]
    assert names
    assert all(f"# TYPE {name} gauge" in sample for name in names)
    if promtool := shutil.which("promtool"):
        path = tmp_path / "rules.yml"
        path.write_text(rules)
        said = subprocess.run([promtool, "check", "rules", str(path)], capture_output=True)
        assert said.returncode == 0, said.stderr
