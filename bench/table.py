"""The figures as people read them."""

from __future__ import annotations

from statistics import median
from typing import Any

from bench.cases import BOTH, MILLISECONDS

HEAD = ("", "ours", "theirs", "cpu ratio", "wall", "target", "")


class Line:
    """One case: each value as (least, median); milliseconds of processor time, and ratios."""

    def __init__(self, result: dict[str, Any]) -> None:
        pairs = result["pairs"]
        self.case: str = result["case"]
        self.incumbent: str = result["incumbent"]
        self.ours = low_and_middle([ours[0] for ours, _ in pairs])
        self.theirs = low_and_middle([theirs[0] for _, theirs in pairs])
        self.cpu = low_and_middle([ours[0] / theirs[0] for ours, theirs in pairs])
        self.wall = low_and_middle([ours[1] / theirs[1] for ours, theirs in pairs])
        self.target: tuple[str, float] | None = result["target"]

    @property
    def met(self) -> bool | None:
        """None when nothing was promised."""
        if self.target is None:
            return None
        unit, limit = self.target
        measured = self.ours[1] if unit == MILLISECONDS else self.cpu[1]
        return measured <= limit and (unit != BOTH or self.wall[1] <= limit)

    def cells(self) -> tuple[str, ...]:
        target = ""
        if self.target is not None:
            target = f"<= {self.target[1]:g}{' ms' if self.target[0] == MILLISECONDS else 'x'}"
            target += " both" if self.target[0] == BOTH else ""
        return (
            self.case + ("" if self.incumbent else "  (theirs: python3 -IS -c pass)"),
            "{:.1f} / {:.1f}".format(*self.ours),
            "{:.1f} / {:.1f}".format(*self.theirs),
            "{:.2f} / {:.2f}".format(*self.cpu),
            f"{self.wall[1]:.2f}",
            target,
            {None: "", True: "met", False: "MISSED"}[self.met],
        )


def low_and_middle(values: list[float]) -> tuple[float, float]:
    return min(values), median(values)


def table(lines: list[Line]) -> str:
    rows = [HEAD, *[line.cells() for line in lines]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    text = ""
    for row in rows:
        first, *rest = [cell.ljust(width) for cell, width in zip(row, widths)]
        text += "  ".join([first, *rest]).rstrip() + "\n"
    return text
