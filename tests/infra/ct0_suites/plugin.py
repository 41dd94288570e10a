"""pytest's side: our ways into containers for testinfra, and what is read there as fixtures.

    pytest --pyargs ct0_suites --hosts='ct+ssh://root@node?container=*' --ct0-expect=site.yaml

Loaded by every pytest of an environment in which ct0 is installed, so it does next to nothing where
testinfra is not, and imports the rest when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ct0_suites.target import Target

OURS = "ct0_suites.test_expectations"
NOTHING = 3  # exit status of a run in which ours judged nothing: Nagios' UNKNOWN


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("ct0", "ct0: expectations of nodes and containers")
    group.addoption(
        "--ct0-expect", action="append", default=[], metavar="FILE", help="expectations (YAML)"
    )
    group.addoption(
        "--ct0-waivers", action="append", default=[], metavar="FILE", help="waivers (YAML)"
    )


def pytest_configure(config: pytest.Config) -> None:
    try:
        from ct0_suites.backends import register
    except ImportError:
        return  # ct0 without its extra "suites"
    register()
    config.pluginmanager.register(Judged(), "ct0-judged")


class Judged:
    """Nothing that was judged is never a success: pytest's own status for it is 0."""

    def __init__(self) -> None:
        self.judged = self.passed_over = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if "test_expectations.py" not in report.nodeid:
            return
        if report.when == "call" and not report.skipped:
            self.judged += 1
        elif report.skipped and not hasattr(report, "wasxfail"):
            self.passed_over += 1
        elif report.skipped:
            self.judged += 1

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.passed_over and not self.judged and session.exitstatus in (0, 5):
            session.exitstatus = NOTHING

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        if self.passed_over and not self.judged:
            terminalreporter.write_line("ct0: UNKNOWN: nothing was judged", red=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One host's expectations follow one another: what was read of it is then used again."""
    ours = [item for item in items if "test_expectations.py" in item.nodeid]
    order = {id(item): host_of(item) for item in ours}
    places = [place for place, item in enumerate(items) if id(item) in order]
    for place, item in zip(places, sorted(ours, key=lambda item: order[id(item)])):
        items[place] = item


def host_of(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    host = callspec.params.get("_testinfra_host") if callspec else None
    return host.backend.get_pytest_id() if host is not None else ""


@pytest.fixture(scope="module")
def ct0_target(host: Any) -> Target:
    """The host of testinfra's fixture `host` as who and where it is."""
    from ct0.errors import Error, reason
    from ct0_suites.testinfra_hosts import target_of

    try:
        return target_of(host)
    except (Error, OSError) as error:
        pytest.fail(reason(error), pytrace=False)
