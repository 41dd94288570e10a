"""The output of a plugin as Nagios, Icinga and NRPE read it.

    CT_RESOURCES WARNING - web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80) | 'web1::...'=...
    web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80), tasks 4.1% of 1024

All performance data is on the first line, after the one `|` there is, and the whole is no more than
4 kB: Nagios cuts there, and of a second `|` Icinga makes a garbled label. What has no room is left
out for whole containers, from the last, and the text below says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ct0_checks.layer.cleaning import clean, label, shown
from ct0_checks.layer.findings import BADNESS, Finding, Metric, Ok, ServiceState, Unknown
from ct0_checks.layer.report import Judged, Report

LIMIT = 4096  # bytes
FIRST = 1600  # of them for the first line's text
EACH = 400  # characters of one container
HINT = "--ct, --include or --format=json have them"


def nagios(report: Report, listed: int = 10, verbose: int = 0, perfdata: bool = True) -> str:
    """The text with its newline at the end."""
    first = cut(headline(report, listed), FIRST)
    lines = list(below(report, listed, verbose))
    # The remark needs 100, and what was asked for with -v has its half.
    below_it = sum(size(line) + 1 for line in lines)
    room = LIMIT - size(first) - 100 - min(below_it, LIMIT // 2 - 100 if verbose else 0)
    chosen, left = performance(report, room) if perfdata else ([], 0)
    if chosen:
        first = f"{first} | {' '.join(chosen)}"
    if left:
        lines.insert(0, f"performance data of {counted(left)} left out: {HINT}")
    text = first
    for number, line in enumerate(lines):
        more = f"\n... and {len(lines) - number} more"
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
        text, left = begin + cut("; ".join(wrong), FIRST // 2), len(troubled)
        for part, covers in offenders(troubled, overall, listed):
            glue = "; " if len(text) > len(begin) else ""
            if size(text) + size(glue + part) > FIRST - 20:
                break
            text += glue + part
            left -= covers
        if left:
            text += f"; and {left} more" if len(text) > len(begin) else counted(left)
        return text
    said = [part for part in parts if part]
    if len(report.judged) == 1:
        said = [line(report.judged[0], everything=True, limit=FIRST)]
    elif not said:
        said = [counted(len(report.judged))]
    notes = f" ({'; '.join(map(clean, report.notes))})" if report.notes else ""
    return begin + "; ".join(said) + notes


def offenders(
    troubled: list[Judged], overall: ServiceState, listed: int
) -> Iterator[tuple[str, int]]:
    """Their parts of the first line, and how many of them each is about. Those of which nothing is
    known for one and the same reason (no PSI in this kernel) are one part."""
    groups: dict[object, list[Judged]] = {}
    for each in troubled:
        key: object = (each.ct.engine, each.ct.ctid)
        if each.state == Unknown:
            key = tuple(finding.text for finding in each.findings if finding.state != Ok)
        groups.setdefault(key, []).append(each)
    for group in list(groups.values())[:listed]:
        text = line(group[0])
        if len(group) > 1:
            text = f"{counted(len(group))}: {told(group[0])}"
        yield marked(group[0].state, overall, text), len(group)


def counted(number: int) -> str:
    return f"{number} container{'' if number == 1 else 's'}"


def below(report: Report, listed: int, verbose: int) -> Iterator[str]:
    """The lines after the first: who had no place there; with -v all, and where from."""
    if verbose:
        for each in report.judged:
            yield clean(f"{name(each.state)} {line(each, everything=True)}", EACH)
    else:
        troubled = report.troubled()
        for each in troubled if len(troubled) > listed else ():
            yield clean(f"{name(each.state)} {line(each)}", EACH)
    for detail in report.details:
        yield clean(detail, EACH)


def line(each: Judged, everything: bool = False, limit: int = EACH) -> str:
    """`web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80)`; all findings or the bad ones."""
    return clean(f"{shown(each.ct)}: {told(each, everything) or 'nothing to judge'}", limit)


def told(each: Judged, everything: bool = False) -> str:
    """The worst first: what is long is cut."""
    return ", ".join(
        clean(finding.text, EACH)
        for finding in sorted(each.findings, key=lambda finding: -BADNESS[finding.state])
        if finding.text and (everything or finding.state != Ok)
    )


def marked(state: ServiceState, overall: ServiceState, text: str) -> str:
    """In a line about something worse, what is not as bad says how bad it is."""
    return text if state in (Ok, overall) or not text else f"{name(state)} {text}"


def name(state: ServiceState) -> str:
    return str(state).upper()


def performance(report: Report, room: int) -> tuple[list[str], int]:
    """The host's part, then each CT's, `'web1::memory'=457393766B;429496730;;0;536870912`: as many
    whole ones as there is room for, and how many containers' are left out."""
    chosen = texts("", report.host)
    room -= sum(len(text) + 1 for text in chosen)
    for number, each in enumerate(report.judged):
        part = texts(f"{each.label}::", each.findings)
        room -= sum(len(text) + 1 for text in part)
        if room < 0:
            left = report.judged[number:]
            return chosen, sum(any(found.metrics for found in one.findings) for one in left)
        chosen += part
    return chosen, 0


def texts(before: str, findings: Iterable[Finding]) -> list[str]:
    metrics: dict[str, Metric] = {}
    for finding in findings:
        for metric in finding.metrics:
            metrics.setdefault(metric.name, metric)  # a label may be there once
    made = (metric.performance(before + label(metric.name)) for metric in metrics.values())
    return [str(each) for each in made if each is not None]


def cut(text: str, limit: int) -> str:
    """No more than `limit` bytes of UTF-8."""
    raw = text.encode("utf-8", "replace")
    return text if len(raw) <= limit else raw[: limit - 3].decode("utf-8", "ignore") + "..."


def size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
