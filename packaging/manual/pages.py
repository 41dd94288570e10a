"""Every man page, put together from the commands and from what is said of them beside."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from manual import from_parser, more
from manual.commands import COMMANDS, Command
from manual.from_usage import EXIT, read_usage
from manual.page import Block, Example, Item, Page, Paragraph, finished, plain

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {command.page: command.section for command in COMMANDS}

Section = tuple[str, tuple[Block, ...]]


class Made(NamedTuple):
    """A page and the package it belongs to."""

    package: str
    page: Page


def pages() -> Iterator[Made]:
    for command in COMMANDS:
        yield Made(command.package, page(command))
    yield Made("ct0", settings())


def page(command: Command) -> Page:
    texts = more.TEXTS.get(command.name, {})
    synopsis, sections = (by_usage if command.usage else by_parser)(command, texts)
    sections += [
        ("FILES", tuple(plain(path, finished(text)) for path, text in more.files(command))),
        ("ENVIRONMENT", environment(command)),
    ]
    return Page(
        command.page,
        command.section,
        command.summary,
        synopsis,
        tuple((name, blocks) for name, blocks in sections if blocks),
        more.also(command, PAGES),
    )


def by_parser(command: Command, texts: dict[str, str]) -> tuple[tuple[str, ...], list[Section]]:
    parser = import_module(command.module).parser()
    description, said = split_status(parser.description or "")
    epilog, said_later = split_status(parser.epilog or "")
    status = more.status(command, said_later or said)
    synopsis = from_parser.synopsis(parser)
    if description.startswith("usage: "):
        usage, _, description = description.partition("\n\n")
        synopsis = read_usage(usage, {}).synopsis
    told = dict(actions(command, parser))
    ways = [plain(word, finished(text)) for word, text in told.items()]
    return synopsis, [
        ("DESCRIPTION", (*prose(command, description), *prose(command, epilog), *ways)),
        ("OPTIONS", tuple(from_parser.options(parser, texts, frozenset(told)))),
        ("EXIT STATUS", (Paragraph(finished(status)),) if status else ()),
    ]


def actions(command: Command, parser: argparse.ArgumentParser) -> Iterator[tuple[str, str]]:
    """What can be asked of a command that takes an action, of those its parser knows."""
    known: set[str] = set()
    for action in parser._actions:
        if not action.option_strings and action.choices:
            known.update(action.choices)
    for word, text in more.ACTIONS.get(command.name, ()):
        if word in known:
            yield word, text


def by_usage(command: Command, texts: dict[str, str]) -> tuple[tuple[str, ...], list[Section]]:
    usage = read_usage(import_module(command.module).__doc__ or "", texts)
    synopsis, description, options = usage.synopsis, list(usage.description), list(usage.options)
    if command.name == "ct0":
        synopsis, description, options = top(synopsis, description)
    elif not synopsis:
        synopsis = (command.name + (" [OPTION ...]" if options else ""),)
    if description and isinstance(description[0], Paragraph):
        _, colon, text = description[0].text.partition(f"{command.name}: ")
        if colon:
            description[0] = Paragraph(finished(text))
    status = more.status(command, usage.status)
    if more.is_shim(command) and command.name in STANDING_IN:
        description.append(Paragraph(STANDING_IN[command.name]))
    return synopsis, [
        ("DESCRIPTION", tuple(description)),
        ("OPTIONS", tuple(options)),
        ("EXIT STATUS", (Paragraph(finished(status)),) if status else ()),
    ]


STANDING_IN = {
    command.name: f"This is ct0's `{command.name}`, in the place of the system's own, whose options"
    f" and exit statuses it has. It is found where the hooks of ct0-shims(8) are in force, or where"
    f" it was put in the place of the command itself."
    for command in COMMANDS
    if more.is_shim(command) and command.name != "ct0-pids"
}


def top(
    synopsis: tuple[str, ...], description: list[Block]
) -> tuple[tuple[str, ...], list[Block], list[Block]]:
    """`ct0` itself: its table of subcommands is no example, and its options stand in the usage."""
    made: list[Block] = []
    for block in description:
        if isinstance(block, Example):
            rows = [line.split(None, 1) for line in block.text.splitlines()]
            made += [plain(word, finished(text) + f" See ct0-{word}({PAGES[f'ct0-{word}']}).")
                     for word, text in rows]  # fmt: skip
        else:
            made.append(block)
    made.sort(key=lambda block: isinstance(block, Item))  # what follows the table goes before it
    root = Item(((("--root ", False), ("DIR", True)),), "Read a recorded or mounted host.")
    options: list[Block] = [root, plain("-h, --help", "Show the usage text and exit.")]
    options.append(plain("-V, --version", "Show the version and exit."))
    return synopsis, made, options


def split_status(text: str) -> tuple[str, str]:
    """A text without what it says of exit statuses, and that."""
    found = EXIT.search(text)
    return (text[: found.start()].rstrip(), found[1]) if found else (text, "")


def prose(command: Command, text: str) -> Iterator[Block]:
    """Paragraphs, and as examples what is indented."""
    for number, part in enumerate(re.split(r"\n[ ]*\n", text.strip("\n"))):
        if not part.strip():
            continue
        if part.startswith(" "):
            yield Example("\n".join(line.strip() for line in part.splitlines()))
            continue
        joined = " ".join(part.split())
        if not number:
            joined = finished(joined.replace(f"{command.name}: ", "", 1))
        yield Paragraph(joined)


def environment(command: Command) -> tuple[Block, ...]:
    if not more.is_shim(command):
        return tuple(
            plain(name, finished(text)) for name, text in more.ENVIRONMENT.get(command.name, ())
        )
    rows = re.findall(r"^\| `(CT0_\w+)=(\w+)` \| (.*) \|$", settings_text(), re.M)
    return tuple(
        Item((((f"{name}=", False), (value, True)),), finished(text))
        for name, value, text in rows
        if name != "CT0_PIDOF" or command.name == "pidof"
    )


def settings_text() -> str:
    text = (DOCS / "shims.md").read_text(encoding="utf-8")
    return text.partition("\n## Settings\n")[2].partition("\n## ")[0]


def settings() -> Page:
    """shims.conf(5), from the settings' section of docs/shims.md."""
    text = settings_text()
    [example] = re.findall(r"```text\n(scope .*?)```", text, re.S)
    rows = [re.match(r"(\w+)\s+(.*?)\s+# (.*)", line) for line in example.splitlines()]
    items = [
        Item((((f"{row[1]} ", False), (VALUES[row[1]], True)),), finished(EXPLAINED[row[1]]))
        for row in rows
        if row
    ]
    [after] = re.findall(r"^(The environment wins.*?)\n\n", text, re.M | re.S)
    return Page(
        "shims.conf",
        5,
        "settings of ct0's shims",
        (),
        (
            (
                "DESCRIPTION",
                (
                    Paragraph(
                        "A setting stands in a line of its own, after its name; # begins a"
                        " comment. The file must be root's and writable by root alone."
                    ),
                    Paragraph(" ".join(after.split())),
                    *items,
                ),
            ),
            ("FILES", (plain("/etc/ct0/shims.conf", "This file; it need not be there."),)),
            ("EXAMPLES", (Example(example.rstrip()),)),
        ),
        ("ct0-shims(8)", "ct0-pidof(1)", "ct0-killproc(8)"),
    )


VALUES = {"scope": "WHOM", "hostpid": "yes|no", "pidof": "RULES", "caller": "PROGRAM WHOM"}
EXPLAINED = {
    "scope": "whom the shims see: `host`, CT0's own processes (default); `sandbox`, sandboxes as"
    " well; `all`, everybody, as the incumbents do",
    "hostpid": "`yes`: containers that share CT0's PID namespace count as CT0's own (default `no`)",
    "pidof": "whose matching rules `pidof` has: `sysv`, `procps`, or `auto`, this system's own"
    " pidof's (default)",
    "caller": "another scope for one calling program or script; may be given again",
}
