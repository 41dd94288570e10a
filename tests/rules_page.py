"""docs/audit/: a page for each of the audit's rules, and the table of them in docs/audit.md.

python -m tests.rules_page    renews them; test_rules.py fails while they are not current
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs/audit"
PAGE = ROOT / "docs/audit.md"
BEGIN, END = "<!-- made by python -m tests.rules_page: begin -->", "<!-- end -->"


def page(rule: str) -> str:
    """One rule's page."""
    from ct0_audit.rules import RULES
    from ct0_audit.words import DOES

    each = RULES[rule]
    lines = [f"# {each.id} {each.name}", "", f"{sentence(each.title)}", ""]
    lines += [f"At its worst it **{DOES[each.severity]}**.", ""]
    lines += ["## What is looked for", "", each.what, ""]
    if each.patterns:
        lines += ["```sh", *each.patterns, "```", ""]
    lines += ["## Why", "", each.why, ""]
    if each.cases:
        lines += ["## Where it happened", ""]
        lines += [
            f"* {case.what}" + (f": <{case.link}>" if case.link else "") for case in each.cases
        ]
        lines.append("")
    if each.safe:
        lines += ["## No finding", "", *(f"* {form}" for form in each.safe), ""]
    lines += ["## What to do", "", each.fix, ""]
    lines += [
        f"To leave one where it is, with a reason: `# ct0-audit: ignore={each.id} REASON` beside"
        " it, or a line of [the waiver file](../audit.md#leaving-a-finding).",
        "",
        "Made from the audit's own table by `python -m tests.rules_page`.",
    ]
    return "\n".join(lines) + "\n"


def sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def table() -> str:
    """docs/audit.md's table: a row for each rule."""
    from ct0_audit.rules import RULES

    lines = ["| rule | does | finding |", "|---|---|---|"]
    for each in RULES.values():
        lines.append(f"| [{each.id}](audit/{each.id}.md) | {each.severity} | {each.title} |")
    return "\n".join(lines)


def places() -> str:
    """docs/audit.md's list of where the audit looks: a row for each kind of the catalogue."""
    from ct0_audit.kinds import KINDS

    lines = ["| what | `--only` | rules |", "|---|---|---|"]
    for kind in KINDS:
        only = ", ".join(f"`{source}`" for source in kind.sources) or "all shell, wherever found"
        rules = ", ".join(f"[{rule}](audit/{rule}.md)" for rule in kind.rules)
        lines.append(f"| {kind.name} | {only} | {rules} |")
    return "\n".join(lines)


def renewed() -> dict[Path, str]:
    """Every page as it should read."""
    from ct0_audit.rules import RULES

    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    tail = rest.partition(END)[2]
    pages = {FOLDER / f"{rule}.md": page(rule) for rule in RULES}
    pages[PAGE] = f"{head}{BEGIN}\n\n{table()}\n\n## Where it looks\n\n{places()}\n\n{END}{tail}"
    return pages


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for path, text in renewed().items():
        path.write_text(text, encoding="utf-8")
    print(f"renewed {PAGE.relative_to(ROOT)} and {FOLDER.relative_to(ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "core"), str(ROOT / "audit")]
    sys.exit(main())
