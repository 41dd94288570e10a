from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Generator
from pathlib import Path
from typing import Callable

import pytest
from hypothesis import HealthCheck, settings

from planted import plant
from suite import COUNTED, LANES, LAST, lane_of

GOLDEN = Path(__file__).parent / "golden"
LANES_OF_ALL = pytest.StashKey[dict[str, int]]()

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
    parser.addoption("--lane", choices=(*LANES, LAST), help="that part of the suite: suite.py")
    parser.addoption("--lane-report", metavar="FILE", help="where to leave what suite.py sums up")


# Last: the lab's tests are marked by then, and -k and -m have chosen.
@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    lane = config.getoption("--lane")
    if lane is None:
        return
    lanes = [lane_of(item.path, [mark.name for mark in item.iter_markers()]) for item in items]
    config.stash[LANES_OF_ALL] = dict(Counter(lanes))
    items[:] = [item for item, its in zip(items, lanes) if its == lane]


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    lane = config.getoption("--lane")
    return [] if lane is None else [f"{len(items)} of them in this lane"]


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Tell suite.py how many passed and so on, and how many tests are in which lane."""
    report = config.getoption("--lane-report")
    if report is None:
        return
    counts = {
        word: sum(getattr(each, "count_towards_summary", True) for each in those)
        for word, those in terminalreporter.stats.items()
    }
    told = {
        "lane": config.getoption("--lane"),
        "lanes": config.stash.get(LANES_OF_ALL, {}),
        "deselected": counts.pop("deselected", 0),
        "counts": {word: count for word, count in counts.items() if word in COUNTED},
    }
    Path(report).write_text(json.dumps(told), encoding="utf-8")


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
