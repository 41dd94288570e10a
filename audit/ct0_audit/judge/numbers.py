"""Numbers of processes that come from files: PID files, lsof and fuser, links in /proc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ct0_audit.judge.finders import holds
from ct0_audit.judge.verdict import Case, Change, Verdict, confidence
from ct0_audit.records import KILLS, LOW, Selector
from ct0_audit.shell.call import Call, Word
from ct0_audit.shell.flow import KILL, uses, uses_of_substitution
from ct0_audit.shell.options import parse
from ct0_audit.shell.syntax import field

if TYPE_CHECKING:
    from tree_sitter import Node


def lsof(case: Case, call: Call) -> Iterator[Verdict]:
    """lsof -t, fuser: PIDs of whoever has a file open. -p asks about one."""
    found = parse(call.arguments, "pugciFdDn" if call.name == "lsof" else "nN")
    if call.name == "lsof" and found.has("p"):
        return
    if call.name == "fuser" and found.has("k", "K", "kill"):
        return
    taken = [use.call for use in uses(call) if use.kind == KILL]
    if taken:
        killer = taken[0]
        inside = killer if killer is not None and holds(killer, call) else None
        yield Verdict(
            "CT009",
            KILLS,
            call,
            "finds whoever has a file open, and signals them",
            None,
            confidence(call),
            around=inside,
        )


PIDFILE = re.compile(r"\.pid\b|pid_?file|/var/run/|^/run/", re.IGNORECASE)


def pidfile(case: Case, call: Call) -> Iterator[Verdict]:
    """kill $(cat /run/x.pid): whoever has that number now."""
    words = [word for word in call.words[1:] if not word.text.startswith("-")]
    named_so = [
        word
        for word in words
        if PIDFILE.search(word.text)
        or (word.node is not None and PIDFILE.search(call.script.syntax.text(word.node)))
    ]
    if call.elsewhere or not named_so:
        return
    taken = [use for use in uses(call) if use.kind == KILL]
    if not taken:
        return
    killer = taken[0].call
    path = named_so[0].text
    selector = Selector("pidfile", (path,)) if "\0" not in path and path.startswith("/") else None
    yield Verdict(
        "CT010",
        KILLS,
        call,
        "signals the number in the file, whoever has it now",
        selector,
        LOW,
        around=killer if killer is not None and holds(killer, call) else None,
    )


def read_pidfile(case: Case, node: Node) -> Iterator[Verdict]:
    """kill $(</run/x.pid)"""
    script = case.script
    inner = node.named_children
    if len(inner) != 1 or inner[0].type != "file_redirect":
        return
    target = field(inner[0], "destination")
    if target is None or not PIDFILE.search(script.syntax.text(target)):
        return
    taken = [use.call for use in uses_of_substitution(script, node) if use.kind == KILL]
    if taken:
        path = script.values.text(target)
        call = Call(script, None, [Word(path, node.start_byte, node.end_byte, target)])
        selector = Selector("pidfile", (path,)) if path.startswith("/") else None
        detail = "signals the number in the file, whoever has it now"
        killer = taken[0]
        inside = killer if killer is not None and holds(killer, call) else None
        yield Verdict("CT010", KILLS, call, detail, selector, LOW, around=inside)


def root_link(case: Case, call: Call) -> Iterator[Verdict]:
    """[ "$(readlink /proc/$pid/root)" = / ]"""
    if not any(re.fullmatch(r"/proc/[^/]+/root/?", word.text) for word in call.words[1:]):
        return
    changes: tuple[Change, ...] = ()
    node = call.node
    test = None
    for above in call.script.syntax.around(node) if node is not None else ():
        if above.type == "test_command":
            test = above
            break
    if test is not None:
        text = call.script.syntax.text(test)
        simple = re.fullmatch(
            r"\[\s+\"?[$`(]+readlink\s+(/proc/[^/\s]+)/root/?\s*[)`]\"?\s+==?\s+\"?/\"?\s+\]", text
        )
        if simple and field(test, "name") is None:
            new = f"[ {simple[1]}/ns/pid -ef /proc/self/ns/pid ]"
            changes = ((test.start_byte, test.end_byte, new),)
    yield Verdict(
        "CT012",
        KILLS,
        call,
        "takes a root link that reads / for a sign of the host's own process",
        None,
        confidence(call),
        changes,
    )
