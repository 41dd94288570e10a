"""Options and operands of a command, by getopt's rules, for tools that each have their own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

SIGNAL_NAMES = """
HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP
TSTP TTIN TTOU URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS
"""
SIGNALS = frozenset(SIGNAL_NAMES.split())
SIGNAL = re.compile(r"-(?:SIG)?([A-Z][A-Z0-9]*|[a-z]+1?2?|\d{1,2}|RTMIN\+?\d*)$")


def signal_of(word: str) -> str:
    """ "HUP" of -HUP, -SIGHUP or -hup, "9" of -9, "" of what is no signal."""
    match = SIGNAL.match(word)
    name = match[1].upper() if match else ""
    return name if name.isdigit() or name in SIGNALS or name.startswith("RTM") else ""


class Options:
    """What was found. `given` has each option's values, [""] for one that takes none."""

    __slots__ = ("given", "operands", "signal")

    def __init__(self) -> None:
        self.given: dict[str, list[str]] = {}
        self.operands: list[int] = []  # places among the words
        self.signal = ""

    def has(self, *names: str) -> bool:
        return any(name in self.given for name in names)

    def values(self, *names: str) -> list[str]:
        return [value for name in names for value in self.given.get(name, ())]


def parse(
    words: Sequence[str],
    short: str = "",
    long: Collection[str] = (),
    signals: bool = False,
    stop: bool = False,
    flags: Collection[str] = (),
) -> Options:
    """Parse the words after the command. `short` are the letters that take a value, `long` the
    names that do (without their dashes); `signals`: -9 and -HUP are a signal; `stop`: options are
    over at the first operand (env, nice, sudo). Long options are found by a beginning too, unless
    it is the whole name of one of `flags`, which take no value.
    """
    found = Options()
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            found.operands += range(at, len(words))
            break
        if not word.startswith("-") or word == "-":
            found.operands.append(at - 1)
            if stop:
                found.operands += range(at, len(words))
                break
            continue
        if signals and not found.signal and signal_of(word):
            found.signal = signal_of(word)
            continue
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
            if name not in long and name not in flags and len(name) > 2:
                name = next((each for each in long if each.startswith(name)), name)
            takes = name in long
            if takes and not equals and at < len(words):
                value = words[at]
                at += 1
            found.given.setdefault(name, []).append(value)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            if letter not in short:
                found.given.setdefault(letter, []).append("")
                continue
            value = letters
            if not value and at < len(words):
                value = words[at]
                at += 1
            found.given.setdefault(letter, []).append(value)
            letters = ""
    return found
