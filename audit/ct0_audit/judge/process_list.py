"""ps, and the search for a name in what it lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ct0_audit.judge.finders import judged
from ct0_audit.judge.verdict import Case, Verdict, confidence, lower, named, shown
from ct0_audit.records import MEDIUM
from ct0_audit.shell.call import Call
from ct0_audit.shell.options import parse
from ct0_audit.shell.values import below

if TYPE_CHECKING:
    from tree_sitter import Node

PS_LONG = (
    "pid",
    "ppid",
    "quick-pid",
    "sid",
    "tty",
    "user",
    "User",
    "group",
    "Group",
    "sort",
    "format",
    "cols",
    "columns",
    "width",
)


def ps(case: Case, call: Call) -> Iterator[Verdict]:
    """ps aux | grep x, ps -C x. ps -p and the like ask for one."""
    words = call.arguments
    found = parse(words, "oOCpqgGstuUkn", PS_LONG)
    if found.has("p", "pid", "ppid", "q", "quick-pid", "s", "sid", "g", "t", "tty"):
        return
    letters = "".join(words[at] for at in found.operands[:1])  # BSD's options have no dash
    if any(word.isdigit() for word in words) or (letters.isalpha() and "p" in letters):
        return
    if found.has("C"):
        names = ",".join(found.values("C")).split(",")
        what = f"asks ps for every process named {shown(names)}"
        selector = named("comm", names)
        yield from judged(case, call, what, selector, confidence(call), (), "CT006", "CT006")
        return
    everybody = found.has("e", "A", "d", "N", "a", "x", "u", "U", "user", "User", "deselect")
    everybody = everybody or (letters.isalpha() and bool(set("ax") & set(letters)))
    # One's own terminal only; but busybox' ps knows nothing but all, and $X may be -e.
    if not everybody and case.facts.pidof != "busybox" and "\0" not in "".join(words):
        return
    search = searched(call)
    if search is None:
        return
    how, text = search
    what = f"searches all of ps for {shown([text])}"
    selector = named(how, [text]) if text else None
    sure = confidence(call) if "\0" not in text and text else lower(confidence(call), MEDIUM)
    yield from judged(case, call, what, selector, sure, (), "CT006", "CT006")


def piped(call: Call) -> Node | None:
    """The pipe that a command's output goes into; None if that goes to a file, or nowhere."""
    for above in call.script.syntax.around(call.node) if call.node is not None else ():
        if above.type == "pipeline":
            return above
        if above.type == "redirected_statement":
            redirects = [child for child in above.children if child.type == "file_redirect"]
            if any(call.script.syntax.text(each)[:1] in (">", "1", "&") for each in redirects):
                return None
        elif above.type not in ("subshell", "compound_statement", "list", "negated_command"):
            return None
    return None


def searched(call: Call) -> tuple[str, str] | None:
    """What a pipe after ps looks for; None when it looks for nothing."""
    pipeline = piped(call)
    if pipeline is None or call.node is None:
        return None
    found: tuple[str, str] | None = None
    for node in below(pipeline, ("command",)):
        if node.start_byte <= call.node.start_byte:
            continue
        for other in call.script.by_node.get(node.id, ()):
            name, words = other.name, other.arguments
            if name in ("grep", "egrep", "fgrep", "zgrep"):
                options = parse(words, "efmABC", ("regexp", "file", "max-count"))
                if options.has("v", "invert-match"):
                    continue
                patterns = options.values("e", "regexp") or [words[at] for at in options.operands]
                if patterns and (found is None or not found[1]):
                    fixed = name == "fgrep" or options.has("F", "fixed-strings")
                    extended = name == "egrep" or options.has("E", "P", "extended-regexp")
                    text = patterns[0] if fixed or extended else extended_of(patterns[0])
                    found = ("text" if fixed else "full"), text
            elif name in ("awk", "gawk", "mawk", "perl", "sed"):
                program = " ".join(word for word in words)
                inner = re.search(r"/((?:[^/\\]|\\.)+)/", program)
                if inner and (found is None or not found[1]):
                    found = "full", inner[1]
                elif re.search(r"==|~", program):
                    found = found or ("full", "")
    return found


def extended_of(pattern: str) -> str:
    """A basic regular expression as an extended one: \\| is |, and + is a plus sign."""
    return re.sub(
        r"\\([|(){}+?])|\\.|[|(){}+?]",
        lambda m: m[1] or (m[0] if m[0].startswith("\\") else "\\" + m[0]),
        pattern,
    )
