"""What variables hold, as far as the text alone tells: a small propagation of constants.

    NAME=nginx; DAEMON=/usr/sbin/$NAME; OPTS="--pidfile /run/$NAME.pid"
    PIDFILE=${PIDFILE:-/run/x.pid}; KILLALL=$(which killall)

A variable has a value if everything that sets it, anywhere in the text, sets it to the same. What
is not known is UNKNOWN, a NUL, which no word of a shell can hold; `a$X` is then "a\\0".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from ct0_audit.shell.syntax import Syntax, field

if TYPE_CHECKING:
    from tree_sitter import Node

UNKNOWN = "\0"
MOST = 8  # different values that are remembered of one variable
LONGEST = 4096  # characters of one value
ESCAPED = re.compile(r"\\(\n|.)", re.DOTALL)
IN_QUOTES = re.compile(r"\\([$`\"\\\n])")
FINDERS = {"which", "basename", "realpath"}


class Values:
    def __init__(self, syntax: Syntax, given: Mapping[str, str]) -> None:
        self.syntax = syntax
        self.given = given
        self.assigned: dict[str, list[Node | None]] = {}  # None: by what is not seen
        self._possible: dict[str, tuple[str, ...]] = {}
        self._asked: set[str] = set()
        for node in syntax.nodes:
            if node.type == "variable_assignment":
                self._assignment(node)
            elif node.type == "for_statement":
                self._loop(node)

    def _assignment(self, node: Node) -> None:
        above = self.syntax.parent(node)
        if above is not None and above.type == "command" and field(above, "name") is not None:
            return  # X=1 command: for that one alone
        name = field(node, "name")
        if name is not None and name.type == "variable_name":
            self.assigned.setdefault(self.syntax.text(name), []).append(node)

    def _loop(self, node: Node) -> None:
        name = field(node, "variable")
        if name is not None:
            values = node.children_by_field_name("value")
            self.assigned.setdefault(self.syntax.text(name), []).extend(values or [None])

    def variable(self, name: str) -> str:
        """Its value, UNKNOWN where that is not known or not one."""
        possible = self.possible(name)
        return possible[0] if len(possible) == 1 else UNKNOWN

    def possible(self, name: str) -> tuple[str, ...]:
        """All values it is given, the first MOST; what is not known is among them as UNKNOWN."""
        if name not in self._possible:
            if name in self._asked:
                return (UNKNOWN,)  # X=$X: whatever it was before
            self._asked.add(name)
            self._possible[name] = tuple(dict.fromkeys(self._values(name)))[:MOST]
            self._asked.discard(name)
        return self._possible[name]

    def _values(self, name: str) -> Iterable[str]:
        nodes = self.assigned.get(name)
        if not nodes:
            yield self.given.get(name, UNKNOWN)
            return
        for node in nodes[: 4 * MOST]:
            if node is None:
                yield UNKNOWN
            elif node.type != "variable_assignment":
                yield self.text(node)
            elif self.syntax.text(node)[len(name) :].startswith("+="):
                yield UNKNOWN
            else:
                value = field(node, "value")
                text = "" if value is None else self.text(value)
                yield text

    def set_by_text(self, name: str) -> bool:
        return name in self.assigned or name in self.given

    def text(self, node: Node) -> str:
        """One word without its quotes."""
        kind = node.type
        source = self.syntax.text(node)
        if kind in ("word", "extglob_pattern", "regex"):
            return ESCAPED.sub(lambda m: "" if m[1] == "\n" else m[1], source)
        if kind in ("number", "string_content", "special_variable_name"):
            return source
        if kind == "raw_string":
            return source[1:-1]
        if kind == "ansi_c_string":
            return UNKNOWN if "\\" in source else source[2:-1]
        if kind in ("string", "translated_string"):
            return self._pieces(node, quoted=True)
        if kind == "concatenation":
            return self._pieces(node)
        if kind == "array":
            return " ".join(self.text(child) for child in node.named_children)
        if kind == "simple_expansion":
            return self._simple(source[1:])
        if kind == "expansion":
            return self._expansion(node, source)
        if kind == "command_substitution":
            return self._substitution(node)
        return UNKNOWN

    def _pieces(self, node: Node, quoted: bool = False) -> str:
        """A word of several pieces; blanks between them belong to it in quotes."""
        if quoted:
            start, end = node.start_byte + 1, node.end_byte - 1
            if node.type == "translated_string":
                start += 1
        else:
            start, end = node.start_byte, node.end_byte
        found, at = [], start
        for child in node.named_children:
            found.append(self._literal(self.syntax.cut(at, child.start_byte), quoted))
            text = self.text(child)
            if quoted and child.type == "string_content":
                text = self._literal(text, quoted)
            found.append(text)
            at = child.end_byte
        found.append(self._literal(self.syntax.cut(at, max(at, end)), quoted))
        return "".join(found)[:LONGEST]

    def _literal(self, text: str, quoted: bool) -> str:
        if not quoted:
            return ESCAPED.sub(lambda m: "" if m[1] == "\n" else m[1], text)
        return IN_QUOTES.sub(lambda m: "" if m[1] == "\n" else m[1], text)

    def _simple(self, name: str) -> str:
        if name == "$":
            return "$$"
        return self.variable(name) if name[:1].isalpha() or name[:1] == "_" else UNKNOWN

    def _expansion(self, node: Node, source: str) -> str:
        inside = source[2:-1]
        array = re.fullmatch(r"(\w+)\[[@*]\]", inside)
        if array:
            return self.variable(array[1])
        whole = re.fullmatch(r"([A-Za-z_]\w*)(.*)", inside, re.DOTALL)
        if not whole:
            return UNKNOWN
        name, operation = whole[1], whole[2]
        value = self.variable(name)
        if not operation:
            return value
        if operation[:2] in (":-", ":=", "-", "=") or operation[:1] in "-=":
            if value not in (UNKNOWN, "") or (value == "" and operation[0] != ":"):
                return value
            mine = [n for n in self.assigned.get(name, ()) if n is not None and inside_of(n, node)]
            if value == "" or len(self.assigned.get(name, ())) == len(mine):
                return self._default(node, operation)
            return UNKNOWN
        if value != UNKNOWN and operation == "##*/":
            return value.rpartition("/")[2]
        if value != UNKNOWN and operation == "%/*":
            return value.rpartition("/")[0] if "/" in value else value
        return UNKNOWN

    def _default(self, node: Node, operation: str) -> str:
        """What stands after `:-`; nothing when nothing does."""
        children = [c for c in node.named_children if c.type not in ("variable_name", "subscript")]
        if not children:
            return operation.lstrip(":")[1:]
        return self.text(children[0]) if len(children) == 1 else UNKNOWN

    def _substitution(self, node: Node) -> str:
        """`$(which killall)`, `$(basename $X)`: what these print is known."""
        children = node.named_children
        while children and children[0].type == "redirected_statement":
            children = children[0].named_children
        if not children or children[0].type != "command":
            return UNKNOWN
        command = [
            self.text(child) for child in children[0].named_children if child.type != "command_name"
        ]
        name = field(children[0], "name")
        called = self.syntax.text(name) if name is not None else ""
        if called in FINDERS and len(command) == 1 and UNKNOWN not in command[0]:
            return command[0].rpartition("/")[2] if called == "basename" else command[0]
        if called in ("command", "type") and len(command) == 2 and command[0] in ("-v", "-p"):
            return command[1]
        if called == "echo" and len(command) == 1:
            return command[0]
        return UNKNOWN

    def words(self, node: Node) -> list[str]:
        """The words that one of the text becomes: an unquoted variable is split at its blanks."""
        text = self.text(node)
        if node.type in ("simple_expansion", "expansion", "command_substitution"):
            return text.split() if UNKNOWN not in text or " " in text else [text]
        return [text]

    def mentioned(self, node: Node) -> str:
        """Everything that may stand in this word, also where a variable has several values."""
        found = [self.text(node)]
        for inner in below(node, ("variable_name",)):
            found += self.possible(self.syntax.text(inner))
        return " ".join(found)


def inside_of(outer: Node, node: Node) -> bool:
    return outer.start_byte <= node.start_byte and node.end_byte <= outer.end_byte


def below(node: Node, kinds: tuple[str, ...]) -> list[Node]:
    """The nodes of these kinds in this one, itself included."""
    found, todo = [], [node]
    while todo:
        node = todo.pop()
        if node.type in kinds:
            found.append(node)
        todo.extend(reversed(node.named_children))
    return found
