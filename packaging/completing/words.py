"""What can be completed of each command: its options, their values, its subcommands."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from typing import NamedTuple

from manual.commands import COMMANDS, SHIMS, Command

# How a value is completed: WORDS are known, the others are found out when asked.
NOTHING, WORDS, FILE, FOLDER, CT, PID, USER, GROUP, PROGRAM = (
    "nothing", "words", "file", "folder", "ct", "pid", "user", "group", "program",
)  # fmt: skip


class Value(NamedTuple):
    kind: str
    words: tuple[str, ...] = ()


class Way(NamedTuple):
    """A command or subcommand.

    `values` has each option that takes one, and "" for operands; `after` what comes after a word
    that says what to do.
    """

    path: str  # "ct0 list"
    options: tuple[str, ...]
    values: Mapping[str, Value]
    package: str
    after: Mapping[str, Value] = {}


def ways() -> Iterator[Way]:
    """Of all commands; `ct0-read` takes nothing, and pidof, pgrep and the like have theirs."""
    for command in COMMANDS:
        if command.name == "ct0":
            yield top()
        elif command.name == "check_procs":
            yield check_procs()
        elif not command.usage:
            yield parsed(command)
    for shim in SHIMS:
        if shim.name in LETTERS:
            yield by_letters(shim)
    for way in [parsed(command) for command in COMMANDS if command.name == "ct0 shims"]:
        # The one file under its own name does the same.
        yield way._replace(path="ct0-shims", package="ct0-shims")


def top() -> Way:
    from ct0.cli.__main__ import COMMANDS as subcommands

    values = {"--root": Value(FOLDER), "": Value(WORDS, tuple(subcommands))}
    return Way("ct0", ("--root", "--help", "--version"), values, "ct0")


def parsed(command: Command) -> Way:
    parser: argparse.ArgumentParser = import_module(command.module).parser()
    options: list[str] = []
    values: dict[str, Value] = {}
    for action in parser._actions:
        if not action.option_strings:
            values.setdefault("", operand(command, action))
            continue
        options += [name for name in action.option_strings if shown(name, action)]
        if action.nargs != 0:
            value = value_of(command, action)
            values.update(dict.fromkeys(action.option_strings, value))
    after = {word: what() for word, what in AFTER.get(command.name, {}).items()}
    if after:
        values[""] = Value(WORDS, tuple(after))
    return Way(command.name, tuple(options), values, command.package, after)


def shown(name: str, action: argparse.Action) -> bool:
    """A short option is offered only where there is no long one."""
    return name.startswith("--") or len(action.option_strings) == 1


def operand(command: Command, action: argparse.Action) -> Value:
    known = KNOWN.get((command.name, str(action.metavar)))
    if known:
        return known()
    return value_of(command, action)


def value_of(command: Command, action: argparse.Action) -> Value:
    if action.choices is not None:
        return Value(WORDS, tuple(str(choice) for choice in action.choices))
    for name in action.option_strings:
        known = KNOWN.get((command.name, name)) or KNOWN.get(("", name))
        if known:
            return known()
    return Value(KINDS.get(str(action.metavar), NOTHING))


KINDS = {
    "DIR": FOLDER, "FILE": FILE, "FILE|DIR": FILE, "PATH": FILE, "PID": PID, "CT": CT,
}  # fmt: skip


def names_of(module: str, name: str, *more: str) -> Callable[[], Value]:
    """The keys of a table, or the items of a list, when they are asked for."""
    return lambda: Value(WORDS, (*map(str, getattr(import_module(module), name)), *more))


def of_kind(kind: str) -> Callable[[], Value]:
    return lambda: Value(kind)


def divertible() -> Value:
    """All that have an incumbent: ct0-pids has none."""
    from ct0_shims.commands import COMMANDS as shims

    return Value(WORDS, tuple(name for name in shims if name != "ct0-pids"))


# What a command is told to do, and what comes after that word.
AFTER: dict[str, dict[str, Callable[[], Value]]] = {
    "ct0 audit": {"fix": of_kind(NOTHING)},
    "ct0 monitoring": dict.fromkeys(("generate", "definitions"), of_kind(NOTHING)),
    "ct0 shims": {
        **dict.fromkeys(("install", "check", "remove", "status", "build"), of_kind(NOTHING)),
        **dict.fromkeys(("divert", "undivert"), divertible),
        "sources": of_kind(FOLDER),
    },
    "ct0 verify": dict.fromkeys(("snapshot", "check"), of_kind(NOTHING)),
    "ct0-exporter": {
        "once": of_kind(NOTHING),
        "textfile": of_kind(FILE),
        "targets": of_kind(NOTHING),
        "check-web-config": of_kind(FILE),
    },
}


def ct_states() -> Value:
    from ct0 import container

    named = ["RUNNING", "FROZEN", "STOPPED", "SUSPENDED", "MOUNTED"]
    return Value(WORDS, tuple(str(getattr(container, name)) for name in named))


KNOWN: dict[tuple[str, str], Callable[[], Value]] = {
    ("", "--engine"): names_of("ct0.engines", "ENGINES"),
    ("ct0 list", "--state"): ct_states,
    ("ct0 top", "--state"): ct_states,
    ("ct0 ps", "--ct"): lambda: Value(CT),
    ("ct0 audit", "--only"): names_of("ct0_audit.sources", "SOURCES"),
    ("ct0 audit", "--explain"): names_of("ct0_audit.rules", "RULES", "all"),
    ("ct0 verify", "--suite"): names_of("ct0_suites.suites", "SUITES"),
    ("ct0 verify snapshot", "--suite"): names_of("ct0_suites.suites", "SUITES"),
    ("ct0-exporter", "--web.listen-address"): lambda: Value(NOTHING),
}


def check_procs() -> Way:
    """Its options are not argparse's: the tables of its own getopt tell which take a value."""
    from ct0_checks.procs.getopt import OURS, SHORT, THEIRS
    from ct0_checks.procs.options import DETECTIONS, METRICS, SCOPES, STATES

    known = {
        "--metric": Value(WORDS, METRICS),
        "--scope": Value(WORDS, SCOPES),
        "--detect": Value(WORDS, DETECTIONS),
        "--missing": Value(WORDS, tuple(STATES)),
        "--sandbox": Value(WORDS, ("host", "ct")),
        "--ct": Value(CT),
        "--user": Value(USER),
        "--root": Value(FOLDER),
        "--input-file": Value(FILE),
    }
    values = {
        f"--{name}": known.get(f"--{name}", Value(NOTHING))
        for name, meaning in {**THEIRS, **OURS}.items()
        if meaning.endswith(":")
    }
    letters = {meaning: name for name, meaning in {**OURS, **THEIRS}.items()}
    for number, letter in enumerate(SHORT):
        if SHORT[number + 1 : number + 2] == ":":
            values[f"-{letter}"] = known.get(f"--{letters.get(f'{letter}:')}", Value(NOTHING))
    names = tuple(f"--{name}" for name in {**THEIRS, **OURS})
    return Way("check_procs", names, values, "ct0-checks")


# The shims that no other package completes; those of SUSE's have letters alone.
LETTERS = {
    "killall5": "o:",
    "killproc": "ct0_shims.killproc",
    "checkproc": "ct0_shims.checkproc",
    "pidofproc": "ct0_shims.checkproc",
    "startproc": "ct0_shims.startproc",
}
OF_LETTERS = {"-c": FOLDER, "-p": FILE, "-i": FILE, "-l": FILE, "-W": FILE, "-u": USER, "-g": GROUP}


def by_letters(shim: Command) -> Way:
    letters = LETTERS[shim.name]
    if letters.startswith("ct0_shims."):
        letters = import_module(letters).LETTERS
    options = tuple(f"-{letter}" for letter in letters if letter != ":")
    values = {
        option: Value(OF_LETTERS.get(option, NOTHING))
        for option in options
        if f"{option[1]}:" in letters
    }
    if shim.name != "killall5":
        values[""] = Value(PROGRAM)
    return Way(shim.name, options, values, shim.package)
