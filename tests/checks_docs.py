"""The parts of README.md and docs/checks that are made from the plugins' own parsers and texts.

python -m tests.checks_docs     renews them; test_checks_docs.py fails while they are not current

A page holds such a part between two comments, and what is made there is named in the first:

    <!-- made by python -m tests.checks_docs: options -->
    <!-- end -->

options   the plugin's own options; the page is named after the plugin
common    the options all plugins have
usage     the plugin's text in full, where it has no parser of the layer's (check_procs)
plugins   a row for each plugin
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "docs/checks"
PART = re.compile(
    r"(<!-- made by python -m tests\.checks_docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)
COMMON = ("containers", "output", "running")  # groups of options.py


def module(command: str) -> str:
    from ct0_checks.launch import PLUGINS

    return f"ct0_checks.{PLUGINS[command]}"


def text(command: str) -> str:
    return (import_module(module(command)).__doc__ or "").strip()


def judges(command: str) -> str:
    """The first paragraph of a plugin's text, without its name."""
    first = " ".join(text(command).split("\n\n")[0].split()).rstrip(".")
    return first.partition(f"{command}: ")[2] or first[0].lower() + first[1:]


def groups(parser: argparse.ArgumentParser) -> Iterator[tuple[str, list[argparse.Action]]]:
    for group in parser._action_groups:  # argparse has no other way to ask
        if group._group_actions and group.title:
            yield group.title, group._group_actions


def rows(actions: list[argparse.Action]) -> list[str]:
    """| `-w`, `--warning RANGE` | WARNING outside it (default 80) |"""
    lines = ["| option | |", "|---|---|"]
    for action in actions:
        value = ""
        if action.nargs != 0:
            choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
            metavar = action.metavar if isinstance(action.metavar, str) else ""
            value = f" {metavar or choices or action.dest.upper()}"
        names = [*action.option_strings[:-1], action.option_strings[-1] + value]
        told = (action.help or "").replace("%%", "%")
        lines.append(f"| {', '.join(f'`{name}`' for name in names)} | {told} |".replace("||", "|"))
    return lines


def options(command: str) -> str:
    parser = import_module(module(command)).parser()
    own = [action for title, actions in groups(parser) if title not in COMMON for action in actions]
    return "\n".join(rows(own)) if own else "None but the common ones."


def common(command: str) -> str:
    parser = import_module("ct0_checks.layer.options").parser("check_x", "")
    found = {title: actions for title, actions in groups(parser) if title in COMMON}
    return "\n".join(rows([action for title in COMMON for action in found[title]]))


def usage(command: str) -> str:
    return f"```text\n{text(command)}\n```"


def plugins(page: str) -> str:
    """Links are relative to the page: README.md of the project, or that of docs/checks."""
    from ct0_checks.launch import PLUGINS

    folder = "docs/checks/" if page == "README" else ""
    lines = ["| plugin | judges |", "|---|---|"]
    lines += [f"| [`{command}`]({folder}{command}.md) | {judges(command)} |" for command in PLUGINS]
    return "\n".join(lines)


MADE = {"options": options, "common": common, "usage": usage, "plugins": plugins}


def pages() -> list[Path]:
    """Those with a part that is made."""
    every = [ROOT / "README.md", *sorted(PAGES.glob("*.md"))]
    return [path for path in every if PART.search(path.read_text(encoding="utf-8"))]


def renewed(path: Path) -> str:
    """The page with its made parts made anew."""
    # The README of docs/checks is no plugin's page, and not the project's.
    subject = "docs" if path == PAGES / "README.md" else path.stem

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{MADE[match[2]](subject)}\n\n{match[3]}"

    return PART.sub(made, path.read_text(encoding="utf-8"))


def main() -> int:
    for path in pages():
        path.write_text(renewed(path), encoding="utf-8")
        print(f"renewed {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "core"), str(ROOT / "checks")]
    sys.exit(main())
