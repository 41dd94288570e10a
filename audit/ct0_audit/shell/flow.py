"""Where the output and the status of a command go: into a signal, a decision, a start.

kill $(pidof x)        pids=`pgrep x`; for p in $pids; do kill $p; done
pgrep x | xargs kill   pidof x | while read p; do kill $p; done
pgrep x || start x     if ! pidof x; then service x start; fi
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from ct0_audit.shell.call import Call
from ct0_audit.shell.meaning import (
    calls_in,
    empty_test,
    ends_script,
    followed_by_status,
    holds,
    in_start,
    last,
    leaves,
    signal_zero,
    starts,
    takes_arguments,
)
from ct0_audit.shell.script import Script, Spent
from ct0_audit.shell.syntax import field

if TYPE_CHECKING:
    from tree_sitter import Node

KILL, LOOK, START, DECIDE, PRINT = "kill", "look", "start", "decide", "print"

KILLERS = {"kill", "pkill", "skill"}
LOOKERS = {
    "chrt", "cpulimit", "gcore", "gdb", "gstack", "ionice", "jmap", "jstack", "ltrace", "nsenter",
    "perf", "prlimit", "pstack", "renice", "schedtool", "snice", "strace", "taskset",
}  # fmt: skip
SHOW = {"echo", "printf", "log_daemon_msg", "log_action_msg", "logger", "log_progress_msg"}
# Filters between a finder and whoever takes what it found.
PASS_ON = {
    "echo",
    "printf",
    "cat",
    "tr",
    "sed",
    "awk",
    "cut",
    "sort",
    "head",
    "tail",
    "uniq",
    "grep",
}
TESTS = {"test", "["}
DEEPEST = 4  # functions and variables that are followed one from another


class Use(NamedTuple):
    """`call` is who takes it, where it is a command."""

    kind: str
    call: Call | None = None


def uses(call: Call) -> list[Use]:
    """What becomes of a command's output and status; [] if nothing does."""
    found = []
    try:
        for use in Flow().of_call(call):
            found.append(use)
    except Spent:
        pass  # the script is marked as read in part
    return found


def uses_of_substitution(script: Script, node: Node) -> list[Use]:
    """What becomes of `$(<file)`."""
    found = []
    try:
        for use in Flow().captured(script, node):
            found.append(use)
    except Spent:
        pass  # the script is marked as read in part
    return found


