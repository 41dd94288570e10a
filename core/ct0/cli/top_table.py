"""The table of `ct0 top`: its columns, and which of them fit."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Callable, NamedTuple

from ct0.arrange import fraction, memory
from ct0.container import RUNNING
from ct0.figures import NONE, duration, percent, size, whole
from ct0.live import Row, View

GOOD, WARN, BAD, DIM, PLAIN = "good", "warn", "bad", "dim", ""


class Column(NamedTuple):
    """`rank`: columns of a higher one go first when the terminal is narrow."""

    title: str
    text: Callable[[Row], str]
    width: int
    rank: int
    right: bool = True
    mood: Callable[[Row], str] = lambda row: PLAIN
    sort: str = ""  # its key of ct0.arrange.KEYS


def waiting(row: Row) -> str:
    """CPU/memory/io in whole percent."""
    if row.waiting == (None, None, None):
        return NONE
    return "/".join(NONE if share is None else f"{share * 100:.0f}" for share in row.waiting)


def traffic(value: float | None, row: Row) -> str:
    return "host's" if row.shares_network else size(value)


def about(share: float | None, warn: float, bad: float) -> str:
    if share is None:
        return PLAIN
    return BAD if share >= bad else WARN if share >= warn else PLAIN


def memory_mood(row: Row) -> str:
    return about(fraction(memory(row), row.memory_limit), 0.8, 0.95)


def cpu_mood(row: Row) -> str:
    return WARN if (row.throttled or 0) > 0.05 else PLAIN


def state_mood(row: Row) -> str:
    return GOOD if row.state == RUNNING else DIM


COLUMNS = (
    Column("NAME", lambda r: r.name if r.engine else "CT0", 12, 0, right=False, sort="name"),
    Column("CTID", lambda r: r.ctid[:12], 4, 5, right=False, sort="ctid"),
    Column("ENGINE", lambda r: r.engine or "host", 6, 3, right=False, sort="engine"),
    Column("STATE", lambda r: r.state, 7, 4, right=False, mood=state_mood, sort="state"),
    Column("%CPU", lambda r: percent(r.cpus), 5, 0, mood=cpu_mood, sort="cpu"),
    Column("LIMIT", lambda r: percent(r.cpus_limit), 5, 9, mood=lambda r: DIM),
    Column("MEM", lambda r: size(memory(r)), 5, 0, mood=memory_mood, sort="memory"),
    Column("LIMIT", lambda r: size(r.memory_limit), 5, 6, mood=lambda r: DIM),
    Column(
        "%MEM",
        lambda r: percent(fraction(memory(r), r.memory_limit)),
        4,
        8,
        mood=memory_mood,
    ),
    Column(
        "C/M/IO",
        waiting,
        6,
        2,
        mood=lambda r: about(max(w or 0 for w in r.waiting), 0.1, 0.4),
        sort="pressure",
    ),
    Column("FAILS", lambda r: whole(r.fails), 5, 3, mood=lambda r: WARN * bool(r.fails)),
    Column("OOM", lambda r: whole(r.oom_kills), 3, 3, mood=lambda r: BAD * bool(r.oom_kills)),
    Column(
        "TASKS",
        lambda r: whole(r.tasks),
        5,
        7,
        mood=lambda r: about(fraction(r.tasks, r.tasks_limit), 0.8, 0.95),
        sort="tasks",
    ),
    Column("IN/s", lambda r: traffic(r.receive, r), 6, 2, sort="network"),
    Column("OUT/s", lambda r: traffic(r.transmit, r), 6, 2),
    Column("UP", lambda r: duration(r.up_seconds), 6, 7, sort="up"),
)


class Cell(NamedTuple):
    text: str  # padded to its column's width
    mood: str


class Table(NamedTuple):
    header: list[Cell]
    rows: list[list[Cell]]


def table(rows: Sequence[Row], width: int = 0, sort: str = "", limit: int = 0) -> Table:
    """The rows in columns as wide as needed; with a `width`, as many columns as fit it, and names
    cut to what is left. `limit`: at most as many rows, for widths are made of all."""
    columns = list(COLUMNS)
    texts = {column: [column.text(row) for row in rows] for column in columns}
    widths = {c: max([columns_of(t) for t in texts[c]] + [c.width, len(c.title)]) for c in columns}
    name = columns[0]
    while width and len(columns) > 2:
        least = min(widths[name], 24) - widths[name]
        if sum(widths[c] + 2 for c in columns) - 2 + least <= width:
            break
        columns.remove(max(columns[1:], key=lambda c: (c.rank, columns.index(c))))
    if width:
        rest = sum(widths[c] + 2 for c in columns[1:])
        widths[name] = max(min(widths[name], width - rest), 1)

    header = []
    for column in columns:
        mood = "sorted" if sort and column.sort == sort else "head"
        header.append(Cell(fit(column.title, widths[column], column.right), mood))
    shown = []
    for number, row in enumerate(rows[: limit or len(rows)]):
        dim = DIM if row.up_seconds is None else PLAIN
        shown.append(
            [Cell(fit(texts[c][number], widths[c], c.right), c.mood(row) or dim) for c in columns]
        )
    return Table(header, shown)


def summary(view: View) -> list[str]:
    """Two lines about the whole machine."""
    machine, total = view.machine, view.total
    running = sum(row.state == RUNNING for row in view.rows)
    load = ""
    if machine.load is not None:
        load = f", load {machine.load.load1:.2f} {machine.load.load5:.2f} {machine.load.load15:.2f}"
    first = (
        f"{machine.name}, up {duration(total.up_seconds)}{load}, "
        f"{running} CTs running, {len(view.rows) - running} not"
    )
    second = (
        f"CPU {percent(total.cpus)} of {percent(total.cpus_limit)}%, CT0 {percent(view.own.cpus)}"
        f"   memory {size(total.working_set)} of {size(total.memory_limit)}"
        f"   swap {size(total.swap)} of {size(machine.swap)}"
    )
    if total.waiting != (None, None, None):
        second += f"   waiting for CPU/memory/io {waiting(total)}%"
    return [first, second]


def fit(text: str, width: int, right: bool = False) -> str:
    """`text` in exactly `width` columns of a terminal."""
    need = columns_of(text)
    if need > width:
        shorter = text
        while shorter and columns_of(shorter) > width - 1:
            shorter = shorter[:-1]
        text = shorter + "…"
        need = columns_of(text)
    blanks = " " * (width - need)
    return blanks + text if right else text + blanks


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: Chinese letters two, accents none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )
