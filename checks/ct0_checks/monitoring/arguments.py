"""The options of `ct0 monitoring`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable

from ct0.engines import ENGINES
from ct0_checks.monitoring.fleet import NAME_FORMAT
from ct0_checks.monitoring.services import NAMED
from ct0_checks.monitoring.wishes import AGENT, LOCAL, NRPE, PLUGINS

FORMATS = ("nagios", "icinga2", "nrpe", "checkmk", "director")
OBJECT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
FOLDER = re.compile(r"/[A-Za-z0-9_./+-]*")
SHRINK = re.compile(r"\d{1,3}(\.\d+)?%|\d{1,6}")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 monitoring",
        usage="ct0 monitoring generate|definitions --FORMAT [OPTION ...]",
        description="`generate` writes CT0 and its containers as hosts with their services for a"
        " monitoring server, from what is found on this host; `definitions` prints the commands and"
        " templates that go with them. Names are made safe for the format and are nobody else's.",
        epilog="exit status: 0 written, or nothing to change; 1 trouble; 2 usage; 3 refused: too"
        " many containers would go, or the file is not ours; 4 the monitoring program does not load"
        " it: what was there is put back.",
    )
    parser.add_argument("action", choices=("generate", "definitions"))
    form = parser.add_mutually_exclusive_group(required=True)
    for name in FORMATS:
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name)

    add = parser.add_argument_group("writing").add_argument
    add(
        "--output",
        metavar="FILE|DIR",
        help="write there if anything changed (DIR: ct0-NAME.cfg and the like); else print",
    )
    add(
        "--max-shrink",
        metavar="N%|N",
        type=matching(SHRINK, "10% or 10"),
        default="20%",
        help="refuse when more of the file's containers would go (default 20%%), or all",
    )
    add("--force", action="store_true", help="do not refuse")
    add("--dry-run", action="store_true", help="print what would change, write nothing")
    add(
        "--validate",
        action="store_true",
        help="have nagios -v or icinga2 daemon -C read the whole configuration where they are;"
        " put the old file back when it does not load",
    )
    add("--validate-command", metavar="COMMAND", default="", help="a shell line in their stead")
    add("-v", "--verbose", action="store_true", help="say what was written")

    add = parser.add_argument_group("which containers").add_argument
    add("--engine", action="append", choices=sorted(ENGINES), help="only this engine's; repeatable")
    add("--include", metavar="REGEX", type=pattern, help="only whose whole CTID or name matches")
    add("--exclude", metavar="REGEX", type=pattern, help="without those that match")

    add = parser.add_argument_group("which services").add_argument
    add(
        "--with",
        dest="services",
        action="append",
        choices=sorted(NAMED),
        default=[],
        help="have this one, though this host does not offer it, for every container; repeatable",
    )
    add("--without", action="append", choices=sorted(NAMED), default=[], help="not this one")

    add = parser.add_argument_group("names and ways").add_argument
    named = matching(OBJECT_NAME, "letters, digits and _.-")
    add("--name", metavar="NAME", type=named, help="CT0's own (default: its hostname)")
    add("--address", metavar="ADDRESS", type=address, help="where CT0 is asked (default: NAME)")
    add(
        "--name-format",
        metavar="FORMAT",
        type=name_format,
        default=NAME_FORMAT,
        help="a container's host, from {name}, {ct0}, {engine} (default {name})",
    )
    add(
        "--via",
        choices=(NRPE, AGENT, LOCAL),
        default="",
        help="how checks are run on CT0: nrpe (nagios' default), agent (icinga2's and director's),"
        " local where the server runs on CT0 itself",
    )
    add("--endpoint", metavar="NAME", type=named, help="CT0's Icinga endpoint (default: its name)")
    add(
        "--plugins",
        metavar="DIR",
        type=matching(FOLDER, "an absolute path of harmless characters"),
        default=PLUGINS,
        help="the plugins' folder on CT0 (default %(default)s)",
    )
    for kind in ("node", "ct", "service"):
        default = f"ct0-{kind}"
        text = f"use this template of yours (default {default})"
        add(f"--{kind}-template", metavar="NAME", type=named, default=default, help=text)
    return parser


def matching(wanted: re.Pattern[str], what: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if not wanted.fullmatch(text):
            raise argparse.ArgumentTypeError(f"{text!r}: wanted: {what}")
        return text

    return convert


def address(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:-]{1,255}", text):
        raise argparse.ArgumentTypeError(f"{text!r}: no name or address")
    return text


def name_format(text: str) -> str:
    bare = text.replace("{ct0}", "").replace("{engine}", "").replace("{name}", "")
    if "{name}" not in text or not re.fullmatch(r"[A-Za-z0-9_.-]*", bare):
        raise argparse.ArgumentTypeError(f"{text!r}: wanted: {{name}}, letters, digits and _.-")
    return text


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
