"""Each plugin has a page, what is made in it is current, and what it shows is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from checks_docs import PAGES, ROOT, judges, pages, renewed
from ct0_checks.launch import PLUGINS


@pytest.mark.parametrize("path", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_made_part_is_current(path: Path) -> None:
    assert path.read_text() == renewed(path), "run: python -m tests.checks_docs"


@pytest.mark.parametrize("command", PLUGINS)
def test_every_plugin_has_a_page_with_its_options(command: str) -> None:
    assert PAGES / f"{command}.md" in pages()


def test_the_tables_of_plugins_are_made() -> None:
    assert {ROOT / "README.md", PAGES / "README.md"} <= set(pages())


def test_what_a_plugin_judges_is_one_sentence() -> None:
    assert judges("check_ct_pressure") == "how long containers wait for CPU, memory and I/O"
    assert all("\n" not in judges(command) and len(judges(command)) < 200 for command in PLUGINS)


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text()
    for goal in re.findall(r"\]\(([^):]+)\)", text):
        file, _, anchor = goal.partition("#")
        target = (path.parent / file) if file else path
        assert target.exists(), goal
        if anchor:
            titles = re.findall(r"^#+ (.*)$", target.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", t.lower()).replace(" ", "-") for t in titles}
