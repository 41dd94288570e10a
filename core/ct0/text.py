"""Reading small configuration files of CT0, and showing texts that somebody else wrote."""

from __future__ import annotations

import os
import stat

from ct0.errors import Unavailable

LIMIT = 1 << 20  # no configuration file is larger


def read_text(path: str) -> str:
    """A regular file of CT0 as text. Raises Unavailable: absent, forbidden, or no such file."""
    try:
        # O_NONBLOCK: a pipe left there must not hold up whoever lists containers.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise Unavailable(f"{path}: not a regular file")
        text = b""
        while (part := os.read(file, LIMIT)) and len(text) < LIMIT:
            text += part
        return text[:LIMIT].decode("utf-8", "surrogateescape")
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    finally:
        os.close(file)


def entries(path: str) -> list[str]:
    """The names in a folder, sorted; none when it is absent or may not be read."""
    try:
        return sorted(os.listdir(path))
    except OSError:
        return []


def settings(text: str) -> dict[str, str]:
    """`KEY = value` and `KEY="value"` lines; the last of a key wins, comments are passed over."""
    found = {}
    for line in text.split("\n"):
        key, equals, value = line.partition("=")
        key, value = key.strip(), value.strip()
        if not equals or key.startswith("#"):
            continue
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[key] = value
    return found


def plain(text: str, limit: int = 200) -> str:
    """`text` safe for a terminal, a log or a table: what is not printable becomes "?"."""
    return "".join([c if c.isprintable() else "?" for c in text[:limit]])
