"""The C library's own regcomp(3) and regexec(3) are asked the same questions."""

from __future__ import annotations

import ctypes
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ct0.ere import compile_ere

LIBC = ctypes.CDLL(None)
GLIBC = hasattr(LIBC, "gnu_get_libc_version")
EXTENDED, ICASE = 1, 2


def libc(pattern: str, text: str, ignore_case: bool = False) -> bool | str:
    """Does it match? The C library's message if it does not compile."""
    buffer = ctypes.create_string_buffer(1024)  # regex_t is 64 bytes
    raw = pattern.encode("utf-8", "surrogateescape")
    error = LIBC.regcomp(buffer, raw, EXTENDED | (ICASE if ignore_case else 0))
    if error:
        message = ctypes.create_string_buffer(200)
        LIBC.regerror(error, buffer, message, 200)
        return message.value.decode()
    try:
        return bool(LIBC.regexec(buffer, text.encode("utf-8", "surrogateescape"), 0, None, 0) == 0)
    finally:
        LIBC.regfree(buffer)


def ours(pattern: str, text: str, ignore_case: bool = False) -> bool | str:
    try:
        return compile_ere(pattern, ignore_case).search(text) is not None
    except ValueError as error:
        return str(error)


# pattern, text, what it does
TABLE: list[tuple[str, str, bool | str]] = [
    ("", "sshd", True),
    ("ssh", "sshd", True),
    ("^ssh$", "sshd", False),
    ("^(ssh)$", "ssh", True),
    ("ssh$", "ssh\n", False),
    ("a.b", "a\nb", True),
    ("a|b", "b", True),
    ("a||b", "", True),
    ("()", "", True),
    (r"\d", "7", False),
    (r"\d", "d", True),
    (r"\w+", "a_1", True),
    (r"\W", "a_1", False),
    (r"\s", " ", True),
    (r"\S", " ", False),
    (r"\<d", "sshd", False),
    (r"\<s", "sshd", True),
    (r"h\>", "sshd", False),
    (r"d\>", "sshd", True),
    (r"\bd", "ssh-d", True),
    (r"\Bd", "sshd", True),
    (r"\B", "", True),
    (r"\`ssh\'", "ssh", True),
    (r"\n", "n", True),
    (r"\t", "\t", False),
    (r"\.", "x", False),
    (r"\(", "(", True),
    (r"\{", "{", True),
    (r"\|", "|", True),
    (r"\/", "/", True),
    (r"(a)\1", "aa", True),
    (r"(a)\10", "aa0", True),
    ("a*?b", "b", True),
    ("^a*?$", "aaa", True),
    ("a**", "", True),
    ("^a+*$", "", True),
    ("^a++$", "aa", True),
    ("^a?+$", "aa", True),
    ("^a{2}{2}$", "aaaa", True),
    ("^a{2}$", "aaa", False),
    ("^a{2,}$", "aaa", True),
    ("^a{,2}$", "aaa", False),
    ("^a{,2}$", "aa", True),
    ("^a{,}$", "aaa", True),
    ("^a{0}$", "", True),
    ("a}", "a}", True),
    ("a]", "a]", True),
    ("a)", "a)", True),
    (")", ")", True),
    ("a^b", "a^b", False),
    ("a$b", "a$b", False),
    ("x*^a", "a", True),
    ("[]]", "]", True),
    ("[^]]", "]", False),
    ("[]a]", "a", True),
    ("[a-]", "-", True),
    ("[-a]", "-", True),
    ("[^-a]", "-", False),
    ("[%--]", ",", True),
    ("[--/]", ".", True),
    ("[]-a]", "_", True),
    ("[a-c-]", "-", True),
    (r"[\]", "\\", True),
    (r"[\d]", "7", False),
    (r"[\d]", "\\", True),
    (r"[\n]", "\n", False),
    ("[a^]", "^", True),
    ("[.]", "x", False),
    ("[[]", "[", True),
    ("[a[b]", "[", True),
    ("[&&]", "&", True),
    ("[||]", "|", True),
    ("[~~]", "~", True),
    ("[[:alpha:]]", "7", False),
    ("[[:alpha:]]", "a", True),
    ("[^[:alpha:]]", "a", False),
    ("[[:digit:][:upper:]_]", "_", True),
    ("[[:space:]]", "\v", True),
    ("[[:punct:]]", "-", True),
    ("[[:alpha:]-]", "-", True),
    ("[:alpha:]", "l", True),
    ("[:alpha:]", "b", False),
    ("[[.-.]]", "-", True),
    ("[[.a.]-c]", "b", True),
    ("[a-[.c.]]", "b", True),
    ("[[=a=]]", "a", True),
    ("[[=a=]b]", "b", True),
    ("[^a]", "\n", True),
    ("(?:a)", "a", "Invalid preceding regular expression"),
    ("(?i)a", "A", "Invalid preceding regular expression"),
    ("*a", "a", "Invalid preceding regular expression"),
    ("a|*b", "b", "Invalid preceding regular expression"),
    ("^*", "", "Invalid preceding regular expression"),
    ("$*", "", "Invalid preceding regular expression"),
    (r"\b*", "", "Invalid preceding regular expression"),
    ("{1}", "", "Invalid preceding regular expression"),
    ("a{", "", "Unmatched \\{"),
    ("a{1", "", "Unmatched \\{"),
    ("a{1,", "", "Unmatched \\{"),
    ("a{x}", "", "Invalid content of \\{\\}"),
    ("a{}", "", "Invalid content of \\{\\}"),
    ("a{2,1}", "", "Invalid content of \\{\\}"),
    ("a{32768}", "", "Regular expression too big"),
    ("(a", "", "Unmatched ( or \\("),
    ("((a)", "", "Unmatched ( or \\("),
    ("a\\", "", "Trailing backslash"),
    (r"\1", "", "Invalid back reference"),
    (r"(a\1)", "", "Invalid back reference"),
    ("[a", "", "Unmatched [, [^, [:, [., or [="),
    ("[]", "", "Unmatched [, [^, [:, [., or [="),
    ("[", "", "Invalid regular expression"),
    ("[^", "", "Invalid regular expression"),
    ("[^]", "", "Unmatched [, [^, [:, [., or [="),
    ("[[:alpha:", "", "Unmatched [, [^, [:, [., or [="),
    ("[a-", "", "Unmatched [, [^, [:, [., or [="),
    ("[[:foo:]]", "", "Invalid character class name"),
    ("[[.hyphen.]]", "", "Invalid collation character"),
    ("[[=ab=]]", "", "Invalid collation character"),
    ("[z-a]", "", "Invalid range end"),
    ("[a-b-c]", "", "Invalid range end"),
    ("[[:digit:]-z]", "", "Invalid range end"),
    ("[a-[:digit:]]", "", "Invalid range end"),
]


