"""The samples of docs/suites-reports.md, made from the golden files of the reports' tests.

python -m tests.reports_docs     renews them; test_reports_docs.py fails while they are not current

    <!-- made by python -m tests.reports_docs: junit -->
    <!-- end -->
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/suites-reports.md"
GOLDEN = ROOT / "tests/golden/verify"
PART = re.compile(
    r"(<!-- made by python -m tests\.reports_docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)


def text() -> Iterator[str]:
    yield from fenced("text", (GOLDEN / "report.txt").read_text())


def nagios() -> Iterator[str]:
    yield from fenced("text", (GOLDEN / "report-nagios.txt").read_text())


def junit() -> Iterator[str]:
    """One container's suite, without most of what passed."""
    whole = (GOLDEN / "report.xml").read_text()
    begin, end = whole.index('  <testsuite name="node1/shop"'), "  </testsuite>\n"
    suite = whole[begin : whole.index(end, begin)] + end
    passed = re.findall(r"    <testcase [^>]*/>\n", suite)
    for each in passed[2:]:
        suite = suite.replace(each, "")
    yield from fenced("xml", whole[: whole.index("  <testsuite ")] + suite + "  …\n</testsuites>\n")


def jsonlines() -> Iterator[str]:
    lines = (GOLDEN / "report.jsonl").read_text().splitlines(keepends=True)
    waived = next(line for line in lines if '"outcome": "waived"' in line)
    yield from fenced("json", waived + lines[-1])


def prometheus() -> Iterator[str]:
    """The series of one container, and all of those that are not by container."""
    kept, families = [], 0
    for line in (GOLDEN / "report.prom").read_text().splitlines(keepends=True):
        if line.startswith("# TYPE"):
            families += 1
        if "ct0_verify_results{" not in line or 'ct="shop",suite="firewall"' in line:
            kept.append(line)
    assert families > 5
    yield from fenced("text", "".join(kept))


def fenced(language: str, sample: str) -> Iterator[str]:
    yield f"```{language}\n"
    yield sample
    yield "```\n"


PARTS = {each.__name__: each for each in (text, nagios, junit, jsonlines, prometheus)}


def renewed() -> str:
    def part(match: re.Match[str]) -> str:
        return f"{match[1]}\n{''.join(PARTS[match[2]]())}\n{match[3]}"

    return PART.sub(part, PAGE.read_text(encoding="utf-8"))


def main() -> int:
    PAGE.write_text(renewed(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
