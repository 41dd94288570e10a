"""The scalars of YAML as Ruby's Psych writes them: on one line, or folded onto more.

config: 1795386380          7.23.0          4.062e-05          (nothing: nil)
config: 'main: 8a7b9c'      "tab\\there"
"""

from __future__ import annotations

import json
import re

from ct0.errors import Malformed

# Psych's double quotes have JSON's escapes and these.
ESCAPES = {
    "\\e": "\\u001b",
    "\\0": "\\u0000",
    "\\a": "\\u0007",
    "\\v": "\\u000b",
    "\\N": "\\u0085",
    "\\_": "\\u00a0",
    "\\L": "\\u2028",
    "\\P": "\\u2029",
    "\\ ": " ",
}
ESCAPE = re.compile(r"\\(U[0-9A-Fa-f]{8}|x[0-9A-Fa-f]{2}|.)", re.DOTALL)
# What begins a plain scalar is none of these: they are tags, anchors, blocks, flows, comments.
INDICATORS = "!&*|>{}[]%@`#,?"


def parse_scalar(lines: list[str], path: str) -> str:
    """The text of a scalar; `lines` are what is after the colon and the lines it goes on over.

    An absent one is "". Raises Malformed for whatever is no scalar.
    """
    words = [line.strip() for line in lines]
    text = " ".join(words).strip()
    if text.startswith("'"):
        if len(text) < 2 or not re.fullmatch(r"'(?:[^']|'')*'", text):
            raise Malformed(path, text)
        return text[1:-1].replace("''", "'")
    if text.startswith('"'):
        # A backslash ends a line that goes on without a space.
        return unescaped("".join(joined(words)), path)
    if text[:1] and (text[0] in INDICATORS or text.startswith(("- ", "? ", ": "))):
        raise Malformed(path, text)
    if ": " in text or text.endswith(":") or " #" in text:
        raise Malformed(path, text)
    return "" if text in ("~", "null") else text


def joined(words: list[str]) -> list[str]:
    parts: list[str] = []
    for number, word in enumerate(words):
        last = number == len(words) - 1
        odd = (len(word) - len(word.rstrip("\\"))) % 2 == 1
        parts.append(word[:-1] if odd and not last else word if last or not word else word + " ")
    return parts


def unescaped(text: str, path: str) -> str:
    def json_escape(found: re.Match[str]) -> str:
        escape = found.group(0)
        if escape[1] == "x" and len(escape) == 4:
            return f"\\u00{escape[2:]}"
        if escape[1] == "U" and len(escape) == 10:
            return chr(int(escape[2:], 16))
        return ESCAPES.get(escape, escape)

    try:
        value = json.loads(ESCAPE.sub(json_escape, text))
    except (ValueError, OverflowError):
        raise Malformed(path, text) from None
    if not isinstance(value, str):
        raise Malformed(path, text)
    return value
