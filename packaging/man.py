"""Write the man pages: `python packaging/man.py OUTDIR` makes OUTDIR/man1/ct0.1 and all others.

    python packaging/man.py --list      PACKAGE and path of each, one a line

They are made from the commands' own parsers and usage texts, and are the same for the same sources:
the date is that of SOURCE_DATE_EPOCH, or of the last commit.
"""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_DATE = "no date: set SOURCE_DATE_EPOCH, or run it in a git checkout"


def main(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        print(__doc__, end="")
        return 0
    if len(arguments) != 1 or (arguments[0].startswith("-") and arguments != ["--list"]):
        print(__doc__, end="", file=sys.stderr)
        return 2
    from ct0 import __version__
    from manual.pages import pages
    from manual.roff import render

    if arguments == ["--list"]:
        for made in pages():
            print(f"{made.package}\t{made.page.path}")
        return 0
    try:
        date = date_of_sources()
        for made in pages():
            path = Path(arguments[0], made.page.path)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(render(made.page, date, __version__), encoding="ascii")
    except (OSError, ValueError) as error:
        print(f"man.py: {error}", file=sys.stderr)
        return 1
    return 0


def date_of_sources() -> str:
    """YYYY-MM-DD. Raises ValueError where nothing tells."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not seconds:
        asked = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
        try:
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
        except FileNotFoundError:  # no git here
            raise ValueError(NO_DATE) from None
        seconds = done.stdout.strip()
    if not seconds.isdecimal():
        raise ValueError(NO_DATE)
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%d")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
