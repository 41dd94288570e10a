"""The parts of docs/suites.md, and the schemas of docs/suites, that are made from the suites.

python -m tests.suites_docs     renews them; test_suites_docs.py fails while they are not current

options       of `ct0 verify`, `ct0 verify snapshot` and `ct0 verify check`
suites        a row for each suite
expectations  the keys that all expectations have, then each suite: its sample, its text, its keys
inventory     the keys of a node
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/suites.md"
FOLDER = ROOT / "docs/suites"
PART = re.compile(
    r"(<!-- made by python -m tests\.suites_docs: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL
)
HEAD = ["| key | value | |", "|---|---|---|"]
Schema = Mapping[str, Any]


def options() -> str:
    from ct0_suites import checking, command, observing

    parts = []
    parsers = {"": command, "snapshot": observing, "check": checking}
    for title, parser in ((title, module.parser()) for title, module in parsers.items()):
        parts.append("\n".join([f"| `ct0 verify {title}`".rstrip("` ") + "` | |", "|---|---|"]))
        parts[-1] += "".join(f"\n{row}" for row in rows_of(parser))
    return "\n\n".join(parts)


def rows_of(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # argparse has no other way to ask
        if action.dest == "help":
            continue
        value = f" {action.metavar}" if action.nargs != 0 and action.option_strings else ""
        names = list(action.option_strings) or [str(action.metavar)]
        names[-1] += value
        yield f"| {', '.join(f'`{name}`' for name in names)} | {cell(action.help or '')} |"


def suites() -> str:
    from ct0_suites.suites import SUITES, suite

    lines = ["| suite | judges | of |", "|---|---|---|"]
    for name in SUITES:
        kinds = ", ".join(f"`{kind}`" for kind in suite(name).KINDS)
        lines.append(f"| [`{name}`](#{name}) | {cell(about(name))} | {kinds} |")
    return "\n".join(lines)


def expectations() -> str:
    from ct0_suites.expectations.schema import common
    from ct0_suites.suites import SUITES, suite

    parts = ["\n".join([*HEAD, *table(common(), ["id"])])]
    for name in SUITES:
        module = suite(name)
        parts.append(f"### {name}")
        parts.append(sentence(about(name)))
        parts.append(f"```yaml\n{sample(name)}\n```")
        parts += paragraphs(name)[1]
        if module.SCHEMA:
            parts.append("\n".join([*HEAD, *table(module.SCHEMA, module.REQUIRED)]))
    return "\n\n".join(parts)


def inventory() -> str:
    from ct0_suites.inventory.yaml import NODE

    return "\n".join([*HEAD, *table(NODE, [])])


def text(name: str) -> str:
    from ct0_suites.suites import suite

    return (suite(name).__doc__ or "").strip()


def about(name: str) -> str:
    """The first paragraph of a suite's text, without its name."""
    first = " ".join(text(name).split("\n\n")[0].split())
    return first.partition(f"{name}: ")[2].rstrip(".")


def sentence(words: str) -> str:
    return f"{words if words.startswith('ct0') else words[:1].upper() + words[1:]}."


def paragraphs(name: str) -> tuple[list[str], list[str]]:
    """A suite's sample, and the rest of its text."""
    ours: list[str] = []
    prose: list[str] = []
    for paragraph in text(name).split("\n\n")[1:]:
        begins = paragraph.startswith(f"{name}:")
        goes_on = ours and not prose and paragraph.startswith(" ")
        (ours if begins or goes_on else prose).append(paragraph)
    return ours, prose


def sample(name: str) -> str:
    return "\n\n".join(paragraphs(name)[0])


def table(keys: Mapping[str, Schema], required: Any, above: str = "") -> Iterator[str]:
    """| `name`, required | text | What it is called. |"""
    for name, schema in keys.items():
        must = ", required" if name in required else ""
        told = cell(schema.get("description", ""))
        if "default" in schema:
            told += f" Unless given: `{plain(schema['default'])}`."
        yield f"| `{above}{name}`{must} | {cell(form(schema))} | {told} |"
        inner = schema.get("properties", {})
        yield from table(inner, schema.get("required", ()), f"{above}{name}.")


def form(schema: Schema) -> str:
    """What a value may be, in words."""
    if "enum" in schema:
        return ", ".join(f"`{plain(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{plain(schema['const'])}`"
    for key in ("oneOf", "anyOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(form(each) for each in schema[key]))
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    return " or ".join(dict.fromkeys(kind_of(kind, schema) for kind in kinds)) or "anything"


def kind_of(kind: str, schema: Schema) -> str:
    if kind == "array":
        items = form(schema.get("items", {}))
        return f"list of {items}" if items != "anything" else "list"
    if kind == "object":
        inner = schema.get("additionalProperties")
        if isinstance(inner, Mapping) and inner:
            return f"name: {form(inner)}"
        keys = schema.get("properties", {})
        return "{" + ", ".join(f"{key}: …" for key in keys) + "}" if keys else "keys"
    if kind in ("integer", "number"):
        low, high = schema.get("minimum"), schema.get("maximum")
        if low is not None and high is not None:
            return f"number, {low} to {high}"
        return f"number, {low} or more" if low else "number"
    return {"string": "text", "boolean": "true, false", "null": "nothing"}.get(kind, kind)


def plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def cell(text: str) -> str:
    return " ".join(text.replace("%%", "%").split()).replace("|", "\\|")


MADE = {
    "options": options,
    "suites": suites,
    "expectations": expectations,
    "inventory": inventory,
}


def renewed() -> str:
    """The page with its made parts made anew."""

    def made(match: re.Match[str]) -> str:
        return f"{match[1]}\n{MADE[match[2]]()}\n\n{match[3]}"

    return PART.sub(made, PAGE.read_text(encoding="utf-8"))


def schemas() -> dict[str, str]:
    """File of docs/suites -> its text."""
    from ct0_suites.expectations import schema, waivers
    from ct0_suites.inventory import yaml

    every = {"expectations": schema.schema, "waivers": waivers.schema, "inventory": yaml.schema}
    return {
        f"{name}.schema.json": json.dumps(made(), indent=2) + "\n" for name, made in every.items()
    }


def main() -> int:
    PAGE.write_text(renewed(), encoding="utf-8")
    for name, text in schemas().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print("renewed docs/suites.md and the schemas of docs/suites")
    return 0


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT / "core"), str(ROOT / "tests/infra")]
    sys.exit(main())
