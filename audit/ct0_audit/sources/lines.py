"""Lines of configuration files with their places, as the formats of sources have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ct0_audit.records import COMMAND, SHELL, Direct, Selector, Snippet

MOST_WORDS = 1000
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)', re.DOTALL)


class Line(NamedTuple):
    """A line, or several that continue one another, as they stand in the file."""

    number: int
    text: str  # without the line end; "\\\n" inside where it goes on
    column: int = 1  # of the first character of `text`

    def part(self, start: int, end: int | None = None) -> Line:
        """A piece of it, by offsets into `text`."""
        number = self.number + self.text.count("\n", 0, start)
        last = self.text.rfind("\n", 0, start)
        column = self.column + start if last < 0 else start - last
        return Line(number, self.text[start:end], column)

    def stripped(self) -> Line:
        """Without blanks around it."""
        start = len(self.text) - len(self.text.lstrip())
        return self.part(start, max(start, len(self.text.rstrip())))

    def after(self, mark: str) -> Line:
        """What follows the first `mark`, without blanks around it."""
        return self.part(self.text.index(mark) + len(mark)).stripped()

    def unquoted(self) -> Line:
        """What is between the quotes around it; itself where there are none."""
        text = self.text
        if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
            return self.part(1, len(text) - 1)
        return self

    def words(self) -> list[Line]:
        """Its words, each with its place; quotes group, and are taken off. A line has at most
        `MOST_WORDS`: what comes after is nobody's configuration."""
        found = []
        for word in islice(QUOTED.finditer(self.text), MOST_WORDS):
            group = word.lastindex or 0
            found.append(self.part(word.start(group), word.end(group)))
        return found


def lines(text: str) -> Iterator[Line]:
    """Every line. A form feed or Unicode's line separator ends none: the programs that read these
    files know the line feed only."""
    for number, line in enumerate(text.split("\n"), 1):
        yield Line(number, line.removesuffix("\r"))


def logical(text: str) -> Iterator[Line]:
    """Every line with those that a backslash at its end continues it by."""
    whole: list[str] = []
    first = 1
    for number, line in enumerate(text.split("\n"), 1):
        if not whole:
            first = number
        whole.append(line)
        if not line.endswith("\\"):
            yield Line(first, "\n".join(whole))
            whole = []
    if whole:
        yield Line(first, "\n".join(whole))


def without_comments(text: str, marks: str = "#", join: bool = False) -> Iterator[Line]:
    """The lines that say something: neither empty nor starting with one of `marks`."""
    for line in logical(text) if join else lines(text):
        words = line.text.lstrip()
        if words and words[0] not in marks:
            yield line


def shell(line: Line, path: str, kind: str, context: str = "") -> Snippet:
    """A line that sh reads."""
    return Snippet(path, line.number, line.column, SHELL, line.text, kind, context)


def command(line: Line, path: str, kind: str, context: str = "") -> Snippet:
    """A line that is split into words and run without a shell."""
    return Snippet(path, line.number, line.column, COMMAND, line.text, kind, context)


def direct(
    line: Line,
    rule: str,
    detail: str,
    path: str,
    kind: str,
    selector: Selector | None = None,
    severity: str = "",
    context: str = "",
) -> Direct:
    """A finding about a line of configuration."""
    code = line.text.split("\n")[0].strip()
    column = line.stripped().column
    return Direct(
        rule, path, line.number, column, code, detail, kind, context, "", selector, severity
    )
