"""Write bash's completion: `python packaging/completion.py OUTDIR` makes OUTDIR/ct0 and others.

    python packaging/completion.py --list       PACKAGE and file name of each, one a line

Each file is named after its command, as bash-completion wants it, and made from the parsers.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main(arguments: list[str]) -> int:
    if arguments in (["-h"], ["--help"]):
        print(__doc__, end="")
        return 0
    if len(arguments) != 1 or (arguments[0].startswith("-") and arguments != ["--list"]):
        print(__doc__, end="", file=sys.stderr)
        return 2
    from completing.script import script
    from completing.words import Way, ways

    commands: dict[str, list[Way]] = {}
    for way in ways():
        commands.setdefault(way.path.split()[0], []).append(way)
    if arguments == ["--list"]:
        for command, its in commands.items():
            print(f"{its[0].package}\t{command}")
        return 0
    try:
        folder = Path(arguments[0])
        folder.mkdir(parents=True, exist_ok=True)
        for command, its in commands.items():
            (folder / command).write_text(script(command, its), encoding="ascii")
    except OSError as error:
        print(f"completion.py: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
