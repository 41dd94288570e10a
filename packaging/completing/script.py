"""The completion of one command as a script for bash, with and without bash-completion."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from completing.words import NOTHING, WORDS, Value, Way

ENGINE = Path(__file__).with_name("engine.bash")


def script(command: str, ways: Sequence[Way]) -> str:
    """`ways` are the command itself and its subcommands."""
    engine = ENGINE.read_text(encoding="ascii")
    lines = [
        f"# Completion of {command} for bash 4 and later, made by packaging/completion.py from the",
        "# command's own options. It stands alone: `. FILE` does where bash-completion is missing.",
        "",
        *table(command, ways),
        "",
        engine,
        f"complete -F _ct0_complete {command}{place(command)}",
    ]
    return "\n".join(lines) + "\n"


def place(command: str) -> str:
    """The path of what is in no PATH: bash-completion 2.11 loads a script by the last part of a
    path, but bash then looks for the whole path alone."""
    if command.startswith("check_"):
        return f" /usr/lib/ct0/plugins/{command}"
    if command == "ct0-shims":
        return f" /usr/lib/ct0/{command}"
    return "" if command.startswith("ct0") else f" /usr/lib/ct0/shims/{command}"


def table(command: str, ways: Sequence[Way]) -> Iterator[str]:
    """A function: for a path and an option (none: an operand), how the value is completed."""
    yield f"_ct0_of_{re.sub('[^a-z0-9_]', '_', command)}() {{"
    yield "    kind=flag known=() options=() subcommands=''"
    yield "    case $1 in"
    # A subcommand stands before the command, whose pattern would be its as well.
    for way in sorted(ways, key=lambda way: -way.path.count(" ")):
        yield from branch(way, [other.path for other in ways])
    yield "    esac"
    yield "}"


def branch(way: Way, paths: list[str]) -> Iterator[str]:
    depth = way.path.count(" ") + 1
    below = [path for path in paths if path.startswith(way.path + " ")]
    known = {path.split()[depth] for path in below} | set(way.after)
    name = shlex.quote(way.path)
    pattern = f"{name} | {name}\\ *" if way.after else name
    yield f"        {pattern})"
    yield f"            options=({words(way.options)})"
    if known:
        yield f"            [[ $1 == {name} ]] && subcommands=' {' '.join(sorted(known))} '"
    yield "            case $2 in"
    for names, value in grouped(way):
        pattern = " | ".join(shlex.quote(name) for name in names)
        yield f"                {pattern}) {told(value)} ;;"
    yield "            esac"
    if way.after:
        yield "            [[ -n $2 ]] || case $1 in"
        for value in dict.fromkeys(way.after.values()):
            names = [word for word, other in way.after.items() if other == value]
            pattern = " | ".join(shlex.quote(f"{way.path} {name}") for name in names)
            yield f"                {pattern}) {told(value)} ;;"
        yield "            esac"
    yield "            ;;"


def grouped(way: Way) -> Iterator[tuple[list[str], Value]]:
    """Options whose values are completed alike, once."""
    values = {"": Value(NOTHING), **way.values}
    for value in dict.fromkeys(values.values()):
        yield [name for name, other in values.items() if other == value], value


def told(value: Value) -> str:
    if value.kind == WORDS:
        return f"kind=words known=({words(value.words)})"
    return f"kind={value.kind}"


def words(words: Sequence[str]) -> str:
    return " ".join(map(shlex.quote, words))
