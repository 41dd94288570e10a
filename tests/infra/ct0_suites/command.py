"""`ct0 verify`: whether nodes and their containers are as they should be."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, NoReturn

from ct0.errors import Error, reason
from ct0.host import Host
from ct0.text import plain

if TYPE_CHECKING:
    from ct0_suites.running import Node

UNKNOWN = 3

USAGE = """ct0 verify [OPTION ...] [URL ...]
       ct0 verify snapshot [OPTION ...] URL
       ct0 verify check [-i FILE] [-w FILE] [FILE ...]"""
EPILOG = """\
A URL is ct+ssh://root@node (the node and all its containers), ct+ssh://root@node?container=web*,
ssh://root@node, ct://web1 (a container of this machine), local://, and so on
(docs/suites-backends.md).
Exit status: 0 all is well, 1 warnings, 2 something critical, 3 not everything could be judged, or
nothing was.
"""


class Parser(argparse.ArgumentParser):
    """Whoever calls it wrongly has verified nothing: UNKNOWN."""

    def error(self, message: str) -> NoReturn:
        raise SystemExit(unknown(f"{message} (try --help)"))


def main(arguments: Sequence[str], host: Host) -> int:
    if not host.live:
        return unknown("a recorded host runs no commands: leave --root out")
    arguments = list(arguments)
    try:
        if arguments[:1] == ["snapshot"]:
            from ct0_suites.observing import main as observe

            return observe(arguments[1:])
        if arguments[:1] == ["check"]:
            from ct0_suites.checking import main as check

            return check(arguments[1:])
        return verified(parser().parse_args(arguments))
    except ModuleNotFoundError as error:
        return unknown(f"{error.name}: not installed: pip install 'ct0[suites]'")
    except ImportError as error:
        return unknown(f"cannot be loaded: {error}")
    except Error as error:
        return unknown(str(error))


def parser() -> argparse.ArgumentParser:
    from ct0_suites.reports import FORMATS

    parser = Parser(
        prog="ct0 verify",
        usage=USAGE,
        description="Judge nodes and their containers by what is expected of them.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("urls", nargs="*", metavar="URL", help="what to judge, beside --inventory's nodes")
    add(
        "-i",
        "--inventory",
        action="append",
        default=[],
        metavar="FILE",
        help="nodes: ours (YAML), ansible:PATH, list:PATH of `ct0 list --json` (repeatable)",
    )
    add("--hosts", action="append", default=[], metavar="URL,...", help="as pytest's --hosts")
    add(
        "-e",
        "--expect",
        action="append",
        default=[],
        metavar="FILE",
        help="expectations (YAML, repeatable)",
    )
    add(
        "-w",
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="failures that somebody answers for (YAML, repeatable)",
    )
    add("--suite", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    add(
        "--only",
        action="append",
        default=[],
        metavar="ID",
        help="only expectations with such an id, a shell pattern (repeatable)",
    )
    add("-j", "--jobs", type=positive, default=8, metavar="N", help="nodes at a time (8)")
    add("-v", "--verbose", action="store_true", help="what passed as well")
    add("--nagios", action="store_true", help="one line for Nagios in place of the text")
    for name, form in FORMATS.items():
        add(f"--{name}", metavar="FILE", help=form.__doc__.partition("\n")[0].rstrip("."))  # type: ignore[union-attr]
    add("--schema", action="store_true", help="print the JSON schema of an expectations file")
    return parser  # fmt: skip


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: 1 or more")
    return number


def verified(options: argparse.Namespace) -> int:
    from ct0_suites.expectations.schema import schema

    if options.schema:
        import json

        print(json.dumps(schema(), indent=2))
        return 0
    from ct0_suites.expectations.load import load
    from ct0_suites.expectations.waivers import load_waivers
    from ct0_suites.judging import Judge
    from ct0_suites.reports import reports
    from ct0_suites.running import verify
    from ct0_suites.suites import SUITES

    expectations = load(options.expect)
    chosen = [
        each
        for each in expectations
        if (not options.suite or each.suite in options.suite)
        and (not options.only or any(fnmatchcase(each.id, only) for only in options.only))
    ]
    for name in options.suite:
        if name not in SUITES:
            return unknown(f"--suite {name}: there are {', '.join(SUITES)}")
    if not chosen and (expectations or options.only):
        return unknown("no expectation matches --suite and --only")
    judge = Judge(chosen, load_waivers(options.waivers))
    nodes = nodes_of(options)
    if not nodes:
        return unknown("no nodes: give a URL or --inventory (try --help)")
    try:
        return verify(nodes, judge, reports(options), options.jobs).state
    except OSError as error:
        return unknown(reason(error))


def nodes_of(options: argparse.Namespace) -> list[Node]:
    """Every machine that was asked for, each once. Raises Wrong."""
    from ct0_suites.inventory import read_inventory
    from ct0_suites.inventory.address import Entry
    from ct0_suites.nodes import node_of

    urls = [url for hosts in options.hosts for url in hosts.split(",") if url]
    wanted = dict.fromkeys(Entry(url) for url in [*options.urls, *urls])
    for path in options.inventory:
        wanted.update(dict.fromkeys(read_inventory(path)))
    return [node_of(*entry) for entry in wanted]


def unknown(text: str) -> int:
    """Say why nothing was verified, where a person and where Nagios reads it."""
    print(f"CT0_VERIFY UNKNOWN - {plain(text, 1000)}")
    return UNKNOWN
