"""Names and command lines as procps shows them, and therefore as its patterns see them.

Control characters become "?" where the locale is UTF-8. Elsewhere, and from the first byte on that
is no UTF-8, they become "." and every byte above 127 a "?".
"""

from __future__ import annotations

import posix  # os costs a shim 1 ms

LONGEST = 131071  # bytes of a command line that are looked at


def printable(raw: bytes) -> str:
    """The text; most often just what it was."""
    text = raw.decode("utf-8", "surrogateescape")
    if text.isascii() and text.isprintable():
        return text
    if not is_utf8():
        return "".join([plain(byte) for byte in raw])
    end = 0
    while end < len(text) and not "\udc80" <= text[end] <= "\udcff":
        end += 1
    head = "".join(["?" if char < " " or char == "\x7f" else char for char in text[:end]])
    return head + "".join([plain(byte) for byte in text[end:].encode("utf-8", "surrogateescape")])


def plain(byte: int) -> str:
    if byte > 127:
        return "?"
    return "." if byte < 32 or byte == 127 else chr(byte)


def command_line(raw: bytes, comm: str, state: str) -> str:
    """The arguments joined by blanks; of a process without any its name in brackets."""
    if not raw:
        return f"[{comm}]" + (" <defunct>" if state == "Z" else "")
    body = raw.rstrip(b"\0")
    text = body.replace(b"\0", b" ").replace(b"\n", b" ")
    if len(text) == len(raw) and text.endswith(b" "):
        text = text[:-1]
    return printable(text[:LONGEST]) or "?"


def is_utf8() -> bool:
    """Whether the caller's locale is. Python may have put LC_CTYPE into os.environ itself, so the
    environment is asked for as the caller left it."""
    known = _locale_known
    if not known:
        known.append(_codeset(_first_environment()))
    return known[0]


_locale_known: list[bool] = []


def _first_environment() -> dict[bytes, bytes]:
    try:
        file = posix.open("/proc/self/environ", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return {}  # no /proc: the C locale
    try:
        text = b""
        while part := posix.read(file, 65536):
            text += part
    finally:
        posix.close(file)
    pairs = [entry.partition(b"=") for entry in text.split(b"\0")]
    return {name: value for name, _, value in reversed(pairs)}


def _codeset(environment: dict[bytes, bytes]) -> bool:
    import _locale

    for name in (b"LC_ALL", b"LC_CTYPE", b"LANG"):
        value = environment.get(name)
        if value:
            break
    else:
        return False
    try:
        _locale.setlocale(_locale.LC_CTYPE, value.decode("ascii", "replace"))
    except _locale.Error:  # type: ignore[attr-defined]
        return False  # not installed: C programs go on in the C locale
    return _locale.nl_langinfo(_locale.CODESET).upper() == "UTF-8"
