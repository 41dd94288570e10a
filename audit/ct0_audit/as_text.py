"""The report for people: grouped by what the findings do and by file, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from ct0.text import plain
from ct0_audit.records import BLOCKS, KILLS, LOW, MISCOUNTS, Finding, NotRead, Report
from ct0_audit.rules import RULES
from ct0_audit.words import DOES, counted, open_findings, whom

RED, YELLOW, BLUE, GREEN, BOLD, DIM = "31", "33", "34", "32", "1", "2"
COLOURS = {KILLS: RED, BLOCKS: YELLOW, MISCOUNTS: BLUE}
CODE = 300  # characters of code shown
NAMED = 10  # files not read that are named without --all


class Text:
    def __init__(self, colour: bool, everything: bool = False) -> None:
        self.colour = colour
        self.everything = everything
        self.told: set[str] = set()  # rules of which it was said what to do

    def paint(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self.colour and text else text

    def report(self, report: Report) -> str:
        return "".join(line + "\n" for line in self.lines(report))

    def lines(self, report: Report) -> Iterator[str]:
        todo = open_findings(report, self.everything)
        for severity in (KILLS, BLOCKS, MISCOUNTS):
            found = [finding for finding in todo if finding.severity == severity]
            if found:
                yield from self.group(severity, found)
        if self.everything:
            yield from self.others(report)
        yield from self.summary(report, todo)

    def group(self, severity: str, found: list[Finding]) -> Iterator[str]:
        yield self.paint(
            f"{DOES[severity].capitalize()}: {len(found)}", f"{BOLD};{COLOURS[severity]}"
        )
        order = {path: at for at, path in enumerate(dict.fromkeys(f.place.path for f in found))}
        found = sorted(found, key=lambda finding: (order[finding.place.path], finding.place))
        for path, inside in groupby(found, key=lambda finding: finding.place.path):
            of_file = list(inside)
            package = next((f.package for f in of_file if f.package), "")
            yield ""
            yield self.paint(plain(path, 400), BOLD) + (f"  ({plain(package)})" if package else "")
            for finding in of_file:
                yield from self.finding(finding)
        yield ""

    def finding(self, finding: Finding) -> Iterator[str]:
        place = f"{finding.place.line}:{finding.place.column}"
        sure = "" if finding.confidence == "high" else f"  ({finding.confidence} confidence)"
        where = f"  [{plain(finding.context)}]" if finding.context else ""
        rule = self.paint(finding.rule, COLOURS[finding.severity])
        yield f"  {place:>7}  {rule}  {plain(finding.detail, 300)}{where}{self.paint(sure, DIM)}"
        yield f"           {self.paint(plain(finding.code, CODE), DIM)}"
        if finding.hits:
            yield "      now: " + self.paint(whom(finding.hits), RED)
        if finding.edits:
            yield "      fix: " + self.paint(plain(finding.advice, CODE), GREEN)
        elif finding.rule not in self.told:
            self.told.add(finding.rule)  # once: the next of the kind is mended alike
            yield "       do: " + self.paint(RULES[finding.rule].fix, GREEN)

    def others(self, report: Report) -> Iterator[str]:
        covered = [finding for finding in report.findings if finding.covered]
        for finding in covered:
            yield f"covered by {finding.covered}: {self.one(finding)}"
        for finding in report.suppressed:
            yield f"left, {plain(finding.suppressed)}: {self.one(finding)}"
        if covered or report.suppressed:
            yield ""

    def one(self, finding: Finding) -> str:
        place = finding.place
        return f"{finding.rule} {plain(place.path, 400)}:{place.line} {plain(finding.code, 100)}"

    def summary(self, report: Report, todo: list[Finding]) -> Iterator[str]:
        parts = [
            f"{sum(f.severity == severity for f in todo)} {word}"
            for severity, word in ((KILLS, "kill"), (BLOCKS, "block"), (MISCOUNTS, "miscount"))
        ]
        told = f"{counted(len(todo), 'finding')}: {', '.join(parts)}"
        now = sum(1 for finding in todo if finding.hits)
        if now:
            told += f"; {now} would reach containers' processes now"
        yield self.paint(told, BOLD)
        if not report.live:
            yield "No process table to ask: whom they would reach now is not known."
        less = sum(f.confidence == LOW and not f.covered for f in report.findings)
        covered = sum(bool(f.covered) for f in report.findings)
        more = [
            f"{less} more of low confidence" if less and not self.everything else "",
            f"{covered} covered by installed shims" if covered else "",
            f"{len(report.suppressed)} left with a reason" if report.suppressed else "",
        ]
        if any(more):
            hint = "" if self.everything else " (--all shows them)"
            yield ", ".join(part for part in more if part) + hint
        yield from self.not_read(report)
        for complaint in report.complaints:
            yield self.paint(complaint, YELLOW)
        if todo:
            rules = sorted({finding.rule for finding in todo})
            if any(finding.edits for finding in todo):
                vendor = "--vendor: of packages' files too"
                yield f"`ct0 audit fix` writes the fixes as a diff ({vendor})"
            also = f"; also {', '.join(rules[1:])}" if len(rules) > 1 else ""
            yield f"`ct0 audit --explain {rules[0]}` tells why and what to do{also}"

    def not_read(self, report: Report) -> Iterator[str]:
        yield f"{counted(report.files, 'file')} read" + (
            f", {len(report.not_read)} not read:" if report.not_read else ""
        )
        shown = report.not_read if self.everything else report.not_read[:NAMED]
        for item in shown:
            yield f"  {described(item)}"
        if len(shown) < len(report.not_read):
            yield f"  and {len(report.not_read) - len(shown)} more (--all shows them)"


def described(item: NotRead) -> str:
    return f"{plain(item.path, 400)}: {plain(item.reason)}"


def explained(rule: str) -> str:
    """The page of one rule, for a terminal."""
    each = RULES[rule]
    lines = [f"{each.id} {each.name}: {each.title}", "", f"It {DOES[each.severity]}.", ""]
    lines += ["What is looked for", f"  {each.what}", "", "Why", f"  {each.why}", ""]
    if each.patterns:
        lines += ["Such as", *(f"  {pattern}" for pattern in each.patterns), ""]
    if each.cases:
        lines += ["Where it happened"]
        lines += [
            f"  {case.what}" + (f"\n    {case.link}" if case.link else "") for case in each.cases
        ]
        lines.append("")
    if each.safe:
        lines += ["No finding", *(f"  {form}" for form in each.safe), ""]
    lines += ["What to do", f"  {each.fix}", ""]
    lines += ["To leave one, with a reason", f"  # ct0-audit: ignore={each.id} REASON"]
    return "\n".join(lines) + "\n"
