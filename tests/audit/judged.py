"""What the audit says of a piece of shell, in short."""

from __future__ import annotations

from ct0_audit.engine import of_snippet
from ct0_audit.facts import Facts
from ct0_audit.records import SHELL, Finding, Snippet

PROCPS = Facts(pidof="procps", debian=False)
DEBIAN = Facts(pidof="sysv", debian=True)


def judged(
    text: str, facts: Facts = PROCPS, kind: str = "init", language: str = SHELL
) -> list[Finding]:
    return of_snippet(Snippet("/etc/x", 1, 1, language, text, kind), facts)


def rules(text: str, facts: Facts = PROCPS) -> list[str]:
    """`CT001K`: rule and severity in the order of the text; dots behind what is less sure."""
    sure = {"high": "", "medium": ".", "low": ".."}
    return [f"{f.rule}{f.severity}{sure[f.confidence]}" for f in judged(text, facts)]
