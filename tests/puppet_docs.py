"""What docs/puppet.md shows: its examples, and which files of a host the module changes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parent.parent / "docs/puppet.md"
BLOCK = re.compile(r"^```(yaml|puppet)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ROW = re.compile(r"^\| (\w+) \| ((?:`/[^`]*` ?)+)\| .* \|$", re.MULTILINE)


class Example(NamedTuple):
    """A manifest with its data: either may be what every page's reader has anyway."""

    line: int  # of the page
    manifest: str
    data: str


def examples() -> Iterator[Example]:
    """Data go with `include ct0`, a manifest with the data right after it, if there are any."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = [
        (text.count("\n", 0, each.start()) + 2, each[1], each[2]) for each in BLOCK.finditer(text)
    ]
    for (line, kind, block), after in zip(blocks, [*blocks[1:], (0, "", "")]):
        if kind == "yaml":
            yield Example(line, "include ct0\n", block)
        else:
            yield Example(line, block, after[2] if after[1] == "yaml" else "")


def patterns() -> dict[str, set[str]]:
    """Feature -> the files that the table says it changes."""
    found: dict[str, set[str]] = {}
    for feature, paths in ROW.findall(PAGE.read_text(encoding="utf-8")):
        found.setdefault(feature, set()).update(re.findall(r"`([^`]*)`", paths))
    return found


def undocumented(paths: Iterable[str]) -> list[str]:
    """Those of some changed files that no line of the table speaks of."""
    known = [each for of_feature in patterns().values() for each in of_feature]
    return [path for path in paths if not any(fnmatchcase(path, each) for each in known)]
