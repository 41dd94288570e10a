"""One option of a plugin, as a CheckCommand has it."""

from __future__ import annotations

from typing import NamedTuple

VALUE, REPEATED, FLAG = "value", "repeated", "flag"


class Option(NamedTuple):
    word: str  # as it is given: -w, --resource
    variable: str
    kind: str
    help: str
