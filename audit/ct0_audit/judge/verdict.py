"""What a rule says of one command."""

from __future__ import annotations

from typing import NamedTuple

from ct0_audit.facts import SHIMS, Facts
from ct0_audit.records import HIGH, LOW, MEDIUM, SHELL, Selector, Snippet
from ct0_audit.shell.call import Call, Word
from ct0_audit.shell.script import Script

# A part of a script's bytes, and what to put there.
Change = tuple[int, int, str]


class Verdict(NamedTuple):
    rule: str
    severity: str
    call: Call
    detail: str
    selector: Selector | None = None
    confidence: str = HIGH
    changes: tuple[Change, ...] = ()
    around: Call | None = None  # a command that this one is a part of, and that is meant with it


class Case(NamedTuple):
    """What all judges are given: the script, where it is from, and the host."""

    script: Script
    snippet: Snippet
    facts: Facts
    library: str = ""  # "debian", "rhel", "suse": whose init functions it reads

    def me(self) -> str:
        """How a script writes the PID whose namespaces are the host's. $$ finds nobody where root
        is missing; but only a shell knows it, and systemd takes $$ for a plain $."""
        return "$$" if self.snippet.language == SHELL and self.snippet.kind != "systemd" else "1"


def confidence(call: Call, words: list[Word] | None = None) -> str:
    """How sure it is that this is what runs."""
    node = call.node
    broken = node is not None and (
        node.has_error or any(n.type == "ERROR" for n in call.script.syntax.around(node))
    )
    if broken:
        return LOW
    if call.unsure or any(not word.known for word in words or ()):
        return MEDIUM
    return HIGH


def lower(one: str, other: str) -> str:
    order = (LOW, MEDIUM, HIGH)
    return order[min(order.index(one), order.index(other))]


def named(how: str, words: list[str], users: tuple[str, ...] = ()) -> Selector | None:
    """A selector, None where a name is only known when it runs."""
    known = tuple(word for word in words if "\0" not in word)
    if len(known) < len(words) or (not known and not users):
        return None
    return Selector(how if known else "user", known or users, users if known else ())


def shown(words: list[str]) -> str:
    """Names as a person reads them."""
    text = " ".join(word.replace("\0", "…") for word in words)
    return text or "…"


def by_shim(case: Case, call: Call) -> tuple[Change, ...]:
    """The same command, of ct0: where the shims are laid out that is all there is to do."""
    word = call.words[0]
    if call.name not in case.facts.shims or case.script.syntax.cut(word.start, word.end) in (
        "",
        "$",
    ):
        return ()
    if call.script.syntax.cut(word.start, word.end).strip("\\") != word.text:
        return ()  # a variable holds it
    return ((word.start, word.end, f"{SHIMS}/{call.name}"),)


def inserted(call: Call, text: str) -> tuple[Change, ...]:
    """The same command with more options directly after its name."""
    word = call.words[0]
    if call.script.syntax.cut(word.start, word.end) != word.text:
        return ()
    return ((word.end, word.end, f" {text}"),)
