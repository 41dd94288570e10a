"""What pyproject.toml says that ct0 has: its release, its commands, its plugin for pytest.

    [project.scripts]
    ct0 = "ct0.cli.__main__:main"

Not read by tomllib, which Python has since 3.11 alone: these tables are lines of names and texts.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
LINE = re.compile(r'^([\w.-]+) *= *"([^"]+)"$', re.MULTILINE)


def release() -> str:
    """The release, e.g. "0.1.0": core/ct0/__init__.py says it."""
    text = (ROOT / "core/ct0/__init__.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise SystemExit('core/ct0/__init__.py: no line __version__ = "..."')
    return found[1]


def entry_points() -> dict[str, dict[str, str]]:
    """Group -> name -> "module:function", as the wheel has them."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    groups = re.findall(r"^\[project\.entry-points\.([\w.-]+)\]$", text, re.MULTILINE)
    return {
        "console_scripts": table(text, "project.scripts"),
        **{group: table(text, f"project.entry-points.{group}") for group in groups},
    }


def table(text: str, name: str) -> dict[str, str]:
    lines = text.partition(f"\n[{name}]\n")[2].partition("\n[")[0]
    return dict(LINE.findall(lines))
