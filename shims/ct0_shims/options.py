"""Command lines as getopt_long(3) reads them, without the 9 ms that importing argparse costs.

Operands may stand between options, `--` ends the options, `-abc` is `-a -b -c`, `-oVALUE` and
`-o VALUE` are the same, long options may be shortened while unambiguous.
"""

from __future__ import annotations


class UsageError(Exception):
    """The command line is wrong; the text is what getopt would have printed after the name."""


def getopt(
    arguments: list[str],
    short: str,
    long: dict[str, str],
    only: bool = False,
    in_order: bool = False,
) -> tuple[list[tuple[str, str]], list[str]]:
    """Split arguments into [(option, value)] and operands.

    `short` is a getopt string ("so:": -s alone, -o with a value). `long` maps a long name to the
    letter it stands for, with ":" appended if it takes a value and "?" if it may; a long option
    without a letter maps to its own name ("ns": "ns:"). `only`: long options with one dash too
    (getopt_long_only). `in_order`: the first operand ends the options. An option's value is ""
    when it takes none. Raises UsageError.
    """
    found: list[tuple[str, str]] = []
    operands: list[str] = []
    rest = list(arguments)
    while rest:
        word = rest.pop(0)
        if word == "--":
            operands += rest
            break
        if word.startswith("--"):
            found.append(long_option(word[2:], "--", long, rest))
        elif word.startswith("-") and word != "-":
            if only and (len(word) > 2 or word[1] not in short) and matching(word[1:], long):
                found.append(long_option(word[1:], "-", long, rest))
            else:
                found += _short(word[1:], short, rest)
        else:
            operands.append(word)
            if in_order:
                operands += rest
                break
    return found, operands


def matching(word: str, long: dict[str, str]) -> list[str]:
    """The long names that `word`, which may hold =VALUE, can stand for."""
    name = word.partition("=")[0]
    return [name] if name in long else [full for full in long if full.startswith(name)]


def long_option(word: str, dashes: str, long: dict[str, str], rest: list[str]) -> tuple[str, str]:
    """One long option without its `dashes`; its value may be taken off `rest`."""
    name, equals, value = word.partition("=")
    matches = matching(word, long)
    if not matches:
        raise UsageError(f"unrecognized option '{dashes}{name}'")
    if len({long[match] for match in matches}) > 1:
        choices = " ".join(f"'{dashes}{match}'" for match in matches)
        raise UsageError(f"option '{dashes}{name}' is ambiguous; possibilities: {choices}")
    option = long[matches[0]]
    if option.endswith(":"):
        if not equals:
            if not rest:
                raise UsageError(f"option '{dashes}{matches[0]}' requires an argument")
            value = rest.pop(0)
    elif equals and not option.endswith("?"):
        raise UsageError(f"option '{dashes}{matches[0]}' doesn't allow an argument")
    return option.rstrip(":?"), value


def _short(letters: str, short: str, rest: list[str]) -> list[tuple[str, str]]:
    found = []
    while letters:
        letter, letters = letters[0], letters[1:]
        place = short.find(letter)
        if place < 0 or letter == ":":
            raise UsageError(f"invalid option -- '{letter}'")
        if short[place + 1 : place + 2] != ":":
            found.append((letter, ""))
            continue
        if not letters and not rest:
            raise UsageError(f"option requires an argument -- '{letter}'")
        found.append((letter, letters or rest.pop(0)))
        break
    return found


def leading_number(text: str) -> int:
    """As atoi(3): 12 for "12a", 0 for what begins with no number."""
    text = text.strip()
    sign = -1 if text.startswith("-") else 1
    text = text[1:] if text[:1] in ("+", "-") else text
    end = 0
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return sign * int(text[:end] or 0)
