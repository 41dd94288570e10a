"""Shell text as a tree, by tree-sitter-bash. Error-tolerant: what it cannot read it marks.

https://github.com/tree-sitter/tree-sitter-bash, https://tree-sitter.github.io/py-tree-sitter
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ct0.errors import Unavailable

if TYPE_CHECKING:
    from tree_sitter import Node, Parser

LARGEST = 1 << 20  # bytes; what is longer is no script that anybody wrote
DEEPEST = 250  # levels of a tree that are looked at


MODULES = ("tree_sitter", "tree_sitter_bash")
# What the packages of distributions carry, since these have no tree-sitter that is new enough.
VENDOR = "/usr/lib/ct0/vendor"


@cache
def parser() -> Parser:
    # Both or neither from there: an old tree_sitter of the distribution's reads no newer grammar.
    carried = vendored(VENDOR) if None in map(find_spec, MODULES) else ""
    sys.path[:0] = [carried] if carried else []
    try:
        import tree_sitter
        import tree_sitter_bash
    except ImportError as error:
        text = f"{error.name}: not installed: install ct0-audit, or pip install 'ct0[audit]'"
        raise Unavailable(text) from error
    finally:
        if carried:
            sys.path.remove(carried)
    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_bash.language()))


def vendored(folder: str, version: str = ".".join(map(str, sys.version_info[:2]))) -> str:
    """The folder below `folder` for this Python, "" where there is none."""
    for name in (f"python{version}", "python3"):
        if Path(folder, name).is_dir():
            return str(Path(folder, name))
    return ""


class Syntax:
    """One text's tree. Offsets are bytes of `source`."""

    __slots__ = ("_lines", "_parents", "nodes", "root", "source", "too_deep", "tree")

    def __init__(self, text: str) -> None:
        self.source = text.encode("utf-8", "surrogateescape")[:LARGEST]
        # A shell drops NULs; tree-sitter would take one for the end. A blank keeps the places.
        self.tree = parser().parse(self.source.replace(b"\0", b" "))
        self.root = self.tree.root_node
        self._lines: list[int] = []
        self._parents: dict[int, Node] = {}
        self.nodes: list[Node] = []  # the named ones, in the order of the text
        self.too_deep = False  # some are too deep to be looked at, and are not among them
        self._walk()

    def _walk(self) -> None:
        todo = [(self.root, 0)]
        parents, found = self._parents, self.nodes
        while todo:
            node, depth = todo.pop()
            if node.is_named:
                found.append(node)
            if not node.child_count:
                continue
            if depth >= DEEPEST:
                self.too_deep = True
                continue
            depth += 1
            # All at once: a step of a cursor costs as much as the list of a node's children.
            children = node.children  # the node's own list, which is not to be changed
            for child in children:
                parents[child.id] = node
            todo += [(child, depth) for child in reversed(children)]

    def parent(self, node: Node) -> Node | None:
        """Kept from the walk: the tree's own `parent` looks for it from the root on."""
        return self._parents.get(node.id)

    def around(self, node: Node) -> Iterator[Node]:
        """The nodes around a node, inner first."""
        above = self.parent(node)
        while above is not None:
            yield above
            above = self.parent(above)

    def text(self, node: Node) -> str:
        return self.cut(node.start_byte, node.end_byte)

    def cut(self, start: int, end: int) -> str:
        return self.source[start:end].decode("utf-8", "surrogateescape")

    def position(self, offset: int) -> tuple[int, int]:
        """Line from 0 and column in characters from 0."""
        if not self._lines:
            self._lines = [0]
            place = self.source.find(b"\n")
            while place >= 0:
                self._lines.append(place + 1)
                place = self.source.find(b"\n", place + 1)
        line = bisect_right(self._lines, offset) - 1
        return line, len(self.cut(self._lines[line], offset))

    def errors(self) -> list[Node]:
        """What the parser could not make sense of, outermost."""
        return list(outermost(self.root, "ERROR")) if self.root.has_error else []


def outermost(node: Node, kind: str) -> Iterator[Node]:
    todo = [node]
    while todo:
        node = todo.pop()
        if node.type == kind:
            yield node
        elif node.has_error:
            todo.extend(node.children)


def field(node: Node, name: str) -> Node | None:
    return node.child_by_field_name(name)
