"""The table of rules: complete, true to what the judges do; the pages made of it are current."""

from __future__ import annotations

import re

import pytest

from audit.judged import PROCPS, judged
from ct0_audit.records import BLOCKS, KILLS, MISCOUNTS
from ct0_audit.rules import RULES, commands
from rules_page import BEGIN, FOLDER, renewed

LIBRARY = {"CT003": ". /etc/rc.d/init.d/functions\n"}
SHELL_RULES = {rule.id: rule for rule in commands.RULES}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_says_all_there_is_to_say(rule: str) -> None:
    each = RULES[rule]
    assert re.fullmatch(r"CT\d{3}", each.id)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", each.name)
    assert each.severity in (KILLS, BLOCKS, MISCOUNTS)
    assert each.title[0].islower() or each.title[:5] == "pidof"
    assert all((each.what, each.why, each.fix, each.patterns))
    assert all(not case.link or case.link.startswith("https://") for case in each.cases)


def test_ids_and_names_are_used_once() -> None:
    assert len({rule.name for rule in RULES.values()}) == len(RULES)


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [(rule.id, pattern) for rule in SHELL_RULES.values() for pattern in rule.patterns],
)
def test_what_the_page_shows_is_found(rule: str, pattern: str) -> None:
    found = judged(LIBRARY.get(rule, "") + pattern, PROCPS)
    assert rule in [finding.rule for finding in found]


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [(rule.id, pattern) for rule in SHELL_RULES.values() for pattern in rule.patterns],
)
def test_what_the_page_shows_is_none_in_a_comment_a_string_or_a_here_document(
    rule: str, pattern: str
) -> None:
    library = LIBRARY.get(rule, "")
    quoted = pattern.replace("'", "'\\''")
    assert judged(f"{library}# {pattern}") == []
    assert judged(f"{library}echo '{quoted}'") == []
    assert judged(f"{library}cat <<'EOF'\n{pattern}\nEOF\n") == []


def test_the_pages_are_current() -> None:
    for path, text in renewed().items():
        assert path.read_text(encoding="utf-8") == text, "run python -m tests.rules_page"
    assert BEGIN in (FOLDER.parent / "audit.md").read_text(encoding="utf-8")


def test_no_page_is_of_a_rule_that_is_gone() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(RULES)
