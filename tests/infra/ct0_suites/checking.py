"""ct0 verify check: whether files are what ct0 verify reads, without judging anybody by them.

For who writes them by machine: a file that is refused here would make the whole run UNKNOWN.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from ct0_suites.command import Parser, unknown
from ct0_suites.expectations.load import load
from ct0_suites.expectations.waivers import load_waivers
from ct0_suites.inventory import read_inventory


def main(arguments: Sequence[str]) -> int:
    """0 and silence, or 3 and one line that says which file, where and what. Raises Wrong."""
    options = parser().parse_args(arguments)
    if not (options.expect or options.waivers or options.inventory):
        return unknown("no files to check (try --help)")
    load(options.expect)
    load_waivers(options.waivers)
    for path in options.inventory:
        read_inventory(path)
    return 0


def parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="ct0 verify check",
        usage="ct0 verify check [-i FILE] [-w FILE] [FILE ...]",
        description="Whether files are right, without judging anybody by them: exit status 0 and"
        " silence, or 3 and one line that says which file, where and what.",
    )
    add = parser.add_argument
    add("expect", nargs="*", metavar="FILE", help="expectations (YAML), together as -e takes them")
    add(
        "-w",
        "--waivers",
        action="append",
        default=[],
        metavar="FILE",
        help="a waivers file (YAML, repeatable)",
    )
    add(
        "-i",
        "--inventory",
        action="append",
        default=[],
        metavar="FILE",
        help="an inventory, as ct0 verify takes them (repeatable)",
    )
    return parser
