from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from planted import plant

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/")


@pytest.fixture(scope="session")
def host(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """host("openvz6") -> that recorded host as a folder with real links. Shared: do not write."""
    planted: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in planted:
            planted[name] = plant(name, tmp_path_factory.mktemp("host") / name)
        return planted[name]

    return get


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden/; --update-golden accepts the text instead."""

    def check(name: str, got: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.write_text(got)
        assert got == path.read_text()

    return check
