from __future__ import annotations

from pathlib import Path

import pytest

from ct0_exporters.collectors import COLLECTORS
from ct0_exporters.reference import reference

PAGE = Path(__file__).parents[2] / "docs/metrics.md"


def test_the_page_is_current(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(reference())
    assert PAGE.read_text() == reference(), "python -m ct0_exporters.reference > docs/metrics.md"


def test_every_family_is_on_it_once() -> None:
    text = reference()
    for each in COLLECTORS.values():
        for metric in each.metrics:
            assert text.count(f"| `{metric.name}` |") == 1
