"""The page as one HTML document: header, totals, filter, table. It needs no script: the form and
the headers ask for it again, sorted or filtered, and the browser refreshes it."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from html import escape

from ct0 import __version__
from ct0.arrange import fraction
from ct0.container import RUNNING
from ct0.figures import duration, percent, size, whole
from ct0.live import View

from .asking import Asked
from .drawing import bar, spark
from .rows import LABELS, LEAST_CPUS, LEAST_TRAFFIC, figure, level, points, row_html

SECONDS = 5  # between two pages without a script
COLUMNS = {"name": "Container", **LABELS}
HINTS = {
    "cpu": "percent of one CPU, and the limit",
    "memory": "without page cache not used of late, and the limit; the light part of the bar is "
    "the page cache",
    "pressure": "percent of the time in which tasks waited for CPU, memory and io",
    "fails": "how often a limit refused something since the container started",
    "oom": "processes killed for want of memory since the container started",
    "tasks": "processes and threads, and the limit",
    "in": "bytes received a second",
    "out": "bytes sent a second",
}


def document(view: View, asked: Asked) -> str:
    shown = asked.rows(view.rows)
    body = (
        header(view)
        + totals(view)
        + toolbar(view, asked, len(shown))
        + '<div class="scroll">'
        + '<table role="table" aria-label="Containers and what they use">'
        + head(asked)
        + f'<tbody role="rowgroup" id="own">{row_html(view.own, view)}</tbody>'
        + f'<tbody role="rowgroup" id="rows">{"".join(row_html(row, view) for row in shown)}'
        + (nothing(view) if not shown else "")
        + "</tbody></table></div>"
        + footer(view)
    )
    return frame(view.machine.name, body, asked)


def trouble(reason: str) -> str:
    """The page when the host cannot be read."""
    body = (
        '<main class="trouble"><h1>This host cannot be read</h1>'
        f"<p>{escape(reason)}</p><p>ct0-exporter tries again with every request; its log may say "
        'more. <a href="./">Try again</a></p></main>'
    )
    return frame("trouble", body)


def frame(title: str, body: str, asked: Asked | None = None) -> str:
    """`asked` None: a page that the script is not for; the browser asks for it anew."""
    refresh = f'<meta http-equiv="refresh" content="{SECONDS}">'
    scripts = '<script type="module" src="static/page.js"></script>\n'
    if asked is not None:
        refresh = f"<noscript>{refresh}</noscript>" if asked.refresh else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)} · ct0</title>\n"
        '<link rel="icon" href="static/icon.svg" type="image/svg+xml">\n'
        '<link rel="stylesheet" href="static/page.css">\n'
        '<script src="static/theme.js"></script>\n'
        f"{'' if asked is None else scripts}{refresh}\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def header(view: View) -> str:
    load = view.machine.load
    about = [f"up {duration(view.total.up_seconds)}"]
    if load is not None:
        about.append(f"load {load.load1:.2f} {load.load5:.2f} {load.load15:.2f}")
    return (
        '<header><a class="mark" href="./" aria-label="ct0, all containers">ct0</a>'
        f'<h1>{escape(view.machine.name)}</h1><p id="about">{" · ".join(about)}</p>'
        '<p id="fresh" role="status"></p><div class="buttons">'
        '<button type="button" id="pause" class="script" aria-pressed="false">Pause</button>'
        '<button type="button" id="theme" class="script">Theme: auto</button></div></header>'
    )


def totals(view: View) -> str:
    total, own, machine = view.total, view.own, view.machine
    running = sum(row.state == RUNNING for row in view.rows)
    used = fraction(total.working_set, total.memory_limit)
    swap = fraction(total.swap, machine.swap)
    tiles = [
        tile(
            "cpu",
            "CPU",
            figure(percent(total.cpus) + "%", percent(total.cpus_limit) + "%"),
            f"CT0 itself {percent(own.cpus)}%",
            bar(fraction(total.cpus, machine.cpus)),
            spark(total.cpu_history, view.clock, LEAST_CPUS),
        ),
        tile(
            "memory",
            "Memory",
            figure(size(total.working_set), size(total.memory_limit), level(used, 0.9, 0.97)),
            f"with page cache {size(total.memory)}",
            bar(used, fraction(total.memory, total.memory_limit), level(used, 0.9, 0.97)),
        ),
        tile(
            "swap",
            "Swap",
            figure(size(total.swap), size(machine.swap) if machine.swap else ""),
            "" if machine.swap else "there is none",
            bar(swap, mood=level(swap, 0.5, 0.9)),
        ),
        tile(
            "pressure",
            "Pressure",
            "".join(
                f'<span class="{("part " + level(share, 0.1, 0.4)).rstrip()}">'
                f"<small>{name}</small>{points(share)}</span>"
                for name, share in zip(("cpu", "mem", "io"), total.waiting)
            ),
            "% of time somebody waited",
        ),
        tile(
            "network",
            "Network",
            f'<span class="figure">↓ {size(total.receive)}</span>'
            f'<span class="figure">↑ {size(total.transmit)}</span>',
            "bytes a second, outside lines",
            "",
            spark(total.network_history, view.clock, LEAST_TRAFFIC),
        ),
        tile(
            "containers",
            "Containers",
            f'<span class="figure">{running}</span><span class="limit">running</span>',
            f"{len(view.rows) - running} not running",
        ),
    ]
    return f'<section class="totals" aria-label="The whole machine">{"".join(tiles)}</section>'


def tile(key: str, title: str, value: str, note: str, drawn: str = "", line: str = "") -> str:
    return (
        f'<div class="tile" id="total-{key}"><h2>{title}</h2><p class="value">{value}</p>'
        f'{line}{drawn}<p class="note">{note}</p></div>'
    )


def toolbar(view: View, asked: Asked, shown: int) -> str:
    return (
        '<form id="choose" role="search" action="./" method="get">'
        f'<input type="hidden" name="sorted" value="{asked.order}">'
        + ("" if asked.refresh else '<input type="hidden" name="refresh" value="0">')
        + '<label>Filter <input type="search" name="q" placeholder="name, CTID, engine, state"'
        f' autocomplete="off" spellcheck="false" value="{escape(asked.text)}"></label>'
        + select("engine", "Engine", sorted({row.engine for row in view.rows}), asked.engine)
        + select("state", "State", sorted({row.state for row in view.rows}), asked.state)
        + '<button type="submit" class="plain">Apply</button>'
        f'<output id="count">{shown} of {len(view.rows)}</output></form>'
    )


def select(name: str, title: str, values: Sequence[str], chosen: str) -> str:
    if chosen and chosen not in values:
        values = [*values, chosen]
    options = "".join(
        f"<option{' selected' if value == chosen else ''}>{escape(value)}</option>"
        for value in values
    )
    return (
        f'<label>{title} <select name="{name}"><option value="">all</option>{options}</select>'
        "</label>"
    )


def head(asked: Asked) -> str:
    cells = []
    for key, title in COLUMNS.items():
        order = ""
        if key == asked.sort:
            order = f' aria-sort="{"descending" if asked.descending else "ascending"}"'
        hint = f' title="{escape(HINTS[key])}"' if key in HINTS else ""
        small = "<small>cpu mem io</small>" if key == "pressure" else ""
        cells.append(
            f'<th role="columnheader" scope="col" class="{key}"{order}><button type="submit"'
            f' form="choose" name="sort" value="{asked.next_order(key)}" data-key="{key}"{hint}>'
            f"{title}{small}</button></th>"
        )
    return f'<thead role="rowgroup"><tr role="row">{"".join(cells)}</tr></thead>'


def nothing(view: View) -> str:
    text = "No container matches." if view.rows else "There are no containers on this host."
    link = ' <a href="./">Show all</a>' if view.rows else ""
    return (
        f'<tr role="row" class="nothing"><td role="cell" colspan="{len(COLUMNS)}">{text}{link}'
        "</td></tr>"
    )


def footer(view: View) -> str:
    clock = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(view.time))
    return (
        f'<footer><p>Rates are of the <span id="interval">{whole(max(math.ceil(view.seconds), 1))}'
        f' s</span> before <time id="clock">{clock}</time>. K, M, G are steps of 1024. '
        "CT0 is the machine less its containers.</p><noscript><p>Without scripts this page comes "
        f'anew every {SECONDS} s; <a href="?refresh=0">stop that</a>.</p></noscript>'
        '<p><a href="metrics">Metrics</a> · <a href="api/containers">JSON</a> · '
        f"ct0 {escape(__version__)}</p></footer>"
    )
