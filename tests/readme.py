"""The parts of README.md and docs/shims.md that are made from the commands' own usage texts.

python -m tests.readme        renews them; test_readme.py fails while they are not current
"""

from __future__ import annotations

import re
import sys
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- made by python -m tests.readme: begin -->", "<!-- end -->"

STANDS_IN_FOR = {
    "pidof": "sysvinit's and procps' `pidof`",
    "killall": "psmisc's `killall`",
    "pgrep": "procps' `pgrep`",
    "pkill": "procps' `pkill`",
    "killall5": "sysvinit's `killall5`",
    "killproc": "SUSE's `killproc`",
    "checkproc": "SUSE's `checkproc`",
    "pidofproc": "SUSE's `pidofproc`",
    "startproc": "SUSE's `startproc`",
}
# An option in a usage text: -x, --long, -x|-y, [-abc] bundles.
OPTION = re.compile(r"(?<![\w/<-])(--[a-z][a-z0-9-]+|-[A-Za-z0-9]+)(?![\w-]*/)")


def options(usage: str) -> list[str]:
    """The options a usage text names, each once, bundles in their pieces; short ones first."""
    found: set[str] = set()
    for word in OPTION.findall(usage):
        if word.startswith("--") or word.isupper() or word[1:].isdigit() or len(word) == 2:
            found.add(word)
        else:
            found.update("-" + letter for letter in word[1:])
    return sorted(found, key=lambda word: (word.startswith("--"), word.lower(), word))


def usage(command: str) -> str:
    return import_module(f"ct0_shims.{command}").__doc__ or ""


def table() -> str:
    """README's table: a row for each shim."""
    from ct0_shims.commands import COMMANDS

    lines = ["| shim | stands in for | accepts | cannot work: |", "|---|---|---|---|"]
    for command, incumbent in STANDS_IN_FOR.items():
        known = [option for option in options(usage(command)) if not option.startswith("--")]
        accepted = "`" + " ".join(known) + "`"
        lines.append(f"| `{command}` | {incumbent} | {accepted} | exit {COMMANDS[command]} |")
    return "\n".join(lines)


def manual() -> str:
    """docs/shims.md's usage texts, in full."""
    return "\n\n".join(
        f"### {command}\n\n```text\n{usage(command).strip()}\n```" for command in STANDS_IN_FOR
    )


PAGES = {"README.md": table, "docs/shims.md": manual}


def renewed(path: str) -> str:
    """The page with its made part made anew."""
    text = (ROOT / path).read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n\n{PAGES[path]()}\n\n{END}{tail}"


def main() -> int:
    for path in PAGES:
        (ROOT / path).write_text(renewed(path), encoding="utf-8")
        print(f"renewed {path}")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "core"), str(ROOT / "shims")]
    sys.exit(main())
