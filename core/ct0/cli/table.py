"""Tables: aligned columns; on a terminal also cut to its width and with a little colour."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence

from ct0.text import plain

COLOURS = {
    "running": "32",
    "frozen": "36",
    "stopped": "90",
    "suspended": "36",
    "mounted": "33",
    "ct0": "32",
    "container": "33",
    "sandbox": "36",
    "unknown": "31",
}


def show(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> None:
    """Print rows below a header; the columns named in `right` are aligned to the right.

    Everything is made printable first: names come from containers.
    """
    terminal = sys.stdout.isatty()
    limit = shutil.get_terminal_size().columns if terminal else 0
    colour = terminal and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
    lines = [list(header), *([plain(cell, 4096) for cell in row] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for number, line in enumerate(lines):
        cells = []
        for name, width, cell in zip(header, widths, line):
            cells.append(cell.rjust(width) if name in right else cell.ljust(width))
        text = "  ".join(cells).rstrip()
        if limit and len(text) > limit:
            text = text[: limit - 1] + "…"
        if colour:
            text = paint(text, line, bold=number == 0)
        data = text.encode(sys.stdout.encoding or "utf-8", "replace")
        sys.stdout.write(data.decode(sys.stdout.encoding or "utf-8") + "\n")


def paint(text: str, cells: Sequence[str], bold: bool) -> str:
    if bold:
        return f"\033[1m{text}\033[0m"
    for cell in cells:
        code = COLOURS.get(cell)
        if code and f" {cell}" in text:
            return text.replace(f" {cell}", f" \033[{code}m{cell}\033[0m", 1)
    return text
