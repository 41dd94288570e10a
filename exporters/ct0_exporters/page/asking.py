"""What a request asks to see: the query of `/`, the same for links, the form and the script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ct0.arrange import ASCENDING, KEYS, arranged, wanted
from ct0.live import Row

LONGEST = 200  # no name is longer


class Asked(NamedTuple):
    text: str = ""
    engine: str = ""
    state: str = ""
    sort: str = "cpu"
    descending: bool = True
    refresh: bool = True  # without scripts, by the browser

    def rows(self, rows: list[Row]) -> list[Row]:
        shown = [row for row in rows if wanted(row, self.text, self.engine, self.state)]
        return arranged(shown, self.sort, self.descending)

    @property
    def order(self) -> str:
        """`-cpu`: by CPU, the largest first."""
        return f"-{self.sort}" if self.descending else self.sort

    def next_order(self, key: str) -> str:
        """What a click on a header gives: its usual direction, then the other."""
        down = not self.descending if key == self.sort else key not in ASCENDING
        return f"-{key}" if down else key


def asked(query: Mapping[str, str]) -> Asked:
    """What cannot be understood is as if it were not there: a page is better than an error."""
    order = query.get("sort") or query.get("sorted") or "-cpu"
    key = order.lstrip("-")
    if key not in KEYS:
        order, key = "-cpu", "cpu"
    return Asked(
        text=query.get("q", "")[:LONGEST].strip(),
        engine=query.get("engine", "")[:LONGEST],
        state=query.get("state", "")[:LONGEST],
        sort=key,
        descending=order.startswith("-"),
        refresh=query.get("refresh") != "0",
    )
