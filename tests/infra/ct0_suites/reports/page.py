"""The pieces of the page (`ct0_suites.reports.html`). Texts given here are cleaned ones; they are
escaped here and nowhere else."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from html import escape
from importlib.resources import files

from ct0 import __version__
from ct0_suites.records import Result, Subject
from ct0_suites.reports.wording import (
    STATES,
    WORDS,
    ct_name,
    described,
    several,
    shortened,
    took,
    trouble,
)
from ct0_suites.running import Summary

MARKS = ("✗", "?", "!", "~", "-", "✓")  # by rank; never by colour alone
WELL = (5, 4)  # ranks of what needs nobody's care
SHOWN = 3  # problems of a result that are not folded
RESULTS = '<section aria-labelledby="results"><h2 id="results">Results</h2>\n'
TABLE_END = "</tbody></table>"
SUBJECT_END = "</details>\n"


@dataclass
class Waived:
    """A waiver, and what it held for."""

    expires: str
    owner: str
    reason: str
    over: bool = False
    count: int = 0
    named: list[str] = field(default_factory=list)

    def order(self) -> tuple[bool, str, str]:
        return not self.over, self.expires, self.owner


@lru_cache
def source(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def head(summary: Summary) -> str:
    style, script = source("page.css"), source("page.js")
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest(style)}'; "
        f"script-src 'sha256-{digest(script)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{STATES[summary.state]} · ct0 verify</title>\n"
        f'<link rel="icon" href="data:,">\n<style>{style}</style>\n</head>\n<body>\n'
    )


def top(summary: Summary, totals: Counter[int], expectations: int) -> str:
    when = datetime.fromtimestamp(summary.started, timezone.utc)
    state = summary.state
    total = sum(totals.values())
    wrong = totals[0] + totals[2]
    whole = f"of {several(total, 'result')}"
    told = f"{totals[5]} {whole} passed"
    if not summary.judged:
        told = "Nothing was judged"
    elif wrong:
        told = f"{wrong} {whole} failed"
    elif totals[1]:
        told = f"{totals[1]} {whole} could not be judged"
    said = trouble(summary)
    return (
        f'<header><span class="mark">ct0 verify</span><h1>{told}</h1>'
        f'<p class="state state{state}">{STATES[state]}</p>'
        f'<p><time datetime="{when.isoformat(timespec="seconds")}">{when:%-d %B %Y, %H:%M} UTC'
        f"</time>, took {took(summary.seconds)}</p></header>\n<main>\n"
        + (f'<p class="trouble" role="status">{escape(sentence(said))}</p>\n' if said else "")
        + tiles(summary, totals, expectations)
        + share(totals)
        + toolbar(totals)
    )


def sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def tiles(summary: Summary, totals: Counter[int], expectations: int) -> str:
    failed = totals[0] + totals[2]
    note = f"{totals[0]} critical, {several(totals[2], 'warning')}" if failed else "nothing"
    if failed and not (totals[0] and totals[2]):
        note = "critical" if totals[0] else "only warnings"
    judged = failed + totals[1] + totals[3] + totals[5]
    # Rounded down: 100 % is all.
    part = f"{100 * totals[5] // judged} % of what applies" if judged else "nothing"
    given = f"{several(summary.nodes, 'node')}, {several(expectations, 'expectation')}"
    shown = [
        tile("Failed", failed, note, "r0" if totals[0] else "r2"),
        tile("Not judged", totals[1], "unknown" if totals[1] else "nothing", "r1"),
        tile("Waived", totals[3], "somebody answers for it" if totals[3] else "nothing", "r3"),
        tile("Passed", totals[5], part, "r5"),
        tile("Not applicable", totals[4], "no proof of anything" if totals[4] else "nothing", "r4"),
        tile("Targets", summary.targets, given, "r4"),
    ]
    return '<section aria-label="Summary"><dl class="tiles">' + "".join(shown) + "</dl></section>\n"


def tile(name: str, number: int, note: str, kind: str) -> str:
    some = f' class="some {kind}"' if number else ""
    return f"<div><dt>{name}</dt><dd{some}>{number}</dd><dd>{note}</dd></div>"


def share(totals: Counter[int]) -> str:
    """A bar of all results. Its parts are drawn by attributes: the policy forbids inline styles."""
    total = sum(totals.values())
    if not total:
        return ""
    parts, at = [], 0.0
    for each in range(len(WORDS)):
        width = 1000 * totals[each] / total
        if width:
            parts.append(f'<rect class="r{each}" x="{at:.2f}" width="{width:.2f}" height="8"/>')
        at += width
    return (
        '<svg class="share" viewBox="0 0 1000 8" preserveAspectRatio="none" aria-hidden="true">'
        + "".join(parts)
        + "</svg>\n"
    )


def toolbar(totals: Counter[int]) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="r" value="{at}" checked>'
        f'<span class="pill r{at}">{MARKS[at]} {WORDS[at]}</span></label>'
        for at in range(len(WORDS))
        if totals[at]
    )
    return (
        '<form role="search"><label>Filter <input type="search" name="q" '
        'placeholder="node, suite, problem"></label>'
        f'<fieldset><legend class="vh">Outcomes</legend>{boxes}</fieldset>'
        '<div class="buttons"><button type="button" data-open="1">Unfold all</button>'
        '<button type="button" data-open="0">Fold all</button><output></output></div></form>\n'
    )


def overview(rows: Sequence[tuple[Subject, Mapping[str, Counter[int]]]]) -> str:
    """A line for each machine and container, a column for each suite."""
    suites = sorted({suite for _, mine in rows for suite in mine})
    heads = "".join(f'<th scope="col">{escape(suite)}</th>' for suite in suites)
    nodes = {subject.node for subject, _ in rows if not subject.ctid}
    lines = "".join(
        overview_row(number, subject, subject.node in nodes)
        + "".join(cell(suite, mine.get(suite)) for suite in suites)
        + "</tr>\n"
        for number, (subject, mine) in enumerate(rows)
    )
    return (
        '<section aria-labelledby="by-suite"><h2 id="by-suite">By machine and suite</h2>'
        '<div id="overview" class="box scroll" tabindex="0" role="region" '
        'aria-labelledby="by-suite"><table><thead><tr>'
        f'<th scope="col">Machine, container</th>{heads}</tr></thead><tbody>\n{lines}'
        "</tbody></table></div></section>\n"
    )


def overview_row(number: int, subject: Subject, below: bool) -> str:
    """`below`: its machine has a line of its own above."""
    name, kind = escape(subject.id), ""
    if subject.ctid and below:
        # A wide page has it below its machine; a narrow one has room for the whole.
        name = f'<span class="of">{escape(subject.node)}/</span>{escape(ct_name(subject))}'
        kind = ' class="ct"'
    what = described(subject)
    more = f" <small>{escape(what)}</small>" if what else ""
    return (
        f'<tr id="o{number}"><th scope="row"{kind}>'
        f'<a href="#t{number}"><bdi>{name}</bdi></a>{more}</th>'
    )


def cell(suite: str, counts: Counter[int] | None) -> str:
    if not counts:
        return "<td></td>"
    at = min(counts)
    total = sum(counts.values())
    number = str(total) if counts[at] == total else f"{counts[at]}/{total}"
    words = ", ".join(f"{counts[each]} {WORDS[each]}" for each in sorted(counts))
    return (
        f'<td><span class="cell r{at}"><span class="suite">{escape(suite)} </span>'
        f'<span aria-hidden="true">{MARKS[at]} {number}</span><span class="vh">{words}</span>'
        "</span></td>"
    )


def waivers(found: Iterable[Waived]) -> str:
    lines = "".join(
        f'<tr><td><span class="pill {"r0" if each.over else "r3"}">'
        f"{'expired' if each.over else 'until'} {escape(each.expires)}</span></td>"
        f"<td><bdi>{escape(each.owner)}</bdi></td><td><bdi>{escape(each.reason)}</bdi></td>"
        f"<td>{named(each)}</td></tr>\n"
        for each in found
    )
    return (
        '<section aria-labelledby="waived"><h2 id="waived">Waivers</h2><div id="waivers" '
        'class="box"><table><thead><tr><th scope="col">Holds</th><th scope="col">Owner</th>'
        '<th scope="col">Reason</th><th scope="col">What for</th></tr></thead><tbody>\n'
        f"{lines}</tbody></table></div></section>\n"
    )


def named(each: Waived) -> str:
    more = f" and {each.count - len(each.named)} more" if each.count > len(each.named) else ""
    return "<br>".join(f"<bdi>{escape(text)}</bdi>" for text in each.named) + more


def subject_head(number: int, subject: Subject, counts: Counter[int], unfolded: bool) -> str:
    chips = "".join(
        f'<span class="pill r{at}">{MARKS[at]} {counts[at]} {WORDS[at]}</span>'
        for at in sorted(counts)
    )
    what = described(subject)
    name = escape(subject.id)
    return (
        f'<details class="subject box" data-row="o{number}"{" open" if unfolded else ""}>'
        f'<summary data-name="{name} {escape(what)}"><h3><bdi>{name}</bdi></h3>'
        f'<span class="quiet">{escape(what)}</span><span class="chips">{chips}</span></summary>\n'
    )


def table_head(name: str = "") -> str:
    """The name is on what is folded: a link to it unfolds it, without any script."""
    given = f' id="{name}"' if name else ""
    return (
        f'<table class="results"{given}><thead class="vh"><tr><th scope="col">Outcome</th>'
        '<th scope="col">Expectation</th><th scope="col">Took</th></tr></thead><tbody>\n'
    )


def well_head(counts: Counter[int]) -> str:
    """What is not worth a look is folded once more."""
    text = ", ".join(f"{counts[at]} {WORDS[at]}" for at in WELL if counts[at])
    return f'<details class="well"><summary>{text}</summary>{table_head()}'


def row(result: Result, at: int) -> str:
    over = result.waiver.startswith("waiver expired")
    kind = "waiver over" if over else "waiver"
    waiver = f'<p class="{kind}"><bdi>{escape(result.waiver)}</bdi></p>' if result.waiver else ""
    return (
        f'<tr data-r="{at}"><td class="outcome"><span class="pill r{at}">{MARKS[at]} {WORDS[at]}'
        f"</span></td><td><b><bdi>{escape(result.expectation)}</bdi></b>"
        f'<span class="quiet">{escape(result.suite)}</span>{problems(result.problems)}{waiver}</td>'
        f'<td class="seconds">{took(result.seconds)}</td></tr>\n'
    )


def problems(texts: Sequence[str]) -> str:
    if not texts:
        return ""
    shown, folded = texts[:SHOWN], texts[SHOWN:]
    if len(folded) == 1:
        shown, folded = texts, ()
    text = listed(shown)
    if folded:
        text += f"<details><summary>{len(folded)} more</summary>{listed(folded)}</details>"
    return text


def listed(texts: Iterable[str]) -> str:
    items = "".join(f"<li><bdi>{escape(text)}</bdi></li>" for text in texts)
    return f'<ul class="problems">{items}</ul>'


def foot(any_results: bool) -> str:
    none = '<p id="none" hidden>Nothing matches the filter.</p>\n'
    close = f"{none}</section>\n" if any_results else none
    return (
        f"{close}</main>\n<footer>made by ct0 {escape(shortened(__version__, 40))} verify"
        f"</footer>\n<script>{source('page.js')}</script>\n</body>\n</html>\n"
    )
