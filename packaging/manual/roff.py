"""A page as roff, in the macros of man(7), which man-db, mandoc and old troffs all read."""

from __future__ import annotations

import re
from textwrap import wrap

from manual.page import Block, Example, Heading, Item, Page, Paragraph

# What roff would take for something else: a hyphen is a dash to it, a quote a curly one.
CODE = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
PROSE = {"\\": r"\e", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti"}
WIDTH = 72  # of the synopsis: what is left of a terminal's 80 columns
# `code`, an option, another page.
MARKED = re.compile(
    r"`(?P<code>[^`]+)`"
    r"|(?<![\w./-])(?P<option>--?[A-Za-z][\w.-]*\w|-[A-Za-z0-9])(?![\w/])"
    r"|(?<![\w.-])(?P<page>[a-z][\w.-]*)(?P<section>\([1-8]\))"
)
# A name for a value, or what is literal, in a line of the synopsis.
SYNOPSIS = re.compile(r"(?P<option>-[\w.-]*\w)|(?P<value>\b[A-Z][A-Z0-9_]*\b)")


def render(page: Page, date: str, version: str) -> str:
    """The page's source. `date` is YYYY-MM-DD; `version` stands in the footer."""
    title = page.name.upper()
    lines = [
        '.\\" Made by packaging/man.py from the commands themselves.',
        f'.TH {code(title)} {page.section} {date} "ct0 {version}" "{manual(page.section)}"',
        # No hyphenation, and no lines stretched to the right margin: options stay findable.
        ".nh",
        ".ad l",
        ".SH NAME",
        *wrapped(f"{code(page.name)} \\- {prose(page.summary)}"),
    ]
    if page.synopsis:
        ways = [line for way in page.synopsis for line in wrapped_way(way)]
        lines += [".SH SYNOPSIS", ".nf", *(synopsis(line) for line in ways), ".fi"]
    for name, blocks in page.sections:
        lines += [f".SH {name}", *body(blocks)]
    if page.also:
        lines += [".SH SEE ALSO", ",\n".join(reference(name) for name in page.also)]
    return "\n".join(lines) + "\n"


def manual(section: int) -> str:
    return {5: "Files of ct0", 8: "Administration with ct0"}.get(section, "Commands of ct0")


def body(blocks: tuple[Block, ...]) -> list[str]:
    lines: list[str] = []
    fresh = True  # right below a heading, where .PP does nothing and mandoc says so
    for block in blocks:
        if isinstance(block, Heading):
            lines += [f".SS {prose(block.text)}"]
        elif isinstance(block, Paragraph):
            lines += [*([] if fresh else [".PP"]), *sentences(block.text)]
        elif isinstance(block, Example):
            quoted = [guarded(code(line)) for line in block.text.splitlines()]
            lines += [*([] if fresh else [".PP"]), ".RS 4", ".nf", *quoted, ".fi", ".RE"]
        else:
            lines += item(block)
        fresh = isinstance(block, Heading)
    return lines


def item(block: Item) -> list[str]:
    lines = [".TP"]
    for number, tag in enumerate(block.tags):
        lines += [".TQ"] if number else []
        lines.append("".join(italic(text) if value else bold(text) for text, value in tag))
    return [*lines, *sentences(block.text)]


def synopsis(line: str) -> str:
    """Options bold, values slanted, the command's name (what begins the line) bold."""
    name = re.match(r"[a-z][\w.-]*( [a-z][\w-]*(?![\w|]))?", line)
    head = bold(name.group()) if name else ""
    rest = line[name.end() :] if name else line
    made, at = head, 0
    for found in SYNOPSIS.finditer(rest):
        made += code(rest[at : found.start()])
        made += italic(found.group()) if found["value"] else bold(found.group())
        at = found.end()
    return made + code(rest[at:])


def reference(name: str) -> str:
    page, _, section = name.rpartition("(")
    return f"{bold(page)}({section}"


def wrapped_way(way: str) -> list[str]:
    """One way to call a command, in lines that are indented beyond the first."""
    # What stands in brackets stays together.
    kept = re.sub(r"\[[^\[\]]*\]", lambda found: found.group().replace(" ", "\0"), way)
    indent = " " * 8
    lines = wrap(
        kept, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\0", " ") for line in lines]


def sentences(text: str) -> list[str]:
    """Prose in short lines, each sentence in new ones: for those who read the source."""
    lines: list[str] = []
    for sentence in re.split(r"(?<=[a-z)][.:]) (?=[A-Z`-])", text):
        lines += wrapped(prose(sentence))
    return [guarded(line) for line in lines]


def wrapped(line: str) -> list[str]:
    return wrap(line, 79, break_long_words=False, break_on_hyphens=False)


def guarded(line: str) -> str:
    """A line that begins with a dot or a quote is no request."""
    return "\\&" + line if line[:1] in (".", "'") else line


def prose(text: str) -> str:
    made, at = "", 0
    for found in MARKED.finditer(text):
        made += escaped(text[at : found.start()], PROSE)
        if found["page"]:
            made += bold(found["page"]) + found["section"]
        else:
            made += bold(found["code"] or found["option"])
        at = found.end()
    return made + escaped(text[at:], PROSE)


def bold(text: str) -> str:
    return f"\\fB{code(text)}\\fR"


def italic(text: str) -> str:
    return f"\\fI{code(text)}\\fR"


def code(text: str) -> str:
    return escaped(text, CODE)


def escaped(text: str, table: dict[str, str]) -> str:
    """In ASCII alone, so that no locale and no preprocessor matters."""
    return "".join(
        table.get(letter, letter if letter.isascii() else f"\\[u{ord(letter):04X}]")
        for letter in text
    )
