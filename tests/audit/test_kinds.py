"""Every kind of the catalogue: a host on which it is found, and hosts on which it is not.

tests/audit/kinds/NN-NAME/CASE is a host's root. `expected` in it has the findings, a rule and a
place a line; a host without it has none: the safe forms, and the same words in comments, strings
and here-documents.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ct0.host import Host
from ct0_audit.engine import audit
from ct0_audit.kinds import KINDS, Kind
from ct0_audit.rules import RULES
from ct0_audit.sources import SOURCES

HOSTS = Path(__file__).parent / "kinds"
CASES = sorted(path for path in HOSTS.glob("*/*") if path.is_dir())


def found_on(host: Path) -> list[str]:
    report = audit(Host(str(host)))
    assert report.not_read == ()
    return sorted(
        f"{finding.rule} {finding.place.path}:{finding.place.line}" for finding in report.findings
    )


@pytest.mark.parametrize("host", CASES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_host_has_the_findings_it_should_have(host: Path) -> None:
    expected = host / "expected"
    wanted = expected.read_text(encoding="ascii").splitlines() if expected.exists() else []
    assert found_on(host) == sorted(wanted)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: str(kind.number))
def test_a_kind_has_a_host_with_it_and_two_without(kind: Kind) -> None:
    (folder,) = HOSTS.glob(f"{kind.number:02}-*")
    with_it = [host for host in folder.iterdir() if (host / "expected").exists()]
    assert with_it
    assert len(list(folder.iterdir())) - len(with_it) >= 2
    found = "".join((host / "expected").read_text(encoding="ascii") for host in with_it)
    assert any(rule in found for rule in kind.rules)


def test_the_28_kinds_are_all_there_and_name_what_exists() -> None:
    assert [kind.number for kind in KINDS] == list(range(1, 29))
    for kind in KINDS:
        assert set(kind.sources) <= set(SOURCES)
        assert set(kind.rules) <= set(RULES)
        assert kind.rules or kind.reason


def test_every_source_serves_a_kind_and_every_rule_of_configuration_too() -> None:
    assert {source for kind in KINDS for source in kind.sources} == set(SOURCES)
    named = {rule for kind in KINDS for rule in kind.rules}
    assert {rule for rule in RULES if rule.startswith("CT1")} <= named
