"""Thresholds as monitoring-plugins' check_procs reads them.

    [@][start:][end]        10, 10:, ~:10, 10:20, @10:20

Alert outside of it, with `@` inside; both ends belong to it. No character is refused: what does not
begin with a number is 0. Only a start beyond the end is: "Range format incorrect".
"""

from __future__ import annotations

from ct0_checks.procs.numbers import strtod

INFINITY = float("inf")


class Range:
    """`alerts(value)`; `text` as it was given, which is how it is shown again."""

    __slots__ = ("end", "inside", "start", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError when it starts beyond its end."""
        self.text = text
        self.inside = text.startswith("@")
        rest = text[1:] if self.inside else text
        self.start, self.end = 0.0, INFINITY
        first, colon, last = rest.partition(":")
        if colon:
            self.start = -INFINITY if first.startswith("~") else strtod(rest)[0]
        else:
            last = first
        if last:
            self.end = strtod(last)[0]
        # Not "start > end": a nan is in order on neither side.
        unlimited = not last or (colon and first.startswith("~"))
        if not unlimited and not self.start <= self.end:
            raise ValueError("Range format incorrect")

    def alerts(self, value: float) -> bool:
        return (self.start <= value <= self.end) == self.inside
