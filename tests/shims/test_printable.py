"""Names as procps shows them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ct0_shims import printable
from ct0_shims.printable import command_line


@pytest.fixture(params=[True, False], ids=["utf8", "c-locale"])
def utf8(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    monkeypatch.setattr(printable, "_locale_known", [request.param])
    return bool(request.param)


@pytest.mark.parametrize(
    ("raw", "in_utf8", "in_c"),
    [
        (b"crond", "crond", "crond"),
        (b"a\nb", "a?b", "a.b"),
        (b"a\x7fb", "a?b", "a.b"),
        ("café".encode(), "café", "caf??"),
        (b"caf\xe9", "caf?", "caf?"),
        (b"a\n\xe9\n", "a??.", "a.?."),
        (b"", "", ""),
    ],
)
def test_printable(raw: bytes, in_utf8: str, in_c: str, utf8: bool) -> None:
    assert printable.printable(raw) == (in_utf8 if utf8 else in_c)


@given(st.binary(max_size=40))
def test_nothing_is_too_strange(raw: bytes) -> None:
    text = printable.printable(raw)
    assert not any(char < " " or char == "\x7f" or "\ud800" <= char <= "\udfff" for char in text)


@pytest.mark.parametrize(
    ("raw", "state", "line"),
    [
        (b"a\0b c\0", "S", "a b c"),
        (b"title: x\0\0\0\0", "S", "title: x"),
        (b"a\0\0b\0", "S", "a  b"),
        (b"a\nb\0", "S", "a b"),
        (b"no end ", "S", "no end"),
        (b"", "S", "[name]"),
        (b"", "Z", "[name] <defunct>"),
        (b"\0", "S", "?"),
    ],
)
def test_command_line(raw: bytes, state: str, line: str) -> None:
    assert command_line(raw, "name", state) == line


@pytest.mark.parametrize(
    ("environment", "is_utf8"),
    [
        ({}, False),
        ({b"LANG": b"C.UTF-8"}, True),
        ({b"LANG": b"C.UTF-8", b"LC_ALL": b"C"}, False),
        ({b"LC_CTYPE": b"C.UTF-8", b"LANG": b"C"}, True),
        ({b"LANG": b"nosuch"}, False),
        ({b"LC_ALL": b"", b"LANG": b"C.UTF-8"}, True),
    ],
    ids=str,
)
def test_whether_the_locale_is_utf8(environment: dict[bytes, bytes], is_utf8: bool) -> None:
    import locale

    before = locale.setlocale(locale.LC_CTYPE)
    try:
        assert printable._codeset(environment) == is_utf8
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
