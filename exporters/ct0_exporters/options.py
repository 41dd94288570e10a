"""What the command line chooses, in node_exporter's manner."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from ct0.container import CT


class Options(NamedTuple):
    """`None` for a pattern: everything."""

    collectors: tuple[str, ...] = ()
    timeout: float = 5.0  # seconds that one collector may take
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    name_on_series: bool = True
    resources: re.Pattern[str] | None = None  # which beancounters
    top: int = 5  # processes of each CT, in collector `top`

    def wants(self, ct: CT) -> bool:
        """Patterns match the whole of a CTID or a name."""
        names = ct.ctid, ct.name
        if self.include is not None and not any(map(self.include.fullmatch, names)):
            return False
        return self.exclude is None or not any(map(self.exclude.fullmatch, names))


def add_arguments(
    parser: argparse.ArgumentParser, collectors: Mapping[str, tuple[bool, str]]
) -> None:
    """`collectors`: each one's name, whether it is on by default, and what it is about."""
    add = parser.add_argument_group("containers").add_argument
    add(
        "--path.rootfs",
        metavar="DIR",
        type=folder,
        default="/",
        help="the host below DIR (%(default)s)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--ct.include", metavar="REGEX", type=pattern, help="only CTs of this CTID or name"
    )
    which.add_argument(
        "--ct.exclude", metavar="REGEX", type=pattern, help="all CTs but of this CTID or name"
    )
    add(
        "--labels.name",
        choices=("series", "info"),
        default="series",
        help="the name of a CT as a label of each series, or of ct_info alone (%(default)s)",
    )

    group = parser.add_argument_group(
        "collectors", "each can be turned on, --collector.X, and off, --no-collector.X"
    )
    add = group.add_argument
    add("--collector.disable-defaults", action="store_true", help="none but those named")
    add(
        "--collector.timeout",
        metavar="SECONDS",
        type=seconds,
        default=5.0,
        help="a collector that takes longer is left out of the scrape (%(default)s)",
    )
    for name, (default, text) in collectors.items():
        # dest: both set the same value; None means that neither was given.
        dest = f"collector {name}"
        text = text if default else f"{text} (off by default)"
        add(f"--collector.{name}", dest=dest, action="store_const", const=True, help=text)
        add(
            f"--no-collector.{name}",
            dest=dest,
            action="store_const",
            const=False,
            help=argparse.SUPPRESS,
        )
    add(
        "--collector.beancounters.resources",
        metavar="REGEX",
        type=pattern,
        help="which beancounters (all)",
    )
    add(
        "--collector.top.processes",
        metavar="N",
        type=count,
        default=5,
        help="how many processes of each CT (%(default)s)",
    )


def options(given: argparse.Namespace, collectors: Mapping[str, tuple[bool, str]]) -> Options:
    """The options that were parsed, as the scrape wants them."""
    values = vars(given)
    chosen = []
    for name, (default, _) in collectors.items():
        wanted = values[f"collector {name}"]
        if wanted is None:
            wanted = default and not values["collector.disable_defaults"]
        if wanted:
            chosen.append(name)
    return Options(
        collectors=tuple(chosen),
        timeout=values["collector.timeout"],
        include=values["ct.include"],
        exclude=values["ct.exclude"],
        name_on_series=values["labels.name"] == "series",
        resources=values["collector.beancounters.resources"],
        top=values["collector.top.processes"],
    )


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None


def folder(text: str) -> str:
    """Of a host that is not there all metrics would be missing, and nobody would know why."""
    if not os.path.isdir(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no directory")
    return text


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < 3600:
        raise argparse.ArgumentTypeError(f"{text}: more than 0 and less than 3600 seconds, please")
    return value


def count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1, please")
    return value