class Flow:
    def __init__(self) -> None:
        self.seen: set[tuple[int, int]] = set()
        self.depth = 0

    def of_call(self, call: Call) -> Iterator[Use]:
        if call.node is not None:
            yield from self.of_node(call.script, call.node)
        if call.script.outer is not None and ends_script(call):
            # sh -c 'pidof x' is as good as pidof x where it stands.
            yield from self.of_call(call.script.outer)

    def of_node(self, script: Script, node: Node, negated: bool = False) -> Iterator[Use]:
        """Climb from a command or a compound that stands for it."""
        if (id(script), node.id) in self.seen:
            return
        self.seen.add((id(script), node.id))
        above = script.syntax.parent(node)
        while above is not None:
            script.spend(1)
            kind = above.type
            if kind == "redirected_statement":
                pass
            elif kind == "negated_command":
                negated = not negated
            elif kind == "pipeline":
                yield from self.piped(script, above, node)
                if node != last(above):
                    after = script.by_node.get(last(above).id, [])
                    if any(call.name not in PASS_ON and call.name != "wc" for call in after):
                        return
                    negated = negated != any(
                        call.name == "grep"
                        and "v" in "".join(w for w in call.arguments if w[:1] == "-")
                        and call.arguments[-1:] == [""]
                        for call in after
                    )
            elif kind == "list":
                if node == above.named_children[0]:
                    yield from self.decided(script, above, negated)
            elif kind in ("if_statement", "elif_clause"):
                if node in above.children_by_field_name("condition") or (
                    kind == "elif_clause" and node == above.named_children[0]
                ):
                    yield self.branches(script, above, negated)
                    return
            elif kind == "while_statement":
                if node in above.children_by_field_name("condition"):
                    yield Use(DECIDE)
                    return
            elif kind in ("command_substitution", "process_substitution"):
                yield from self.captured(script, above, negated)
                return
            elif kind == "test_command":
                negated = negated != empty_test(script, above)
            elif kind == "function_definition":
                yield from self.returned(script, above, node)
                return
            elif kind == "program":
                if node == last(above) or followed_by_status(script, above, node):
                    yield Use(DECIDE)
                return
            if kind in ("if_statement", "case_item", "case_statement", "do_group", "for_statement",
                        "compound_statement", "subshell", "else_clause", "elif_clause",
                        "while_statement") and node != last(above):  # fmt: skip
                if followed_by_status(script, above, node):
                    yield Use(DECIDE)
                return
            node, above = above, script.syntax.parent(above)

    def piped(self, script: Script, pipeline: Node, node: Node) -> Iterator[Use]:
        """The commands that come after in a pipe."""
        after = False
        for child in pipeline.named_children:
            if after:
                for call in calls_in(script, child):
                    if call.piped and call.name in KILLERS and not signal_zero(call):
                        yield Use(KILL, call)
                    elif call.piped and call.name in LOOKERS:
                        yield Use(LOOK, call)
                    elif call.name == "read":
                        for word in call.arguments:
                            if not word.startswith("-"):
                                yield from self.of_variable(script, word, child)
            after = after or child == node

    def decided(self, script: Script, node: Node, negated: bool) -> Iterator[Use]:
        """`finder || right`, `finder && right`."""
        right = node.named_children[-1]
        on_failure = any(child.type == "||" for child in node.children) != negated
        stops = not on_failure and leaves(script, right) and in_start(script, node)
        if stops or (on_failure and starts(script, right)):
            yield Use(START)
        else:
            yield Use(DECIDE)

    def branches(self, script: Script, node: Node, negated: bool) -> Use:
        """`if finder; then found; else nothing found; fi`"""
        conditions = node.children_by_field_name("condition") or node.named_children[:1]
        inner = [child for child in node.named_children if child not in conditions]
        other = [child for child in inner if child.type in ("else_clause", "elif_clause")]
        then = [child for child in inner if child not in other]
        found, missing = (other, then) if negated else (then, other)
        if any(starts(script, child) for child in missing):
            return Use(START)
        if any(leaves(script, child) for child in found) and in_start(script, node):
            return Use(START)
        return Use(DECIDE)

    def captured(self, script: Script, node: Node, negated: bool = False) -> Iterator[Use]:
        """A substitution, or a variable that holds what one gave."""
        inner, above = node, script.syntax.parent(node)
        while above is not None:
            script.spend(1)
            kind = above.type
            if kind == "command":
                yield from self.taken(script, above, inner, negated)
                return
            if kind == "variable_assignment":
                name = field(above, "name")
                if name is not None:
                    yield from self.of_variable(script, script.syntax.text(name), above)
                return
            if kind == "for_statement":
                name = field(above, "variable")
                if name is not None and inner in above.children_by_field_name("value"):
                    yield from self.of_variable(script, script.syntax.text(name), above)
                return
            if kind == "test_command":
                yield from self.of_node(script, above, negated != empty_test(script, above))
                yield Use(DECIDE)
                return
            if kind in ("case_statement", "arithmetic_expansion", "herestring_redirect"):
                yield Use(DECIDE)
                return
            if kind == "file_redirect":
                if node.type == "process_substitution":
                    yield from self.read_from(script, above)
                else:
                    yield Use(LOOK)  # echo -17 > /proc/$(pidof x)/oom_adj
                return
            if kind == "heredoc_body":
                yield Use(PRINT)
                return
            inner, above = above, script.syntax.parent(above)

    def taken(self, script: Script, node: Node, inner: Node, negated: bool) -> Iterator[Use]:
        """The command that gets it as an argument."""
        for call in script.by_node.get(node.id, ()):
            if call.elsewhere or not any(holds(word.node, inner) for word in call.words[1:]):
                continue
            name = call.name
            if name in KILLERS:
                yield Use(DECIDE if signal_zero(call) else KILL, call)
            elif name in LOOKERS:
                yield Use(LOOK, call)
            elif name in TESTS:
                sense = negated != any(word in ("-z", "=", "==") for word in call.arguments)
                yield from self.of_node(script, node, sense)
                yield Use(DECIDE, call)
            elif name in script.functions and self.depth < DEEPEST:
                yield from self.given(script, script.functions[name], call)
            elif name in SHOW or name in PASS_ON:
                yield from self.output(script, node)
            elif not call.through and call is script.by_node[node.id][-1]:
                yield Use(DECIDE, call)

    def read_from(self, script: Script, redirect: Node) -> Iterator[Use]:
        """`mapfile P < <(pgrep x)`, `while read p; do kill $p; done < <(pgrep x)`"""
        statement = script.syntax.parent(redirect)
        found = False
        for call in calls_in(script, statement) if statement is not None else ():
            if call.name in ("read", "mapfile", "readarray") and statement is not None:
                for word in call.arguments:
                    if re.fullmatch(r"[A-Za-z_]\w*", word):
                        found = True
                        yield from self.of_variable(script, word, statement)
        if not found:
            yield Use(DECIDE)

    def output(self, script: Script, node: Node) -> Iterator[Use]:
        """What echo says again: it may be captured, piped, or shown."""
        found = list(self.of_node(script, node))
        taken = [use for use in found if use.kind in (KILL, LOOK)]
        yield from taken or [Use(PRINT)]

    def given(self, script: Script, function: Node, by: Call) -> Iterator[Use]:
        """A function that is called with it: what does it do with its arguments?"""
        for call in calls_in(script, function):
            if call.name in KILLERS and not signal_zero(call) and takes_arguments(call):
                yield Use(KILL, call)
                return
        yield Use(DECIDE, by)

    def of_variable(self, script: Script, name: str, node: Node) -> Iterator[Use]:
        """Where a variable goes that was set at `node`."""
        if self.depth >= DEEPEST:
            return
        self.depth += 1
        function = script.function_of(node)
        for use in script.mentions(name):
            script.spend(1)
            place = script.function_of(use)
            if holds(node, use) and node.type == "variable_assignment":
                continue
            # Another function's variable of the same name, when it sets its own, is another one.
            if place is not None and place != function and script.sets(name, place):
                continue
            yield from self.captured(script, use)
        self.depth -= 1

    def returned(self, script: Script, function: Node, body: Node) -> Iterator[Use]:
        """What a function says or returns is its callers'."""
        name = field(function, "name")
        if name is None or self.depth >= DEEPEST:
            return
        self.depth += 1
        called = script.syntax.text(name)
        found = False
        script.spend(len(script.calls))
        for call in list(script.calls):
            if call.script is script and call.name == called and call.node is not None:
                found = True
                yield from self.of_node(script, call.node)
        self.depth -= 1
        if not found:
            yield Use(DECIDE)