@pytest.mark.parametrize(("pattern", "text", "expected"), TABLE)
def test_pattern_reads_as_the_c_library_reads_it(
    pattern: str, text: str, expected: bool | str
) -> None:
    assert ours(pattern, text) == expected
    if GLIBC:
        assert libc(pattern, text) == expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("SSH", "sshd", True),
        ("[A-Z]", "a", True),
        ("[^a]", "A", False),
        ("[[:upper:]]", "a", True),
        ("[[:lower:]]", "A", True),
        ("[A-z]", "_", False),
        ("[Z-a]", "z", "Invalid range end"),
        (r"\W", "A", False),
        (r"(a)\1", "aA", True),
    ],
)
def test_ignoring_case(pattern: str, text: str, expected: bool | str) -> None:
    assert ours(pattern, text, ignore_case=True) == expected
    if GLIBC:
        assert libc(pattern, text, ignore_case=True) == expected


def asks_grep(pattern: str, text: str) -> bool:
    """grep reads lines, and has its own opinion of some patterns."""
    return not ("\n" in text or pattern in ("[:alpha:]", "a**") or "[." in pattern)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (pattern, text)
        for pattern, text, expected in TABLE
        if isinstance(expected, bool) and asks_grep(pattern, text)
    ],
)
def test_grep_agrees_on_what_is_no_extension(pattern: str, text: str) -> None:
    found = subprocess.run(
        ["grep", "-qE", "--", pattern], input=text + "\n", text=True, stderr=subprocess.DEVNULL
    ).returncode
    assert found != 2, "grep refuses what regcomp accepts"
    assert ours(pattern, text) == (found == 0)


PIECES = st.sampled_from(
    list("abAB019_-^$.*+?{}()[]|\\,:=<>w ") + ["[[:alpha:]]", "[a-c]", "[^a]", "{1,2}", r"\b", "(a"]
)


@pytest.mark.skipif(not GLIBC, reason="another C library words and reads some things its own way")
@settings(max_examples=2000, deadline=None)
@given(
    st.lists(PIECES, max_size=8).map("".join),
    st.text("abcAB019_-[]{}()\\^$ ,:=.", max_size=6),
    st.booleans(),
)
# No newline in the text: there the C library takes `^` and `$` wrongly for a line's.
@example("[a-c]{1,2}", "d", False)
@example("(a|ab)(c|bcd)(d*)$", "abcd", False)
def test_any_pattern_reads_as_the_c_library_reads_it(
    pattern: str, text: str, ignore_case: bool
) -> None:
    if any(f"\\{digit}" in pattern for digit in range(1, 10)):
        return  # the C library's back references are known to be wrong in corner cases
    assert ours(pattern, text, ignore_case) == libc(pattern, text, ignore_case)


@given(st.text(max_size=12), st.text(max_size=12), st.booleans())
@settings(max_examples=300, deadline=None)
def test_nothing_but_value_error(pattern: str, text: str, ignore_case: bool) -> None:
    ours(pattern, text, ignore_case)


def test_deep_nesting_is_too_big() -> None:
    assert ours("(" * 5000 + ")" * 5000, "") == "Regular expression too big"
