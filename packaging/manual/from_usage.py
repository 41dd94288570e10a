"""A usage text, as the shims and check_procs print it, as sections of a page.

usage: pidof [-cmnqstwxz] NAME...            the synopsis: up to the first empty line

Print the PIDs of ...                        prose
    $ pidof crond                            an example: indented, no option first
  -s, --single-shot   print one PID ...      options; several in one line are told apart
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import NamedTuple

from manual.page import Block, Example, Heading, Item, Paragraph, finished

VALUE = r"(?:[ ]?<\w+>|[ ][A-Z][A-Z]*\b(?:\[=\w+\])?(?:,(?:\.\.\.|[A-Z]+))*|=[^\s;:]+)"
ONE = rf"--?[A-Za-z0-9][\w-]*{VALUE}?"
# The options of one explanation, then two spaces or more, or a word in small letters.
OPTION = re.compile(rf"(?P<tags>{ONE}(?:,[ ]?{ONE})*)(?P<gap>[ ]+|$)(?P<text>.*)$")
NEXT = re.compile(r"(?:;)?[ ]{2,}(?=-[A-Za-z-])")
EXIT = re.compile(r"(?:\b[Ee]xit status:\s*|\bExits )(.*)$", re.S)


class Usage(NamedTuple):
    """What a usage text says, by section."""

    synopsis: tuple[str, ...]
    description: tuple[Block, ...]
    options: tuple[Block, ...]
    status: str


def read_usage(text: str, texts: dict[str, str]) -> Usage:
    """`texts` has a word for options that the text only names, by their first way of writing."""
    first, *parts = re.split(r"\n[ ]*\n", dedent(text).strip("\n"))
    synopsis = tuple(joined(re.sub(r"^[Uu]sage:\s*", "", first.strip())))
    if not re.match(r"[Uu]sage:", first):
        synopsis, parts = (), [first, *parts]
    description: list[Block] = []
    options: list[Block] = []
    status = ""
    for part in parts:
        ends = EXIT.search(part)
        if ends:
            status = (status + " " + " ".join(ends[1].split())).strip()
            part = part[: ends.start()].rstrip()
        lines = part.splitlines()
        heading = ""
        if len(lines) > 1 and lines[0].endswith(":") and lines[1].lstrip().startswith("-"):
            heading = lines.pop(0).rstrip(":")
        if not lines:
            continue
        if lines[0].startswith(" ") and lines[0].lstrip().startswith("-"):
            options += [Heading(heading)] if heading else []
            options += items(lines, texts)
        elif lines[0].startswith(" "):
            description.append(Example(dedent(part)))
        else:
            description.append(Paragraph(" ".join(part.split())))
    return Usage(synopsis, tuple(description), tuple(options), status)


def joined(text: str) -> Iterator[str]:
    """The ways to call it; a line that is indented beyond the others goes on."""
    name = text.split()[0]
    ways: list[str] = []
    for line in text.splitlines():
        if line.split()[0] == name or not ways:
            ways.append(" ".join(line.split()))
        else:
            ways[-1] += " " + " ".join(line.split())
    yield from ways


def items(lines: list[str], texts: dict[str, str]) -> Iterator[Item]:
    """The options of a block of lines. Raises ValueError for a line that does not read as such."""
    found: list[tuple[list[str], str]] = []
    for line in lines:
        if not line.lstrip().startswith("-"):
            if not found:
                raise ValueError(f"{line!r}: goes on with no option")
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
            continue
        waiting: list[list[str]] = []
        for piece in NEXT.split(line.strip()):
            match = OPTION.match(piece)
            if match is None:
                raise ValueError(f"{piece!r}: no option")
            tags = [tag.strip() for tag in re.split(r",[ ]?(?=-)", match["tags"])]
            text = match["text"].strip()
            waiting.append(tags)
            known = texts.get(re.split("[ =]", tags[0])[0], "")
            if known:
                found.append((waiting.pop(), known))
            elif text:  # what has no explanation of its own shares that of the next in its line
                found.append(([tag for tags in waiting for tag in tags], text))
                waiting.clear()
        found += [(tags, "") for tags in waiting]
    for tags, text in found:
        yield Item((tuple(tag_of(tags)),), finished(text))


def tag_of(tags: list[str]) -> Iterator[tuple[str, bool]]:
    for number, tag in enumerate(tags):
        if number:
            yield ", ", False
        name, gap, value = re.match(r"(-[\w-]*)([ =]?)(.*)$", tag).groups()  # type: ignore[union-attr]
        yield name + gap, False
        if value:
            yield value, True
