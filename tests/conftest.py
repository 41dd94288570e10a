from __future__ import annotations

import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, settings

from planted import plant

GOLDEN = Path(__file__).parent / "golden"

# A machine with much else to do takes longer than hypothesis thinks right, for an example or for
# making them up; that says nothing about what is tested.
# In CI the examples are the same each time: what a new one finds is for developers to repair.
settings.register_profile(
    "ct0",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CT0_SAME_EXAMPLES") == "1",
)
settings.load_profile("ct0")


def pytest_configure() -> None:
    """A shell that runs this in the background has told it to ignore SIGINT, and what is started
    from here would inherit that: no Ctrl-C would end it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite tests/golden/")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.CallInfo[None], None]:
    """With CT0_NO_SKIP=1 (CI) a skip is a failure, unless the test is marked `may_skip`."""
    outcome = yield
    report = outcome.get_result()  # type: ignore[attr-defined]
    wanted = os.environ.get("CT0_NO_SKIP") == "1" and not item.get_closest_marker("may_skip")
    if report.skipped and wanted and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid}: unexpected skip: {report.longrepr}"


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
