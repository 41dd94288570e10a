"""One command that a script runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, NamedTuple

from ct0_audit.shell.values import UNKNOWN

if TYPE_CHECKING:
    from tree_sitter import Node

    from ct0_audit.shell.script import Script


class Word(NamedTuple):
    """`text` is without quotes, UNKNOWN where the audit cannot follow; start and end are bytes of
    the script; `mentioned` is all that may stand there, for words with a variable in them."""

    text: str
    start: int
    end: int
    node: Node | None = None
    mentioned: str = ""

    @property
    def known(self) -> bool:
        return UNKNOWN not in self.text


class Call:
    """`words[0]` is the command; the others are read when they are asked for, since most commands
    are nobody's concern. `through` are the wrappers it was unwrapped from, the outer first;
    `elsewhere` says where it runs if that is not here; `piped`: xargs gives it more arguments;
    `unsure`: this is one of several commands that a variable may hold."""

    __slots__ = (
        "_rest", "_words", "elsewhere", "first", "node", "piped", "script", "through", "unsure",
    )  # fmt: skip

    def __init__(
        self,
        script: Script,
        node: Node | None,
        words: list[Word],
        rest: Callable[[], list[Word]] | None = None,
    ) -> None:
        self.script = script
        self.node = node
        self.first = words[0]
        self._words = words
        self._rest = rest
        self.through: tuple[str, ...] = ()
        self.elsewhere = ""
        self.piped = False
        self.unsure = False

    @property
    def words(self) -> list[Word]:
        if self._rest is not None:
            self._words = [*self._words, *self._rest()]
            self._rest = None
        return self._words

    def inner(self, start: int, wrapper: str = "") -> Call:
        """The command that begins with one of this one's words."""
        call = Call(self.script, self.node, self.words[start:])
        call.through = (*self.through, wrapper or self.name)
        call.elsewhere, call.piped, call.unsure = self.elsewhere, self.piped, self.unsure
        return call

    def of(self, words: list[Word]) -> Call:
        """The same with other words."""
        self.first, self._words, self._rest = words[0], words, None
        return self

    @property
    def command(self) -> str:
        """As it is called: /bin/pidof."""
        return self.first.text

    @property
    def name(self) -> str:
        """Without its folder."""
        return self.first.text.rpartition("/")[2]

    @property
    def arguments(self) -> list[str]:
        return [word.text for word in self.words[1:]]

    @property
    def start(self) -> int:
        return self.first.start if self.through or self.node is None else self.node.start_byte

    @property
    def end(self) -> int:
        return max(word.end for word in self.words)
