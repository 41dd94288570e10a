"""pytest's side: our ways into containers for testinfra, and what is read there as fixtures.

    pytest --pyargs ct0_suites --hosts='ct+ssh://root@node?container=*' --ct0-expect=site.yaml

Loaded by every pytest of an environment in which ct0 is installed, so it does next to nothing where
testinfra is not, and imports the rest when it is asked for.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable

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


# What is read of a host, for tests of one's own.


@pytest.fixture(scope="module")
def ct0_processes(ct0_target: Target) -> list[Any]:
    """All processes with their owners: `ct0_suites.resources.processes.Record`."""
    from ct0_suites.resources.processes import read_processes

    return list(read_processes(ct0_target))


@pytest.fixture(scope="module")
def ct0_service(ct0_target: Target) -> Callable[[str], Any]:
    """ct0_service("sshd") is a `ct0_suites.resources.services.record.Service`, under any init."""
    from ct0_suites.resources.services.reading import read_service

    return partial(read_service, ct0_target)


@pytest.fixture(scope="module")
def ct0_puppet(ct0_target: Target) -> Any:
    """Puppet's agent and its last runs: `ct0_suites.resources.puppet.agent.Agent`."""
    from ct0_suites.resources.puppet.agent import read_agent

    return read_agent(ct0_target)


@pytest.fixture(scope="module")
def ct0_firewall(ct0_target: Target) -> Any:
    """The live rules, normalised: `ct0_suites.resources.firewall.Firewall`."""
    from ct0_suites.resources.firewall import read_firewall

    return read_firewall(ct0_target)


@pytest.fixture(scope="module")
def ct0_audit(ct0_target: Target) -> Any:
    """What the audit finds in a host's scripts: `ct0_suites.resources.audit.Report`."""
    from ct0_suites.resources.audit import read_audit

    return read_audit(ct0_target)


@pytest.fixture(scope="module")
def ct0_mounts(ct0_target: Target) -> list[Any]:
    """What is mounted: `ct0_suites.resources.mounts.Mount`."""
    from ct0_suites.resources.mounts import read_mounts

    return list(read_mounts(ct0_target))


@pytest.fixture(scope="module")
def ct0_sysctls(ct0_target: Target) -> Callable[[list[str]], Any]:
    """ct0_sysctls(["net.ipv4.ip_forward"]) is name -> value, None for one that is not there."""
    from ct0_suites.resources.sysctls import read_sysctls

    return partial(read_sysctls, ct0_target)
