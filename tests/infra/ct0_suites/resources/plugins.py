"""Nagios plugins of a target, and what one prints.

    CT_STATE OK - 2 of 2 containers are running | running=2;;;0 stopped=0;;;0
    web1 runs
    db1 runs | 'uptime web1'=86400s

https://www.monitoring-plugins.org/doc/guidelines.html: a line of text, then perhaps "|" and
figures; further lines are more text, until a "|", after which all is figures.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.target import Target
from ct0_suites.transport import Output

OK, WARNING, CRITICAL, UNKNOWN = STATES = ("ok", "warning", "critical", "unknown")
OWN = "/usr/lib/ct0/plugins"
FOLDERS = (
    OWN,
    "/usr/lib/nagios/plugins",
    "/usr/lib64/nagios/plugins",
    "/usr/lib/monitoring-plugins",
    "/usr/lib64/monitoring-plugins",
    "/usr/local/nagios/libexec",
    "/usr/local/lib/nagios/plugins",
)

LABEL = r"(?:'(?:[^'=|\n]|'')+'|[^\s'=|]+)"
NUMBER = r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
RANGE = rf"(?:@?(?:(?:~|{NUMBER})?:)?(?:{NUMBER})?)"
FIGURE = re.compile(
    rf"{LABEL}=(?:U|{NUMBER}[^0-9\s;'\"=.-]{{0,10}})"
    rf"(?:;{RANGE})?(?:;{RANGE})?(?:;(?:{NUMBER})?)?(?:;(?:{NUMBER})?)?;?(?=\s|$)"
)


class Printed(NamedTuple):
    """What a plugin printed, taken apart."""

    text: str  # its first line
    more: tuple[str, ...]
    figures: str


def find_plugin(target: Target, plugin: str) -> str:
    """Its path: of a name, the first of FOLDERS that has it, else what PATH leads to; "" for none.

    Raises Unreachable.
    """
    places = [plugin] if "/" in plugin else [f"{folder}/{plugin}" for folder in FOLDERS]
    tried = " ".join(map(shlex.quote, places))
    path = "" if "/" in plugin else f"command -v {shlex.quote(plugin)};"
    command = (
        f'for f in {tried}; do [ -f "$f" ] && [ -x "$f" ] && printf \'%s\\n\' "$f" && exit; done;'
        f" {path} exit 0"
    )
    found = target.run(command).text.split("\n")[0]
    return found if found.startswith("/") else ""


def run_plugin(target: Target, path: str, arguments: Sequence[str], seconds: float) -> Output:
    """Run it as a monitoring daemon would. Raises Unreachable, also after `seconds`."""
    return target.run("exec " + shlex.join([path, *arguments]), timeout=seconds)


def own_plugins(target: Target) -> list[str]:
    """Names of ct0's that are laid out there. Raises Unavailable, Unreachable."""
    said = target.run(
        f'for f in {OWN}/check_*; do [ -x "$f" ] && printf \'%s\\n\' "${{f##*/}}"; done; true'
    )
    if said.status != 0:
        raise Unavailable(f"{OWN}: {said.trouble}")
    return [name for name in said.text.split("\n") if re.fullmatch(r"check_[A-Za-z0-9_-]+", name)]


def parse_printed(text: str) -> Printed:
    first, _, rest = text.partition("\n")
    line, _, figures = first.partition("|")
    more, _, later = rest.partition("|")
    return Printed(
        line.strip(),
        tuple(each for each in more.split("\n") if each),
        " ".join(f"{figures} {later}".split()),
    )


def faults(stdout: bytes) -> Iterator[str]:
    """What a monitoring daemon would stumble over."""
    try:
        text = stdout.decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"byte {error.start} of what it prints is no UTF-8"
        return
    printed = parse_printed(text)
    if not printed.text:
        yield "prints no text"
    if "\0" in text or any(not (c.isprintable() or c == "\t") for c in printed.text):
        yield f"prints control characters: {plain(printed.text)}"
    place = 0
    while place < len(printed.figures):
        figure = FIGURE.match(printed.figures, place)
        if figure is None:
            yield f"prints figures that are none: {plain(printed.figures[place : place + 60])}"
            return
        place = figure.end() + 1
