"""The pages' made parts are current, and what they say is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ct0_shims.commands import COMMANDS
from readme import OPTION, PAGES, STANDS_IN_FOR, options, renewed

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("page", PAGES)
def test_the_made_part_is_current(page: str) -> None:
    assert (ROOT / page).read_text() == renewed(page), "run: python -m tests.readme"


def test_every_public_command_is_in_the_table() -> None:
    assert set(STANDS_IN_FOR) == {name for name in COMMANDS if not name.startswith("ct0-")}


def test_options_of_a_usage_text() -> None:
    text = "usage: x [-abc] [-o FILE] [--long=X]\n  -15, -HUP, --two-words  a /path/-z and <-q>\n"
    assert options(text) == ["-15", "-a", "-b", "-c", "-HUP", "-o", "--long", "--two-words"]
    assert OPTION.findall("no-option a-b") == []


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_lead_somewhere(page: str) -> None:
    for goal in re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text()):
        assert (ROOT / goal).exists(), goal


def test_make_targets_in_the_text_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"`make ([a-z-]+)`", (ROOT / page).read_text()):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
