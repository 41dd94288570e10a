"""The options that all plugins have in common, and a parser that fails as a plugin must.

argparse says what is wrong on standard error and exits 2, which is CRITICAL to a scheduler and an
empty text. Here it is `UNKNOWN: ...` on standard output and 3; --help and --version are 3 as well.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import ct0
from ct0.engines import ENGINES
from ct0_checks.layer.cleaning import clean
from ct0_checks.layer.deadline import SECONDS
from ct0_checks.layer.failure import FORMATS, STATES
from ct0_checks.layer.ranges import Range, parse_range

STATE_DIR = "/var/lib/ct0/checks"
STATE_FILE = "/run/ct0/state.json"


class Parser(argparse.ArgumentParser):
    """`name` is the command's, check_ct_state; `text` the module's docstring."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(
            prog=name,
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,  # deadline.asked looks for whole words
            add_help=False,
        )

    def error(self, message: str) -> NoReturn:
        # The message repeats what was typed: on one line, and harmless.
        print(f"UNKNOWN: {clean(message, 500)} (try --help)")
        self.exit(3)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        if message:
            sys.stdout.write(message)
        raise SystemExit(3)

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str], namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        return super().parse_args(args, namespace)


def parser(
    name: str, text: str, warning: str | None = None, critical: str | None = None, **more: Any
) -> Parser:
    """A parser with the options of all plugins.

    `warning`, `critical`: the defaults of -w and -c, None for a plugin without thresholds.
    `more`: metavar, type and help of both (`type`: a text to what the plugin wants, ValueError).
    """
    made = Parser(name, text)
    if warning is not None and critical is not None:
        add_thresholds(made, warning, critical, **more)
    add_selection(made)
    add_output(made)
    add_source(made)
    return made


def add_thresholds(
    parser: Parser,
    warning: str,
    critical: str,
    metavar: str = "RANGE",
    type: Any = None,
    help: str = "",
) -> None:
    add = parser.add_argument_group("thresholds").add_argument
    more = f"{help}; " if help else ""
    for letter, name, default in (("-w", "--warning", warning), ("-c", "--critical", critical)):
        add(
            letter,
            name,
            metavar=metavar,
            type=checked(type or limits),
            default=default or "~:",
            help=f"{name[2:].upper()} outside it ({more}default {default or 'none'})".replace(
                "%", "%%"
            ),
        )


def add_selection(parser: Parser) -> None:
    add = parser.add_argument_group("containers").add_argument
    add(
        "--ct",
        metavar="CT",
        action="append",
        default=[],
        help="this CTID or name alone; may be given again",
    )
    add(
        "--engine",
        action="append",
        default=[],
        choices=sorted(ENGINES),
        help="only this engine's; may be given again",
    )
    add(
        "--include",
        metavar="REGEX",
        type=checked(pattern),
        help="only those whose whole CTID or name matches",
    )
    add("--exclude", metavar="REGEX", type=checked(pattern), help="without those that match")
    add(
        "--ignore-younger",
        metavar="SECONDS",
        type=checked(seconds),
        default=0.0,
        help="without those that run for less than that (default 0)",
    )
    add(
        "--missing",
        metavar="STATE",
        choices=STATES,
        default="unknown",
        help="what it is when what was asked for is not there: a CT, or what is to be measured of "
        "it (ok, warning, critical, unknown; default unknown)",
    )
    add(
        "--unjudged",
        metavar="STATE",
        choices=STATES,
        help="what it is when those that were asked for do not run, or none has anything of its "
        "own to judge but shares CT0's (default: as --missing)",
    )


def add_output(parser: Parser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("--format", choices=FORMATS, default="nagios", help="default nagios")
    add(
        "--max-listed",
        metavar="N",
        type=checked(count),
        default=10,
        help="name so many containers on the first line (default 10)",
    )
    add("--no-perfdata", action="store_true", help="no performance data")
    add(
        "--service",
        metavar="NAME",
        default="",
        help="the service's name in the formats checkmk and nsca (default: after the plugin)",
    )
    add(
        "--nsca-host",
        metavar="NAME",
        default="",
        help="this host's name in the format nsca (default: its hostname)",
    )
    add(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="all containers; -vv where the figures come from; -vvv what went wrong where",
    )
    add("-V", "--version", action="version", version=f"{parser.prog} (ct0) {ct0.__version__}")
    add("-h", "--help", action="help", help="this text")


def add_source(parser: Parser) -> None:
    add = parser.add_argument_group("running").add_argument
    add(
        "-t",
        "--timeout",
        metavar="SECONDS",
        type=checked(seconds),
        default=SECONDS,
        help=f"give up after that (default {SECONDS:g}, 0 never)",
    )
    add(
        "--timeout-state",
        metavar="STATE",
        choices=STATES,
        default="unknown",
        help="what it is then (default unknown)",
    )
    add(
        "--root",
        metavar="DIR",
        default="/",
        type=checked(folder),
        help="the host below DIR, recorded or mounted (default /)",
    )
    add(
        "--source",
        choices=("auto", "direct", "state", "sudo"),
        default="auto",
        help="where the figures come from: read here, from --state-file, or through sudo "
        "(default auto: the first of these that can be)",
    )
    add("--state-file", metavar="FILE", default=STATE_FILE, help=f"default {STATE_FILE}")
    add(
        "--max-age",
        metavar="SECONDS",
        type=checked(seconds),
        default=180.0,
        help="a --state-file older than that is not believed (default 180)",
    )
    add(
        "--state-dir",
        metavar="DIR",
        default=STATE_DIR,
        help=f"where is kept what was counted before (default {STATE_DIR})",
    )


def checked(parse: Any) -> Any:
    """`parse`, whose ValueError's words argparse would keep to itself."""

    def convert(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


def limits(text: str) -> Range:
    return parse_range(text)


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(f"{text!r} is no regular expression: {error}") from None


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:  # not nan either
        raise ValueError(f"{text!r} are no seconds")
    return value


def count(text: str) -> int:
    if not text.isdecimal() or len(text) > 6:
        raise ValueError(f"{text!r} is no count")
    return int(text)


def folder(text: str) -> str:
    if not os.path.isdir(text):
        raise ValueError(f"{text!r} is no directory")
    return text
