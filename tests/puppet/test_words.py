"""What the Puppet module knows of ct0's words is what ct0's programs say."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from ct0.firewall.foreign import MANAGERS
from ct0_audit.rules import RULES
from ct0_suites.records import KINDS
from ct0_suites.suites import SUITES

PUPPET = Path(__file__).parents[2] / "puppet"


def words(alias: str) -> set[str]:
    """Those of an Enum."""
    text = (PUPPET / "types" / f"{alias}.pp").read_text(encoding="utf-8")
    return set(re.findall(r"'([^']*)'", text.partition("\ntype ")[2]))


def test_rules_of_the_audit() -> None:
    assert words("audit_rule") == {"*", "UNREAD", *RULES}


def test_suites() -> None:
    assert words("suite") == set(SUITES)


def test_the_firewalls_expectation_is_of_every_machine() -> None:
    text = (PUPPET / "manifests/firewall.pp").read_text(encoding="utf-8")
    (kinds,) = re.findall(r"'kind' => \[(.*?)\]", text)
    assert set(re.findall(r"\w+", kinds)) == set(KINDS) - {"ct"}


def theirs(*chains: str) -> list[bool]:
    """Whether ct0-firewall takes chains for other programs'."""
    script = (PUPPET / "files/ct0-firewall").read_text(encoding="utf-8")
    (function,) = re.findall(r"^theirs\(\) \{\n.*?^\}\n", script, re.DOTALL | re.MULTILINE)
    ask = 'for chain; do if theirs filter "$chain"; then echo 1; else echo 0; fi; done'
    done = subprocess.run(
        ["sh", "-c", f"{function}\n{ask}", "sh", *chains],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [line == "1" for line in done.stdout.split()]


@pytest.mark.parametrize("manager", [name for name in MANAGERS if MANAGERS[name].chains])
def test_chains_of_others_are_the_same_to_puppet_and_to_the_suites(manager: str) -> None:
    patterns = MANAGERS[manager].chains
    assert all(theirs(*(each.replace("*", "x1") for each in patterns)))


def test_other_chains_are_ours() -> None:
    assert not any(theirs("INPUT", "FORWARD", "MINE", "XDOCKER", "DOCKERX", "f2b", "ufw"))
