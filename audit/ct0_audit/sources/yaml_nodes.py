"""YAML with places: PyYAML's nodes, of which each knows where it stands in the text.

Nodes are composed and never constructed: no tag makes an object, and an alias is walked once, so a
file of nested aliases costs nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import yaml

from ct0.errors import Malformed
from ct0_audit.sources.lines import Line

NOT_IN_YAML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DEEPEST = 200  # levels


def documents(text: str, path: str) -> list[yaml.Node]:
    """The documents of a text as nodes. Raises Malformed."""
    # libyaml's loader where there is one: ten times as fast.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    text = NOT_IN_YAML.sub("?", text)
    try:
        refuse_depth(yaml.parse(text, loader), path)
        composed = yaml.compose_all(text, loader)
        return [node for node in composed if node is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = getattr(error, "problem", None) or type(error).__name__
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark else path
        raise Malformed(where, str(problem)) from error


def refuse_depth(events: Iterable[yaml.Event], path: str) -> None:
    """Raises Malformed for what is nested deeper than anybody writes: composing calls itself for
    each level, in C, where Python 3.9 has no end of it but a crash."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEEPEST:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise Malformed(f"{path}:{line}", "nested too deep")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def walk(nodes: list[yaml.Node]) -> Iterator[tuple[str, yaml.Node, dict[str, yaml.Node]]]:
    """Every (key, value, the mapping both are of), in the order of the text."""
    todo = nodes[::-1]
    seen = set()
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            mapping = mapped(node)
            for key, value in mapping.items():
                yield key, value, mapping
            todo += [value for _, value in node.value][::-1]
        elif isinstance(node, yaml.SequenceNode):
            todo += node.value[::-1]


def mapped(node: yaml.Node) -> dict[str, yaml.Node]:
    """A mapping's values by their keys; {} for another node."""
    if not isinstance(node, yaml.MappingNode):
        return {}
    return {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}


def value(node: yaml.Node | None) -> str:
    """A scalar's text, "" for another node or none."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) else ""


def scalars(node: yaml.Node | None) -> list[yaml.ScalarNode]:
    """The node itself if it is a scalar, the scalars in it if it is a sequence."""
    if isinstance(node, yaml.ScalarNode):
        return [node]
    if isinstance(node, yaml.SequenceNode):
        return [item for item in node.value if isinstance(item, yaml.ScalarNode)]
    return []


def place(node: yaml.ScalarNode, text: str) -> Line:
    """A scalar as it stands in the text, without its quotes; of `|` and `>` the lines below."""
    start, end = node.start_mark.index, node.end_mark.index
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    written = Line(line, text[start:end], column)
    if node.style in ("|", ">"):
        return written.part(written.text.index("\n") + 1) if "\n" in written.text else written
    if node.style in ("'", '"'):
        return written.unquoted()
    return written


def whole_line(node: yaml.Node, text: str) -> Line:
    """The line on which a node begins."""
    before = text.rfind("\n", 0, node.start_mark.index) + 1
    after = text.find("\n", node.start_mark.index)
    return Line(node.start_mark.line + 1, text[before : after if after >= 0 else len(text)])
