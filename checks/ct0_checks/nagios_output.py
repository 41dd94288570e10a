"""The output of a plugin as Nagios, Icinga and NRPE read it.

    CT_RESOURCES WARNING - web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80) | 'web1::...'=...
    web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80), tasks 4.1% of 1024

All performance data is on the first line, after the one `|` there is, and the whole is no more than
4 kB: Nagios cuts there, and of a second `|` Icinga makes a garbled label. What has no room is left
out for whole containers, from the last, and the text below says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ct0_checks.cleaning import clean, label, shown
from ct0_checks.findings import Finding, Metric, Ok, ServiceState
from ct0_checks.report import Judged, Report

LIMIT = 4096  # bytes
FIRST = 1600  # of them for the first line's text
EACH = 400  # characters of one container
HINT = "--ct, --include or --format=json have them"


def nagios(report: Report, listed: int = 10, verbose: int = 0, perfdata: bool = True) -> str:
    """The text with its newline at the end."""
    first = cut(headline(report, listed), FIRST)
    lines = list(below(report, listed, verbose))
    room = LIMIT - size(first) - 100  # for the remark, if it is needed
    chosen, left = fitting(performance(report), room) if perfdata else ([], 0)
    if chosen:
        first = f"{first} | {' '.join(chosen)}"
    if left:
        lines.insert(0, f"performance data of {left} containers left out: {HINT}")
    text = first
    for number, line in enumerate(lines):
        more = f"\n... and {len(lines) - number} more lines"
        if size(text) + 1 + size(line) + len(more) + 1 > LIMIT:
            text += more
            break
        text += f"\n{line}"
    return text + "\n"


def headline(report: Report, listed: int) -> str:
    """The first line's text: offenders first, worst first, at most `listed` of them."""
    overall = report.state
    begin = f"{report.name.upper()} {name(overall)} - "
    parts = [marked(finding.state, overall, clean(finding.text, EACH)) for finding in report.host]
    wrong = [
        part for part, finding in zip(parts, report.host) if finding.state != Ok and finding.text
    ]
    troubled = report.troubled()
    if wrong or troubled:
        wrong += [marked(each.state, overall, line(each)) for each in troubled[:listed]]
        if len(troubled) > listed:
            wrong.append(f"and {len(troubled) - listed} more")
        return begin + "; ".join(wrong)
    said = [part for part in parts if part]
    if not said and len(report.judged) == 1:
        said = [line(report.judged[0], everything=True)]
    elif not said:
        said = [f"{len(report.judged)} containers"]
    notes = f" ({'; '.join(map(clean, report.notes))})" if report.notes else ""
    return begin + "; ".join(said) + notes


def below(report: Report, listed: int, verbose: int) -> Iterator[str]:
    """The lines after the first: who had no place there; with -v all, and where from."""
    if verbose:
        for each in report.judged:
            yield clean(f"{name(each.state)} {line(each, everything=True)}", EACH)
    else:
        for each in report.troubled()[listed:]:
            yield clean(f"{name(each.state)} {line(each)}", EACH)
    for detail in report.details:
        yield clean(detail, EACH)


def line(each: Judged, everything: bool = False) -> str:
    """`web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80)`; all findings or the bad ones."""
    told = [
        clean(finding.text, EACH)
        for finding in each.findings
        if finding.text and (everything or finding.state != Ok)
    ]
    return clean(f"{shown(each.ct)}: {', '.join(told) or 'nothing to judge'}", EACH)


def marked(state: ServiceState, overall: ServiceState, text: str) -> str:
    """In a line about something worse, what is not as bad says how bad it is."""
    return text if state in (Ok, overall) or not text else f"{name(state)} {text}"


def name(state: ServiceState) -> str:
    return str(state).upper()


def performance(report: Report) -> Iterator[list[str]]:
    """The host's part, then each CT's: `'web1::memory'=457393766B;429496730;;0;536870912`."""
    yield texts("", report.host)
    for each in report.judged:
        yield texts(f"{each.label}::", each.findings)


def texts(before: str, findings: Iterable[Finding]) -> list[str]:
    metrics: dict[str, Metric] = {}
    for finding in findings:
        for metric in finding.metrics:
            metrics.setdefault(metric.name, metric)  # a label may be there once
    made = (metric.performance(before + label(metric.name)) for metric in metrics.values())
    return [str(each) for each in made if each is not None]


def fitting(parts: Iterable[list[str]], room: int) -> tuple[list[str], int]:
    """As many whole parts as there is room for, and how many are left out."""
    chosen: list[str] = []
    left = 0
    for part in parts:
        needed = sum(len(text) + 1 for text in part)
        if left or needed > room:
            left += bool(part)
            continue
        room -= needed
        chosen += part
    return chosen, left


def cut(text: str, limit: int) -> str:
    """No more than `limit` bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[: limit - 3].decode("utf-8", "ignore") + "..."


def size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
