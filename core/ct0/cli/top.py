"""`ct0 top`: the containers of this host and CT0 itself, what they use now, again and again.

vm, up 1h33m, load 1.02 0.80 0.41, 2 CTs running, 1 not
CPU 103 of 200%, CT0 2.1   memory 801M of 23.5G   swap 0 of 0
NAME   CTID  ENGINE  STATE    %CPU  LIMIT   MEM  LIMIT  %MEM  C/M/IO  FAILS  OOM  TASKS  ...
CT0    0     host    running   2.1      ∞  610M      ∞     -       -      -    -     92  ...
web1   web1  lxc     running   101    150  120M   512M  23.4   1/0/0      0    0     12  ...
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Sequence

from ct0.arrange import ASCENDING, KEYS, arranged, wanted
from ct0.cli.notes import rights
from ct0.cli.top_table import summary, table
from ct0.figures import UNLIMITED
from ct0.host import Host
from ct0.inventory import Inventory
from ct0.live import Live, Row, View

FIRST = 0.5  # seconds between the first two looks: nobody wants to wait for the first table


class Choice:
    """What is shown, and in which order."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.text: str = options.filter
        self.engine: str = options.engine
        self.state: str = options.state
        self.sort: str = options.sort
        self.descending = (self.sort not in ASCENDING) != options.reverse

    def sort_by(self, key: str) -> None:
        """By another key; by the same once more: the other way round."""
        self.descending = not self.descending if key == self.sort else key not in ASCENDING
        self.sort = key

    def rows(self, view: View) -> list[Row]:
        """CT0's row, then the containers'."""
        chosen = [row for row in view.rows if wanted(row, self.text, self.engine, self.state)]
        return [view.own, *arranged(chosen, self.sort, self.descending)]


def main(arguments: Sequence[str], host: Host) -> int:
    options = parser().parse_args(arguments)
    rights(host, "list")
    inventory = Inventory(host)
    live = Live(host, inventory.containers, patience=max(60.0, 3 * options.delay))
    choice = Choice(options)
    if options.batch or not (sys.stdout.isatty() and sys.stdin.isatty()):
        # Into a pipe without a word about how often: once is what was meant.
        endless = options.batch and options.count == 0
        count = 0 if endless else options.count or 1
        return batch(live, choice, options.delay, count)
    from ct0.cli.top_screen import run

    return run(live, choice, options.delay, options.count)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ct0 top",
        description="The containers of this host and CT0 itself, and what they use now."
        " %CPU is of one CPU, MEM is without page cache not used of late, C/M/IO the percentage of"
        " time in which tasks waited for CPU, memory and io, FAILS how often a limit refused"
        " something.",
    )
    add = parser.add_argument
    add("-b", "--batch", action="store_true", help="plain text, one table after the other")
    add("-n", "--count", metavar="N", type=count, default=0, help="end after N tables")
    add(
        "-d",
        "--delay",
        metavar="SECONDS",
        type=delay,
        default=3.0,
        help="between two tables (%(default)g)",
    )
    add("-s", "--sort", metavar="KEY", choices=list(KEYS), default="cpu", help=", ".join(KEYS))
    add("-r", "--reverse", action="store_true", help="the other way round")
    add("-f", "--filter", metavar="WORDS", default="", help="only what has these in its row")
    add("--engine", metavar="NAME", default="", help="only this engine's")
    add("--state", metavar="STATE", default="", help="only in this state")
    return parser


def batch(live: Live, choice: Choice, delay: float, count: int) -> int:
    for number in range(count) if count else itertools.count():
        if number:
            time.sleep(delay)
            sys.stdout.write("\n")
        view = live.look(min(FIRST, delay))
        shown = table(choice.rows(view))
        lines = [*summary(view), ""]
        lines += ["  ".join(cell.text for cell in row) for row in (shown.header, *shown.rows)]
        write(lines)
    return 0


def write(lines: list[str]) -> None:
    """To whom names of any script do not matter less than that the line comes."""
    encoding = sys.stdout.encoding or "utf-8"
    text = "".join(f"{line.rstrip()}\n" for line in lines)
    if not encoding.lower().startswith("utf"):
        text = text.replace(f" {UNLIMITED}", "max").replace(UNLIMITED, "max")
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of tables")
    return int(text)


def delay(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.1 <= value <= 86400:
        raise argparse.ArgumentTypeError(f"{text!r}: from 0.1 seconds to a day, please")
    return value
