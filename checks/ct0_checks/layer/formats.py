"""The other formats, for those who are not asked by Nagios but tell it, or somebody else.

    checkmk   local checks; each container's line goes to a host of its own ("piggyback"):
                  <<<local:sep(0)>>>
                  1 "CT resources" - web1 (lxc web1): memory 85.2% of 512.0M (outside 0:80)
                  <<<<web1>>>>
                  <<<local:sep(0)>>>
                  1 "CT resources" memory=457393766;429496730;483183820;0;536870912 memory 85.2% ...
                  <<<<>>>>
                  <<<local:sep(0)>>>
    nsca      host TAB service TAB state TAB text | performance data; for CT0, then each container
    json      all of it, names as they are

docs.checkmk.com "Local checks" and "The piggyback mechanism"; send_nsca(1).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

from ct0_checks.layer.cleaning import clean, label
from ct0_checks.layer.findings import Finding, Metric, figure
from ct0_checks.layer.nagios_output import cut, headline, line, name, texts
from ct0_checks.layer.ranges import Range, decimal, written
from ct0_checks.layer.report import Report

LOCAL = "<<<local:sep(0)>>>"
LINE = 3000  # bytes of a line; NSCA takes 4 kB with everything


def checkmk(report: Report, service: str, listed: int = 10) -> str:
    lines = [LOCAL, checkmk_line(report.state.code, service, report.host, headline(report, listed))]
    for each in report.judged:
        told = line(each, everything=True)
        lines += [
            f"<<<<{label(each.label)}>>>>",
            LOCAL,
            checkmk_line(each.state.code, service, each.findings, told),
            "<<<<>>>>",
        ]
    return "\n".join([*lines, *([LOCAL] if report.judged else []), ""])


def checkmk_line(code: int, service: str, findings: list[Finding], text: str) -> str:
    metrics = [
        f"{label(metric.name).replace('.', '_').replace('-', '_')}={value};{upper(metric.warning)};"
        f"{upper(metric.critical)};{figure(metric.minimum)};{figure(metric.maximum)}"
        for metric in each_once(findings)
        if (value := figure(metric.value))
    ]
    return f'{code} "{quoted(service)}" {"|".join(metrics) or "-"} {cut(text, LINE)}'


def upper(limits: Range) -> str:
    """The upper end, the only one that Checkmk can draw; the state is ours already."""
    return "" if limits.invert or math.isinf(limits.end) else decimal(limits.end)


def quoted(service: str) -> str:
    return clean(service, 80).replace('"', "?").replace("'", "?")


def nsca(report: Report, service: str, host: str, listed: int = 10) -> str:
    """Names without tabs; a text without newlines is all a passive result is."""
    lines = [nsca_line(host, service, report.state.code, headline(report, listed), "", report.host)]
    for each in report.judged:
        told = f"{report.name.upper()} {name(each.state)} - {line(each, everything=True)}"
        lines.append(nsca_line(each.label, service, each.state.code, told, "", each.findings))
    return "".join(lines)


def nsca_line(
    host: str, service: str, code: int, text: str, before: str, findings: list[Finding]
) -> str:
    text = cut(text, LINE // 2)
    data = ""
    for each in texts(before, findings):
        if len(data) + len(each) < LINE // 2:
            data += f" {each}"
    more = f" |{data}" if data else ""
    return f"{clean(host, 80)}\t{clean(service, 80)}\t{code}\t{text}{more}\n"


def as_json(report: Report, listed: int = 10) -> str:
    """One object, on one line, ASCII."""
    return (
        json.dumps(
            {
                "version": 1,
                "check": report.name,
                "host": report.host_name,
                **described(report.state.code, report.host),
                "text": headline(report, listed),
                "containers": [
                    {
                        "engine": each.ct.engine,
                        "ctid": each.ct.ctid,
                        "name": each.ct.name,
                        "label": each.label,
                        **described(each.state.code, each.findings),
                    }
                    for each in report.judged
                ],
                "notes": report.notes,
                "details": report.details,
            },
            allow_nan=False,
        )
        + "\n"
    )


def described(code: int, findings: list[Finding]) -> dict[str, Any]:
    return {
        "state": ("OK", "WARNING", "CRITICAL", "UNKNOWN")[code],
        "status": code,
        "findings": [
            {"state": name(finding.state), "text": finding.text}
            for finding in findings
            if finding.text
        ],
        "metrics": {metric.name: measured(metric) for metric in each_once(findings)},
    }


def measured(metric: Metric) -> dict[str, Any]:
    value = {
        "value": number(metric.value),
        "unit": metric.unit,
        "warning": written(metric.warning),
        "critical": written(metric.critical),
        "min": number(metric.minimum),
        "max": number(metric.maximum),
    }
    return {key: each for key, each in value.items() if each not in (None, "")}


def number(value: float | None) -> float | None:
    return value if figure(value) else None


def each_once(findings: list[Finding]) -> Iterator[Metric]:
    seen: set[str] = set()
    for finding in findings:
        for metric in finding.metrics:
            if metric.name not in seen:
                seen.add(metric.name)
                yield metric
