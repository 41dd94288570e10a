"""The command line of killall: getopt_long_only's, with psmisc's own reading of what that refuses.

`-HUP` and `-9` are signals because no option is called so; `-INT` and `-VTALRM` although -I and -V
are; `-ve`, which might begin -verbose and -version, is -v -e.
"""

from __future__ import annotations

import sys

from ct0_shims.options import UsageError, long_option, matching
from ct0_shims.signals import NUMBERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

SHORT = "egy:o:ilqrs:u:vwZ:VIn:"
LONG = {
    "exact": "e",
    "ignore-case": "I",
    "process-group": "g",
    "younger-than": "y:",
    "older-than": "o:",
    "interactive": "i",
    "list-signals": "l",
    "quiet": "q",
    "regexp": "r",
    "signal": "s:",
    "user": "u:",
    "verbose": "v",
    "wait": "w",
    "ns": "n:",
    "context": "Z:",
    "version": "V",
}
FLAGS = {
    "e": "exact",
    "g": "group",
    "i": "interactive",
    "I": "ignore_case",
    "q": "quiet",
    "r": "regexp",
    "v": "verbose",
    "w": "wait",
}
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "M": 2419200, "y": 29030400}
MOST = 2**31 - 1
KILL, TERM = 9, 15


class Refused(Exception):
    """The text is the whole message."""


class Options:
    """What was asked for. `action` is "kill", "list" or "version"; ages are in seconds, 0: any."""

    __slots__ = (
        "action",
        "context",
        "exact",
        "group",
        "ignore_case",
        "interactive",
        "names",
        "namespace_of",
        "older_than",
        "quiet",
        "regexp",
        "signal",
        "user",
        "verbose",
        "wait",
        "younger_than",
    )

    def __init__(self) -> None:
        self.action = "kill"
        self.signal = TERM
        self.names: list[bytes] = []
        self.younger_than = self.older_than = 0
        self.namespace_of = 0
        self.user: int | None = None
        self.context: re.Pattern[str] | None = None
        self.exact = self.group = self.interactive = self.ignore_case = False
        self.quiet = self.regexp = self.verbose = self.wait = False


def parse(arguments: list[str]) -> Options:
    """Raises UsageError (its text goes before the usage, "": nothing does) and Refused."""
    options = Options()
    rest = list(arguments)
    while rest and options.action == "kill":
        word = rest.pop(0)
        if word == "--":
            options.names += [as_bytes(name) for name in rest]
            break
        if word == "-" or not word.startswith("-"):
            options.names.append(as_bytes(word))
        elif word.startswith("--"):
            try:
                found = long_option(word[2:], "--", LONG, rest)
            except UsageError:
                raise UsageError("") from None
            apply(options, *found)
        else:
            one_dash(options, word, rest)
    if options.action == "kill":
        if not options.names and options.user is None and options.context is None:
            raise UsageError("")
        if len(options.names) > 64:
            raise Refused("killall: Maximum number of names is 64")
    return options


def one_dash(options: Options, word: str, rest: list[str]) -> None:
    short = word[1] in SHORT.replace(":", "")
    if (not short or len(word) > 2) and matching(word[1:], LONG):
        try:
            found = long_option(word[1:], "-", LONG, rest)
        except UsageError:
            return unknown(options, word)
        return apply(options, *found)
    if not short or (word[1] in "IV" and len(word) > 2):
        return unknown(options, word)
    for place, letter in enumerate(word[1:], 2):
        if letter == ":" or letter not in SHORT:
            return unknown(options, word)
        if letter + ":" not in SHORT:
            apply(options, letter, "")
            if options.action != "kill":
                return None
            continue
        if not word[place:] and not rest:
            return unknown(options, word)
        return apply(options, letter, word[place:] or rest.pop(0))
    return None


def unknown(options: Options, word: str) -> None:
    if word.startswith("-ve"):
        options.verbose = options.exact = True
    elif "A" <= word[1] <= "Z":
        options.signal = signal_number(word[1:])
    elif "0" <= word[1] <= "9":
        options.signal = leading_number(word[1:])
    else:
        raise UsageError("")


def apply(options: Options, letter: str, value: str) -> None:
    if letter in FLAGS:
        setattr(options, FLAGS[letter], True)
    elif letter == "l":
        options.action = "list"
    elif letter == "V":
        options.action = "version"
    elif letter == "s":
        options.signal = signal_number(value)
    elif letter == "y":
        options.younger_than = age_seconds(value)
    elif letter == "o":
        options.older_than = age_seconds(value)
    elif letter == "u":
        import pwd

        try:
            options.user = pwd.getpwnam(value).pw_uid
        except KeyError:
            raise Refused(f"Cannot find user {value}") from None
    elif letter == "n":
        options.namespace_of = c_number(value)[0]
        if not c_number(value)[1]:
            raise UsageError("Invalid namespace PID")
    elif letter == "Z":
        from ct0.ere import compile_ere

        try:
            options.context = compile_ere(value, False)
        except ValueError:
            raise Refused(f"Bad regular expression: {value}") from None


def signal_number(text: str) -> int:
    """`15`, `TERM` or `SIGTERM`, in capitals, as `killall -l` lists them."""
    if text[:1] and text[0] in "0123456789":
        return leading_number(text)
    name = text[3:] if text.startswith("SIG") else text
    if name not in NUMBERS:
        raise Refused(f"{name}: unknown signal; killall -l lists signals.")
    return NUMBERS[name]


def leading_number(text: str) -> int:
    return min(c_number(text)[0], MOST)


def age_seconds(text: str) -> int:
    """`90s`, `2h`, `1M` (of 28 days): a number and the first letter of a unit."""
    number, digits, unit = c_number(text)
    if not digits or number <= 0 or unit[:1] not in SECONDS or not unit:
        raise UsageError("Invalid time format")
    return number * SECONDS[unit[0]]


def as_bytes(argument: str) -> bytes:
    """An argument as it was given, whatever the locale."""
    return argument.encode(sys.getfilesystemencoding(), "surrogateescape")


def c_number(text: str) -> tuple[int, str, str]:
    """As strtol(3) reads: the number, its digits ("": there is none), what follows."""
    plain = text.lstrip(" \t\n\v\f\r")
    sign = plain[:1] if plain[:1] in ("+", "-") else ""
    end = start = len(sign)
    while end < len(plain) and plain[end] in "0123456789":
        end += 1
    digits = plain[start:end]
    return int(sign + digits[:18]) if digits else 0, digits, plain[end:]
