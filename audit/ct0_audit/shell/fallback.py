"""Where the parser gave up: words that look like a call of what the rules are about.

Only in the parts that are marked as errors, and only what no command covers that was read; comments
and nothing else are left out. What is found this way is a guess, and said to be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ct0_audit.shell.script import Script

CALL = re.compile(
    rb"(?:^|[;&|(`{!]|\$\(|\b(?:then|do|else|if|while|until|exec|sudo|xargs|nice|env)\b)[ \t]*"
    rb"(?:-\S+[ \t]+)*((?:/usr)?/?(?:s?bin/)?"
    rb"(pidof|pgrep|pkill|killall5|killall|skill|slay|start-stop-daemon|killproc|fuser))(?![\w./=:-])",
    re.MULTILINE,
)

# Names of many programs in a row are a list, as scanners for rootkits have them.
LIST = re.compile(rb"[a-z][\w-]*([ \t]+[\w-]*[a-z][\w-]*){6,}[ \t]*\\?$", re.MULTILINE)


class Guess(NamedTuple):
    """`start` and `end` are bytes of the script; `line` is the rest of the logical line."""

    name: str
    start: int
    end: int
    line: str


def guesses(script: Script) -> Iterator[Guess]:
    errors = script.syntax.errors()
    if not errors:
        return
    source = script.syntax.source
    calls = [call for call in script.calls if call.script is script and call.node is not None]
    read = [call.node for call in calls if call.node is not None and not call.node.has_error]
    spans = [(node.start_byte, node.end_byte) for node in read]
    starts = {call.start for call in calls}
    seen: set[int] = set()
    for node in errors:
        # From the beginning of its first line to the end of its last.
        start = source.rfind(b"\n", 0, node.start_byte) + 1
        end = source.find(b"\n", node.end_byte)
        part = source[start : len(source) if end < 0 else end]
        for match in CALL.finditer(part):
            at = start + match.start(1)
            line_start = source.rfind(b"\n", 0, at) + 1
            if at in seen or at in starts or b"#" in source[line_start:at]:
                continue
            if any(first <= at < last for first, last in spans):
                continue
            if source[:line_start].endswith(b"\\\n") and not source[line_start:at].strip():
                continue  # goes on from the line before, where no command begins
            seen.add(at)
            if LIST.match(source, at):
                continue
            logical = re.match(rb"(?:\\\n|[^\n])*", source[at:])
            text = logical[0] if logical else b""
            yield Guess(
                match[2].decode(), at, start + match.end(1),
                text[:500].decode("utf-8", "surrogateescape"),
            )  # fmt: skip
