"""A script: its commands, functions and variables, and the scripts that its words hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from ct0_audit.shell.call import Call, Word
from ct0_audit.shell.syntax import Syntax, field
from ct0_audit.shell.unwrap import SHELLS, unwrapped
from ct0_audit.shell.values import UNKNOWN, Values

if TYPE_CHECKING:
    from tree_sitter import Node

DEEPEST = 4  # sh -c "sh -c '…'"
MOST_CALLS = 20_000  # commands of one script
MOST_STEPS = 50_000  # of following; the largest script of a Debian package needs some thousands


def reads_script(call: Call) -> bool:
    """Whether a command runs what it reads: a shell that is given no script, at, batch."""
    if call.name in ("at", "batch"):
        return True
    return call.name in SHELLS and all(word.startswith("-") for word in call.arguments)


class Spent(Exception):
    """A script that goes in more circles than anybody writes."""


class Script:
    """`outer` is the call one of whose words this script is, and `offset` where that word's text
    begins in its script; None where quoting changed it, so that only the whole word is a place."""

    def __init__(
        self,
        text: str,
        given: Mapping[str, str] | None = None,
        outer: Call | None = None,
        offset: int | None = 0,
    ) -> None:
        self.syntax = Syntax(text)
        self.values = Values(self.syntax, given or {})
        self.outer = outer
        self.offset = offset
        self.depth: int = 0 if outer is None else outer.script.depth + 1
        self.functions: dict[str, Node] = {}
        self.calls: list[Call] = []
        self.by_node: dict[int, list[Call]] = {}
        self.cut_short = self.syntax.too_deep
        self.steps = MOST_STEPS
        self._mentions: dict[str, list[Node]] | None = None
        self._read()

    def _read(self) -> None:
        for node in self.syntax.nodes:
            if node.type == "function_definition":
                name = field(node, "name")
                if name is not None:
                    self.functions[self.syntax.text(name)] = node
        for node in self.syntax.nodes:
            if node.type == "command":
                if len(self.calls) >= MOST_CALLS:
                    self.cut_short = True
                    return
                for call in self._alternatives(node):
                    self._add(node, unwrapped(call))
            elif node.type == "redirected_statement":
                self._fed(node)
        for node in self.syntax.nodes:
            if node.type == "pipeline":
                self._piped(node)

    def _add(self, node: Node, calls: list[Call]) -> None:
        self.calls += calls
        self.by_node.setdefault(node.id, []).extend(calls)

    def _alternatives(self, node: Node) -> list[Call]:
        """The command with its words; several where a variable may hold one of several commands."""
        name = field(node, "name")
        if name is None or not name.named_children:
            return []
        first = name.named_children[0]
        texts = [self.values.words(first)]
        if texts[0][:1] == [UNKNOWN] and first.type in ("simple_expansion", "expansion", "string"):
            variable = "".join(
                c for c in self.syntax.text(first).split(":")[0] if c.isalnum() or c == "_"
            )
            possible = self.values.possible(variable)
            texts = [text.split() for text in possible if UNKNOWN not in text] or texts
        calls = []
        for text in texts:
            heads = [Word(each, name.start_byte, name.end_byte, first) for each in text]
            # `$NOTHING command`: what comes next is the command.
            if heads := heads or self._arguments(node):
                rest = partial(self._arguments, node) if text else None
                call = Call(self, node, heads, rest)
                call.unsure = len(texts) > 1
                calls.append(call)
        return calls

    def _arguments(self, node: Node) -> list[Word]:
        return [
            word
            for child in node.named_children
            if child.type not in ("command_name", "variable_assignment", "herestring_redirect")
            and not child.type.endswith("_redirect")
            for word in self._words(child)
        ]

    def _words(self, node: Node) -> list[Word]:
        texts = self.values.words(node)
        unknown = any(UNKNOWN in text for text in texts)
        mentioned = self.values.mentioned(node) if unknown else ""
        return [Word(text, node.start_byte, node.end_byte, node, mentioned) for text in texts]

    def _piped(self, node: Node) -> None:
        """echo 'killall x' | at now: what is said is the script."""
        children = node.named_children
        if len(children) < 2 or children[-1].type != "command":
            return
        takers = self.by_node.get(children[-1].id) or self._alternatives(children[-1])
        taker = takers[-1] if takers else None
        if taker is None or not reads_script(taker):
            return
        for call in self.by_node.get(children[-2].id) or []:
            if call.name in ("echo", "printf") and len(call.words) > 1:
                self._add(children[-2], self.nested(call, len(call.words) - 1))

    def _fed(self, node: Node) -> None:
        """sh <<EOF: the here-document is the script."""
        body = field(node, "body")
        if body is None or body.type != "command":
            return
        for call in self.by_node.get(body.id, []) or self._alternatives(body):
            if not reads_script(call):
                continue
            for redirect in node.named_children:
                for part in redirect.named_children:
                    if redirect.type == "heredoc_redirect" and part.type == "heredoc_body":
                        inner = self._inner(
                            self.syntax.text(part), call, part.start_byte, call.elsewhere
                        )
                        self._add(body, inner)
            return

    def nested(self, call: Call, at: int, joined: bool = False) -> list[Call]:
        """The calls of the script that a word of `call` is, or with `joined` that word and all
        after it with blanks between them (eval)."""
        words = call.words[at:] if joined else call.words[at : at + 1]
        if not words or self.depth >= DEEPEST:
            return []
        if len(words) == 1 and words[0].node is not None:
            raw = self.syntax.text(words[0].node)
            kind = words[0].node.type
            if kind == "raw_string" or (kind == "string" and "\\" not in raw):
                return self._inner(raw[1:-1], call, words[0].start + 1, call.elsewhere)
        text = " ".join(word.text for word in words)
        exact = (
            words[0].start
            if joined
            and " ".join(w.text for w in words) == self.syntax.cut(words[0].start, words[-1].end)
            else None
        )
        return self._inner(text.replace(UNKNOWN, "$_"), call, exact, call.elsewhere)

    def _inner(self, text: str, call: Call, offset: int | None, elsewhere: str) -> list[Call]:
        given = {
            name: self.values.variable(name)
            for name in [*self.values.assigned, *self.values.given]
            if self.values.variable(name) != UNKNOWN
        }
        script = Script(text, given, call, offset)
        self.cut_short = self.cut_short or script.cut_short
        for inner in script.calls:
            inner.through = (*call.through, call.name, *inner.through)
            inner.elsewhere = inner.elsewhere or elsewhere
            inner.piped = inner.piped or call.piped
            inner.unsure = inner.unsure or call.unsure
        return script.calls

    def function_of(self, node: Node) -> Node | None:
        """The function a node is in."""
        if not self.functions:
            return None
        for above in self.syntax.around(node):
            self.spend(1)
            if above.type == "function_definition":
                return above
        return None

    def spend(self, steps: int) -> None:
        """Following what commands give to each other has an end. Raises Spent when that is here."""
        self.steps -= steps
        if self.steps < 0:
            self.cut_short = True
            raise Spent

    def mentions(self, name: str) -> list[Node]:
        """Where a variable's value is taken: $name, ${name…}."""
        if self._mentions is None:
            self._mentions = {}
            for node in self.syntax.nodes:
                if node.type in ("simple_expansion", "expansion"):
                    for child in node.named_children[:1]:
                        inner = child.named_children[:1] if child.type == "subscript" else [child]
                        for variable in inner:
                            key = self.syntax.text(variable)
                            self._mentions.setdefault(key, []).append(node)
        return self._mentions.get(name, [])

    def sets(self, name: str, function: Node) -> bool:
        """Whether a function sets a variable."""
        self.spend(len(self.values.assigned.get(name, ())))
        return any(
            node is not None
            and function.start_byte <= node.start_byte
            and node.end_byte <= function.end_byte
            for node in self.values.assigned.get(name, ())
        )

    @property
    def exact(self) -> bool:
        """Whether a place in it is one in the outermost script."""
        return self.outer is None or (self.offset is not None and self.outer.script.exact)

    def span(self, start: int, end: int) -> tuple[Script, int, int]:
        """The outermost script and the bytes of it that these bytes of this script are."""
        if self.outer is None:
            return self, start, end
        if self.offset is None:
            return self.outer.script.span(self.outer.start, self.outer.end)
        return self.outer.script.span(self.offset + start, self.offset + end)
