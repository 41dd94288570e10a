"""GNU getopt_long's rules and messages, for check_procs.

Options and operands in any order, long options by their beginnings. What monitoring-plugins has is
found by its beginning first, so that `--s Z` stays `--status Z` though there are `--scope` and
`--sandbox` now.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

USAGE = """\
Usage:
check_procs [-w RANGE] [-c RANGE] [-m METRIC] [-s STATE] [-p PPID] [-u USER] [-z VSZ] [-r RSS]
 [-P %CPU] [-a TEXT] [-C COMMAND] [-X COMMAND,...] [-k] [-t SECONDS] [-v]
 [--scope=host|all|cts|ct] [--ct=CT]... [--per-ct]    (--help tells all)
"""

SHORT = "Vvhkt:c:w:p:s:u:C:a:z:r:m:P:TX:"
THEIRS = {
    "warning": "w:",
    "critical": "c:",
    "metric": "m:",
    "timeout": "t:",
    "status": "s:",
    "ppid": "p:",
    "user": "u:",
    "command": "C:",
    "vsz": "z:",
    "rss": "r:",
    "pcpu": "P:",
    "elapsed": "e:",
    "argument-array": "a:",
    "help": "h",
    "version": "V",
    "verbose": "v",
    "ereg-argument-array": "ereg:",
    "input-file": "input:",
    "no-kthreads": "k:",
    "traditional-filter": "T",
}
OURS = {
    "state": "s:",
    "exclude-process": "X:",
    "scope": "scope:",
    "ct": "ct:",
    "per-ct": "per-ct",
    "detect": "detect:",
    "sandbox": "sandbox:",
    "state-any": "state-any:",
    "state-all": "state-all:",
    "match-exe": "match-exe",
    "comm-full": "comm-full",
    "missing": "missing:",
    "max-listed": "max-listed:",
    "no-perfdata": "no-perfdata",
    "root": "root:",
}


class Stop(Exception):
    """Nothing is checked: what goes to standard output and error instead; the status is 3."""

    def __init__(self, out: str, error: str = "") -> None:
        super().__init__(out)
        self.out = out
        self.error = error


def getopt(arguments: list[str], called: str) -> Iterator[tuple[str, str]]:
    """(letter or our long option's name, value) in their order, ("", operand) at the end.

    Raises Stop with getopt's message on standard error and the usage on standard output.
    """
    operands: list[str] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            operands += waiting
            break
        if word.startswith("--"):
            yield long_option(word[2:], waiting, called)
        elif word.startswith("-") and word != "-":
            yield from letters(word[1:], waiting, called)
        else:
            operands.append(word)
    for operand in operands:
        yield "", operand


def letters(text: str, waiting: list[str], called: str) -> Iterator[tuple[str, str]]:
    while text:
        letter, text = text[0], text[1:]
        place = SHORT.find(letter)
        if place < 0 or letter == ":":
            raise misused(called, f"invalid option -- '{letter}'")
        if SHORT[place + 1 : place + 2] != ":":
            yield letter, ""
            continue
        if not text and not waiting:
            raise misused(called, f"option requires an argument -- '{letter}'")
        yield letter, text or waiting.pop(0)
        return


def long_option(text: str, waiting: list[str], called: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    meant = meant_by(name)
    if not meant:
        raise misused(called, f"unrecognized option '--{text}'")
    if len(meant) > 1:
        possible = " ".join([f"'--{one}'" for one in meant])
        raise misused(called, f"option '--{text}' is ambiguous; possibilities: {possible}")
    kind = THEIRS.get(meant[0]) or OURS[meant[0]]
    if not kind.endswith(":"):
        if equals:
            raise misused(called, f"option '--{meant[0]}' doesn't allow an argument")
        return kind, ""
    if not equals:
        if not waiting:
            raise misused(called, f"option '--{meant[0]}' requires an argument")
        value = waiting.pop(0)
    return kind[:-1], value


def meant_by(name: str) -> list[str]:
    for known in (THEIRS, OURS):
        if name in known:
            return [name]
    for known in (THEIRS, OURS):
        meant = [one for one in known if one.startswith(name)]
        if meant:
            return meant
    return []


def misused(called: str, message: str) -> Stop:
    return Stop(USAGE, f"{called}: {message}\n")
