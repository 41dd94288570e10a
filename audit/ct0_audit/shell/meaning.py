"""What parts of a script are for: a start, an early leave, a test for nothing, a question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ct0_audit.shell.call import Call
from ct0_audit.shell.syntax import field
from ct0_audit.shell.values import below

if TYPE_CHECKING:
    from tree_sitter import Node

    from ct0_audit.shell.script import Script

STARTS = re.compile(r"^(re|force-re|cond)?start$|^--start$|^-S$")
STARTERS = {
    "service", "systemctl", "invoke-rc.d", "rc-service", "start-stop-daemon", "initctl", "sv",
    "supervisorctl", "monit",
}  # fmt: skip
START_COMMANDS = {"daemon", "startproc", "start_daemon", "start", "do_start", "startdaemon"}
PROGRAM = re.compile(r"^/(usr/)?(local/)?s?bin/(?!(true|false|test|echo|printf|logger)$)|^/opt/")


def last(node: Node) -> Node:
    children = node.named_children
    inner = [child for child in children if child.type not in ("comment", "heredoc_redirect")]
    return (inner or children)[-1]


def holds(outer: Node | None, node: Node) -> bool:
    return (
        outer is not None
        and outer.start_byte <= node.start_byte
        and node.end_byte <= outer.end_byte
    )


def calls_in(script: Script, node: Node) -> Iterator[Call]:
    for inner in below(node, ("command",)):
        script.spend(1)
        yield from script.by_node.get(inner.id, ())


def ends_script(call: Call) -> bool:
    """Whether a script's status is this command's: the last thing in it."""
    node: Node | None = call.node
    while node is not None:
        above = call.script.syntax.parent(node)
        if above is None:
            return True
        if node != last(above):
            return False
        node = above
    return False


def signal_zero(call: Call) -> bool:
    """kill -0: is it there?"""
    words = call.arguments
    return words[:1] == ["-0"] or words[:2] in (["-s", "0"], ["-n", "0"]) or "--signal=0" in words


def takes_arguments(call: Call) -> bool:
    return any(
        word.node is not None and re.search(r"\$[{]?[1-9@*]", call.script.syntax.text(word.node))
        for word in call.words[1:]
    )


def empty_test(script: Script, node: Node) -> bool:
    """[ -z X ], [ X = "" ]: true when nothing was found."""
    text = script.syntax.text(node)
    return bool(re.search(r"\s-z\s|(?<!!)==?\s*(\"\"|''|x\b)|-(eq|lt)\s+[01]\b|!\s", text))


def starts(script: Script, node: Node) -> bool:
    """Whether a service or a program is started in this part."""
    for call in calls_in(script, node):
        if call.name in STARTERS and any(STARTS.match(word) for word in call.arguments):
            return True
        if PROGRAM.match(call.command) or call.name in START_COMMANDS:
            return True
        if call.command.startswith("/etc/") and any(STARTS.match(w) for w in call.arguments):
            return True
    return False


def leaves(script: Script, node: Node) -> bool:
    """exit, return: and what comes after is not done."""
    return any(call.name in ("exit", "return") for call in calls_in(script, node)) or (
        re.match(r"\s*(exit|return)\b", script.syntax.text(node)) is not None
    )


def in_start(script: Script, node: Node) -> bool:
    """In a function do_start() or in the branch `start)`."""
    for above in script.syntax.around(node):
        if above.type == "function_definition":
            name = field(above, "name")
            return name is not None and "start" in script.syntax.text(name)
        if above.type == "case_item":
            label = script.syntax.text(above.named_children[0]) if above.named_children else ""
            return label.strip("\"'") in ("start", "start-after-upgrade")
    return False


def followed_by_status(script: Script, above: Node, node: Node) -> bool:
    """`pidof x; if [ $? = 0 ]`"""
    children = above.named_children
    after = children[children.index(node) + 1 :][:1]
    return bool(after) and "$?" in script.syntax.text(after[0])
