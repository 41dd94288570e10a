"""An argparse parser as sections of a page: the synopsis and the options."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

from manual.page import Block, Heading, Item, Paragraph, finished

FEW = 8  # options that are worth naming one by one in the synopsis
HELP = "show the usage text and exit"
VERSION = "show the version and exit"


def synopsis(parser: argparse.ArgumentParser) -> tuple[str, ...]:
    """The ways to call it: the parser's own usage where it has one."""
    if parser.usage:
        return tuple(line.strip() for line in (parser.usage % {"prog": parser.prog}).splitlines())
    actions = [action for action in parser._actions if shown(action)]
    options = [action for action in actions if action.option_strings]
    line = [parser.prog]
    if len(options) <= FEW:
        line += [bracketed(action) for action in options if not is_help(action)]
    else:
        line.append("[OPTION ...]")
    line += [operand(action) for action in actions if not action.option_strings]
    return (" ".join(line),)


def options(
    parser: argparse.ArgumentParser, texts: dict[str, str], told: frozenset[str] = frozenset()
) -> Iterator[Block]:
    """Every option, with `texts` for those that the parser leaves without a word.

    `told` are the words an operand can be that are explained elsewhere.
    """
    for group in parser._action_groups:
        actions = [
            action
            for action in group._group_actions
            if shown(action) and not (told and told.issuperset(action.choices or ("",)))
        ]
        if not actions:
            continue
        if group.title not in ("options", "optional arguments", "positional arguments"):
            yield Heading((group.title or "").capitalize())
            if group.description:
                yield Paragraph(finished(group.description))
        elif len(parser._action_groups) > 2 and parser._action_groups[0]._group_actions:
            yield Heading("Operands" if group.title == "positional arguments" else "General")
        for action in actions:
            yield Item(tags(action), explained(parser, action, texts))


def explained(
    parser: argparse.ArgumentParser, action: argparse.Action, texts: dict[str, str]
) -> str:
    name = action.option_strings[-1] if action.option_strings else str(action.metavar)
    if name in texts:
        return finished(texts[name] + choices(action, texts[name]))
    text = ""
    if is_help(action):
        text = HELP
    elif isinstance(action, argparse._VersionAction):
        text = VERSION
    elif action.help:
        text = parser._get_formatter()._expand_help(action)
    return finished(text + choices(action, text))


def choices(action: argparse.Action, text: str) -> str:
    """What its value can be, where neither its name nor the text says it."""
    known = [str(choice) for choice in action.choices or ()]
    if not action.metavar or all(re.search(rf"\b{re.escape(word)}\b", text) for word in known):
        return ""
    return f". One of: {', '.join(known)}"


def tags(action: argparse.Action) -> tuple[tuple[tuple[str, bool], ...], ...]:
    """-w RANGE, --warning RANGE as one tag: all the ways in one line."""
    value = value_of(action)
    if not action.option_strings:
        return (((value, not action.choices),),)
    tag: list[tuple[str, bool]] = []
    for number, name in enumerate(action.option_strings):
        tag += [(", ", False)] if number else []
        tag.append((name, False))
    if value:
        tag += [(" ", False), (value, True)]
    return (tuple(tag),)


def value_of(action: argparse.Action) -> str:
    """What is written for its value, "" for a flag."""
    if action.nargs == 0:
        return ""
    if isinstance(action.metavar, str):
        name = action.metavar
    elif action.choices is not None:
        name = "|".join(str(choice) for choice in action.choices)
    else:
        name = action.dest.upper()
    return f"{name} ..." if action.option_strings and action.nargs == "+" else name


def bracketed(action: argparse.Action) -> str:
    value = value_of(action)
    text = " ".join([action.option_strings[0], *([value] if value else [])])
    return text if action.required else f"[{text}]"


def operand(action: argparse.Action) -> str:
    value = value_of(action)
    return {"?": f"[{value}]", "*": f"[{value} ...]", "+": f"{value} ..."}.get(
        str(action.nargs), value
    )


def is_help(action: argparse.Action) -> bool:
    return isinstance(action, argparse._HelpAction)


def shown(action: argparse.Action) -> bool:
    return action.help != argparse.SUPPRESS
