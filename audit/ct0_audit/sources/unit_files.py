"""The syntax of systemd's unit files, systemd.syntax(7), and of their command lines.

    [Service]
    # KillMode=control-group is the default
    ExecStop=-/bin/sh -c 'kill $$(pidof foo)' ; \\
        /usr/bin/pkill foo
    KillMode=process

A line that ends in a backslash goes on in the next; lines starting with # or ; between them are
left out. An assignment of nothing empties the list that came before, also another file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ct0_audit.sources.lines import Line

PREFIX = re.compile(r"[-@:+!|]*")  # systemd.service(5), "special executable prefixes"
SEPARATOR = re.compile(r"[\"']|(?<!\S);(?!\S)")
MOST = 500  # commands of one line
DOLLARS = re.compile(r"(^|[\s\"'(`|;&])\$\$")


class Setting(NamedTuple):
    section: str
    key: str
    value: Line  # its text is as long as in the file, so that places in it hold
    path: str


def parse_unit(text: str, path: str) -> Iterator[Setting]:
    """The assignments of a unit or a drop-in, in order."""
    section = ""
    for line in _joined(text):
        words = line.text.strip()
        if words.startswith("[") and words.endswith("]"):
            section = words[1:-1]
            continue
        key, equals, _ = line.text.partition("=")
        if equals:
            yield Setting(section, key.strip(), line.after("="), path)


def merged(settings: Iterator[Setting]) -> list[Setting]:
    """What holds of a unit's assignments and its drop-ins': Exec lists add up until one is
    emptied, of anything else the last counts."""
    held: dict[tuple[str, str], list[Setting]] = {}
    for setting in settings:
        key = setting.section, setting.key
        if not setting.value.text:
            held[key] = []
        elif setting.key.startswith("Exec"):
            held.setdefault(key, []).append(setting)
        else:
            held[key] = [setting]
    return [setting for several in held.values() for setting in several]


def commands(value: Line) -> list[Line]:
    """The command lines of one Exec*=, without prefixes; `$$` is written as a blank and `$`.

    Specifiers (%n) and variables stay as they are.
    """
    found = []
    start = 0
    for end in [*(match.start() for match in _separators(value.text)), len(value.text)]:
        line = value.part(start, end).stripped()
        start = end + 1
        prefix = PREFIX.match(line.text)
        marks = prefix[0] if prefix else ""
        line = line.part(len(marks)).stripped()
        if not line.text:
            continue
        text = DOLLARS.sub(lambda match: match[1] + " $", line.text)
        if "@" in marks:
            text = _without_second_word(text)
        found.append(line._replace(text=text))
    return found


def _separators(text: str) -> Iterator[re.Match[str]]:
    """Semicolons that are words of their own and not quoted, as many as anybody needs."""
    quote = ""
    found = 0
    for match in SEPARATOR.finditer(text):
        if match[0] == ";" and not quote and found < MOST:
            found += 1
            yield match
        elif match[0] != ";" and quote in ("", match[0]):
            quote = "" if quote else match[0]


def _without_second_word(text: str) -> str:
    """`@` passes the second word as argv[0]; what is run is the first."""
    match = re.match(r"(\S+\s+)(\S+)", text)
    return match[1] + " " * len(match[2]) + text[match.end() :] if match else text


def _joined(text: str) -> Iterator[Line]:
    """Logical lines. Comments among them become blanks, so that every place stays what it is."""
    whole: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        comment = line.lstrip()[:1] in ("#", ";")
        if not whole:
            if comment or not line.strip():
                continue
            first = number
        elif comment:
            whole.append(" " * (len(line) - 1) + "\\" if line else "\\")
            continue
        whole.append(line)
        if not line.endswith("\\"):
            yield Line(first, "\n".join(whole))
            whole = []
    if whole:
        yield Line(first, "\n".join(whole))
