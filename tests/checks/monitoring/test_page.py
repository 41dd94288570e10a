"""docs/checks/monitoring.md says what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ct0_checks.monitoring import generate
from ct0_checks.monitoring.arguments import parser
from ct0_checks.monitoring.services import ALL, STATE

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/checks/monitoring.md"
# systemctl's, of the line that says how to enable a timer, and of the one that looks for failures.
OTHERS = {"--now", "--failed"}


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text()


def test_every_option_is_told_and_there_is_no_other(page: str) -> None:
    known = {
        word
        for action in parser()._actions
        for word in action.option_strings
        if word.startswith("--") and word not in ("--help", "--verbose", "--name")
    }
    told = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", page)) - OTHERS
    assert told == known


def test_every_exit_status_is_told(page: str) -> None:
    rows = re.findall(r"^\| (\d) \|", page, re.MULTILINE)
    assert list(map(int, rows)) == [
        generate.DONE,
        generate.TROUBLE,
        generate.USAGE,
        generate.REFUSED,
        generate.INVALID,
    ]


def test_every_service_is_told(page: str) -> None:
    for service in ALL:
        name = service.plugin if service == STATE else service.description
        assert f"`{name}`" in page


def test_files_it_names_are_there(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page)
    assert links
    for link in links:
        assert (PAGE.parent / link).exists(), link
    for path in re.findall(r"checks/(?:nagios|icinga2|checkmk|director|systemd)/[\w.*-]+", page):
        assert list(ROOT.glob(path.rstrip("."))), path
