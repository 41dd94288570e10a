"""The table's rows as HTML, complete without a script. static/cells.js makes the same.

Every text from elsewhere goes through `escape`: names are chosen by whoever makes containers.
"""

from __future__ import annotations

from html import escape

from ct0.arrange import fraction, memory
from ct0.container import FROZEN, RUNNING
from ct0.figures import NONE, duration, percent, size, whole
from ct0.live import Row, View

from .drawing import bar, spark

LEAST_CPUS, LEAST_TRAFFIC = 0.25, 16384.0  # where a sparkline's scale ends at the lowest
SHARED = "in CT0's own network: what it alone sends is not known"


def row_html(row: Row, view: View) -> str:
    kind = ' class="own"' if not row.engine else "" if runs(row) else ' class="still"'
    cells = "".join(
        (
            name_cell(row),
            cell("engine", escape(row.engine or "host")),
            cell("state", f'<span class="dot {state_class(row)}"></span>{escape(row.state)}'),
            cpu_cell(row, view),
            memory_cell(row, view),
            pressure_cell(row),
            count_cell("fails", row.fails, "warn"),
            count_cell("oom", row.oom_kills, "bad"),
            tasks_cell(row),
            *network_cells(row, view),
            cell("up num", duration(row.up_seconds)),
        )
    )
    return f'<tr role="row"{kind}>{cells}</tr>\n'


def runs(row: Row) -> bool:
    return row.state in (RUNNING, FROZEN)


def state_class(row: Row) -> str:
    return row.state if row.state in (RUNNING, FROZEN) else "still"


def cell(kind: str, content: str) -> str:
    label = kind.split()[0]
    return f'<td role="cell" class="{kind}" data-label="{LABELS[label]}">{content}</td>'


def name_cell(row: Row) -> str:
    name = row.name if row.engine else "CT0"
    ctid = row.ctid if row.engine else row.name
    second = (
        ""
        if ctid == name
        else f'<span class="ctid" title="{escape(ctid)}">{escape(short(ctid))}</span>'
    )
    return (
        f'<th role="rowheader" scope="row" class="name"><span class="title" title="{escape(name)}">'
        f"{escape(name)}</span>{second}</th>"
    )


def short(ctid: str) -> str:
    return ctid[:12] if len(ctid) == 64 else ctid


def figure(text: str, limit: str = "", mood: str = "") -> str:
    kind = f"figure {mood}".rstrip()
    after = f' <span class="limit">/ {limit}</span>' if limit and limit != NONE else ""
    return f'<span class="{kind}">{text}</span>{after}'


def cpu_cell(row: Row, view: View) -> str:
    limit = row.cpus_limit
    of = limit if fraction(0, limit) is not None else view.machine.cpus
    held = (row.throttled or 0.0) > 0.05
    tag = f'<span class="tag">held back {row.throttled:.0%}</span>' if held else ""
    content = (
        spark(row.cpu_history, view.clock, LEAST_CPUS)
        + f'<span class="of">{figure(percent(row.cpus), percent(limit))}</span>'
        + bar(fraction(row.cpus, of), mood="warn" if held else "")
        + tag
    )
    return cell("cpu num", content)


def memory_cell(row: Row, view: View) -> str:
    limit = row.memory_limit
    of = limit if fraction(0, limit) is not None else view.machine.memory
    need = memory(row)
    mood = level(fraction(need, limit), 0.8, 0.95)
    content = f'<span class="of">{figure(size(need), size(limit), mood)}</span>' + bar(
        fraction(need, of), fraction(row.memory, of), mood
    )
    return cell("memory num", content)


def pressure_cell(row: Row) -> str:
    if row.waiting == (None, None, None):
        return cell("pressure num", NONE)
    parts = " ".join(
        f'<span class="{("part " + level(share, 0.1, 0.4)).rstrip()}">{points(share)}</span>'
        for share in row.waiting
    )
    return cell("pressure num", parts)


def points(share: float | None) -> str:
    """Whole percent."""
    return NONE if share is None else f"{int(share * 100 + 0.5)}"


def count_cell(kind: str, value: int | None, mood: str) -> str:
    return cell(f"{kind} num", figure(whole(value), mood=mood if value else "zero"))


def tasks_cell(row: Row) -> str:
    mood = level(fraction(row.tasks, row.tasks_limit), 0.8, 0.95)
    return cell("tasks num", figure(whole(row.tasks), whole(row.tasks_limit), mood))


def network_cells(row: Row, view: View) -> tuple[str, str]:
    if row.shares_network:
        return (
            cell("in num", f'<span class="limit" title="{escape(SHARED)}">CT0\'s</span>'),
            cell("out num", f'<span class="limit" title="{escape(SHARED)}">CT0\'s</span>'),
        )
    drawn = spark(row.network_history, view.clock, LEAST_TRAFFIC)
    return (
        cell("in num", drawn + figure(size(row.receive))),
        cell("out num", figure(size(row.transmit))),
    )


def level(share: float | None, warn: float, bad: float) -> str:
    if share is None:
        return ""
    return "bad" if share >= bad else "warn" if share >= warn else ""


LABELS = {
    "engine": "Engine",
    "state": "State",
    "cpu": "CPU %",
    "memory": "Memory",
    "pressure": "Pressure %",
    "fails": "Fails",
    "oom": "OOM kills",
    "tasks": "Tasks",
    "in": "In",
    "out": "Out",
    "up": "Up",
}
