"""The table of rules: what is looked for, why, what it did to whom, and what to do.

docs/audit-rules.md is made from it (python -m tests.rules_page), `ct0 audit --explain RULE` prints
it, and SARIF carries it.
"""

from __future__ import annotations

from ct0_audit.rules import commands, configuration
from ct0_audit.rules.rule import Case, Rule

RULES: dict[str, Rule] = {rule.id: rule for rule in (*commands.RULES, *configuration.RULES)}

__all__ = ["RULES", "Case", "Rule"]
