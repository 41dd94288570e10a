"""As much of Puppet's language as tells one resource from another: titles, attributes, strings.

    service { ['a', "b"]: hasstatus => false, pattern => "x" ; 'c': ensure => stopped }
    Service { provider => base }          # defaults of all services below

Comments and here-documents are told from code; expressions and functions are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from ct0.errors import Malformed
from ct0_audit.sources.lines import Line

TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<heredoc>@\("?\s*(?P<end>\w+)"?[^)\n]*\)[^\n]*\n(?P<body>.{0,20000}?)^[ \t|-]*(?P=end)\b)
    |(?P<word>::[\w:]+|[A-Za-z_][\w:]*(?<!:)|\$[\w:]*(?<!:)|\d+)
    |(?P<sign>=>|\+>|[{}\[\]():;,])
    |(?P<other>\S)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

MOST_TOKENS = 50_000
MOST_STRINGS = 20  # in one value
MOST_OF_A_VALUE = 500  # tokens between a resource's brackets and colons


class Attribute(NamedTuple):
    name: str
    value: str  # of a single string or word; "" of anything else
    line: Line  # the assignment as it stands there
    strings: list[Line]  # the strings in the value, without quotes


class Resource(NamedTuple):
    type: str  # in small letters: service
    title: str  # "" of defaults, and where it is no plain string
    place: Line | None  # of the title, without quotes
    attributes: list[Attribute]


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


def resources(text: str, path: str) -> Iterator[Resource]:
    """Every resource of a manifest, also those in classes, defines and conditions.

    Raises Malformed: more words than anybody's manifest has.
    """
    whole = Line(1, text)
    tokens = [
        Token(match.lastgroup or "", match[0], match.start(), match.end())
        for match in _tokens(text)
    ]
    if len(tokens) > MOST_TOKENS:
        raise Malformed(path, f"{len(tokens)} words in one manifest")
    for at in range(len(tokens) - 2):
        word, brace = tokens[at], tokens[at + 1]
        if word.kind == "word" and brace.text == "{" and not word.text.startswith("$"):
            name = word.text.removeprefix("::")
            yield from _bodies(whole, tokens, at + 2, name.lower(), name[:1].isupper())


def _tokens(text: str) -> Iterator[re.Match[str]]:
    for match in TOKEN.finditer(text):
        if match["comment"] is None:
            yield match


def _bodies(
    whole: Line, tokens: list[Token], at: int, kind: str, defaults: bool
) -> Iterator[Resource]:
    """The bodies after a `{`, apart by semicolons, as far as they read as resources do."""
    while at < len(tokens):
        title, place = "", None
        if not defaults:
            first = tokens[at]
            colon = _end(tokens, at, {":"})
            if colon >= len(tokens) or tokens[colon].text != ":":
                return
            strings = [token for token in tokens[at:colon] if token.kind == "string"]
            if strings:
                place = _inside(whole, strings[0])
                title = place.text
            elif first.kind == "word":
                title = first.text
            at = colon + 1
        attributes = []
        while at + 1 < len(tokens) and tokens[at + 1].text in ("=>", "+>"):
            end = _end(tokens, at + 2, {",", ";", "}"})
            attributes.append(_attribute(whole, tokens[at], tokens[at + 2 : end]))
            at = end + 1 if end < len(tokens) and tokens[end].text == "," else end
        if attributes or not defaults:
            yield Resource(kind, title, place, attributes)
        if at >= len(tokens) or tokens[at].text != ";":
            return
        at += 1
        if at < len(tokens) and tokens[at].text == "}":
            return


def _attribute(whole: Line, name: Token, value: list[Token]) -> Attribute:
    last = value[-1] if value else name
    line = whole.part(name.start, last.end)
    texts = [token for token in value if token.kind in ("string", "heredoc")]
    strings = [_inside(whole, token) for token in texts[:MOST_STRINGS]]
    plain = ""
    if len(value) == 1:
        plain = strings[0].text if strings else value[0].text
    return Attribute(name.text, plain, line, strings)


def _inside(whole: Line, token: Token) -> Line:
    if token.kind == "string":
        return whole.part(token.start + 1, token.end - 1)
    lines = token.text.split("\n")
    start = token.start + len(lines[0]) + 1
    return whole.part(start, max(start, token.end - len(lines[-1])))


def _end(tokens: list[Token], at: int, ends: set[str]) -> int:
    """Where one of `ends` comes outside of all brackets; not further than a value goes."""
    depth = 0
    last = min(len(tokens), at + MOST_OF_A_VALUE)
    while at < last:
        text = tokens[at].text
        if depth == 0 and text in ends:
            return at
        if text in ("{", "[", "("):
            depth += 1
        elif text in ("}", "]", ")"):
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return at
