"""What a man page is made of, before it is roff: sections of paragraphs, examples and options."""

from __future__ import annotations

import re
from typing import NamedTuple, Union


class Paragraph(NamedTuple):
    """Prose. `code` in backticks and options are set in bold."""

    text: str


class Example(NamedTuple):
    """Lines shown as they are."""

    text: str


class Heading(NamedTuple):
    """The name of a group of options."""

    text: str


class Item(NamedTuple):
    """One thing with its explanation: an option, a file, a variable.

    `tags` are the ways to write it, each a list of (text, is it a value's name).
    """

    tags: tuple[tuple[tuple[str, bool], ...], ...]
    text: str


Block = Union[Paragraph, Example, Heading, Item]


class Page(NamedTuple):
    """One man page; `synopsis` has a line for each way to call the command."""

    name: str
    section: int
    summary: str
    synopsis: tuple[str, ...]
    sections: tuple[tuple[str, tuple[Block, ...]], ...]
    also: tuple[str, ...]  # "ct0(1)"

    @property
    def path(self) -> str:
        """Below share/man."""
        return f"man{self.section}/{self.name}.{self.section}"


def plain(text: str, explained: str) -> Item:
    """An item whose tag is one word or path."""
    return Item((((text, False),),), explained)


def finished(text: str) -> str:
    """A help text as a sentence; what begins with a name or an abbreviation stays as it is."""
    text = " ".join(text.split()).rstrip(".;")
    if not text:
        return ""
    if re.fullmatch(r"[a-z]+('s)?;?", text.split()[0]):
        text = text[0].upper() + text[1:]
    return text + "."
