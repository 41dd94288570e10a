r"""POSIX extended regular expressions, as the C library reads them, made into Python's.

`killall -r`, `pgrep` and `check_procs` take them. The two dialects look alike and differ where it
hurts: `\d` is the letter d, `a*?` an optional `a*`, `[\]` a backslash, `[[:alpha:]]` a class, `$`
never matches before a newline, `(?` is an error. Messages are regcomp(3)'s; classes are those of
the C locale, in which init scripts run.
https://pubs.opengroup.org/onlinepubs/9699919799/ (9.4), regex(7)
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re

BAD_BRACKET = "Unmatched [, [^, [:, [., or [="
BAD_INTERVAL = "Invalid content of \\{\\}"
BAD_PARENTHESIS = "Unmatched ( or \\("
BAD_RANGE = "Invalid range end"
BAD_REPEAT = "Invalid preceding regular expression"
TOO_BIG = "Regular expression too big"
MOST_REPEATS = 32767  # RE_DUP_MAX

CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "blank": r"\t\x20",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\t-\r\x20",
    "upper": "A-Z",
    "xdigit": "0-9A-Fa-f",
}

# GNU's additions: what may be repeated, and what may not since it has no width.
ESCAPES = {"w": r"\w", "W": r"\W", "s": r"\s", "S": r"\S"}
ANCHORS = {
    "<": r"(?<!\w)(?=\w)",
    ">": r"(?<=\w)(?!\w)",
    "b": r"(?:(?<!\w)(?=\w)|(?<=\w)(?!\w))",
    "B": r"(?:(?<!\w)(?!\w)|(?<=\w)(?=\w))",
    "`": r"\A",
    "'": r"\Z",
}


def compile_ere(pattern: str, ignore_case: bool) -> re.Pattern[str]:
    """A Python pattern whose search() says what regexec(3) would; raises ValueError with the
    C library's words for what is wrong."""
    import re

    try:
        text = _Translation(pattern, ignore_case).whole()
        flags = re.ASCII | re.DOTALL | (re.IGNORECASE if ignore_case else 0)
        return re.compile(text, flags)
    except (re.error, OverflowError, RecursionError):
        raise ValueError(TOO_BIG) from None


class _Translation:
    """A pattern, the place in it, and how many groups were opened and which are closed."""

    __slots__ = ("closed", "groups", "ignore_case", "pattern", "place")

    def __init__(self, pattern: str, ignore_case: bool) -> None:
        self.pattern = pattern
        self.place = 0
        self.ignore_case = ignore_case
        self.groups = 0
        self.closed: set[int] = set()

    def next(self) -> str:
        return self.pattern[self.place : self.place + 1]

    def take(self) -> str:
        letter = self.next()
        self.place += 1
        return letter

    def whole(self) -> str:
        text = self.alternatives(0)
        assert not self.next()
        return text

    def alternatives(self, depth: int) -> str:
        """Branches up to the end or, in a group, to the `)` that closes it."""
        branches = [self.branch(depth)]
        while self.next() == "|":
            self.place += 1
            branches.append(self.branch(depth))
        return "|".join(branches)

    def branch(self, depth: int) -> str:
        pieces = []
        while self.next() not in ("", "|") and not (depth and self.next() == ")"):
            pieces.append(self.piece(depth))
        return "".join(pieces)

    def piece(self, depth: int) -> str:
        letter = self.take()
        if letter in "*+?{":
            raise ValueError(BAD_REPEAT)
        if letter == "^":
            return r"\A"
        if letter == "$":
            return r"\Z"
        if letter == "\\" and self.next() in ANCHORS and self.next():
            return ANCHORS[self.take()]
        text = self.atom(letter, depth)
        times = self.repeat()
        while times:
            # The brackets keep Python from reading two repeats as a lazy or possessive one.
            text = f"(?:{text}{times})"
            times = self.repeat()
        return text

    def atom(self, letter: str, depth: int) -> str:
        if letter == "(":
            self.groups += 1
            number = self.groups
            inner = self.alternatives(depth + 1)
            if self.take() != ")":
                raise ValueError(BAD_PARENTHESIS)
            self.closed.add(number)
            return f"({inner})"
        if letter == "[":
            return self.bracket()
        if letter == ".":
            return "."
        if letter != "\\":
            return _plain(letter)
        letter = self.take()
        if not letter:
            raise ValueError("Trailing backslash")
        if letter in "123456789":
            if int(letter) not in self.closed:
                raise ValueError("Invalid back reference")
            return f"(?:\\{letter})"
        return ESCAPES.get(letter) or _plain(letter)

    def repeat(self) -> str:
        """`*`, `+`, `?`, `{m,n}` in Python's words, "" if none follows."""
        if self.next() in ("*", "+", "?"):
            return self.take()
        if self.next() != "{":
            return ""
        self.place += 1
        least, end = self.number()
        most = least
        if end == ",":
            least = least or "0"
            if least.isdigit():
                most, end = self.number()
        if not end:
            raise ValueError("Unmatched \\{")
        if end != "}" or not least.isdigit() or (most and not most.isdigit()):
            raise ValueError(BAD_INTERVAL)
        if most and int(least) > int(most):
            raise ValueError(BAD_INTERVAL)
        if int(most or least) > MOST_REPEATS:
            raise ValueError(TOO_BIG)
        return f"{{{least},{most}}}"

    def number(self) -> tuple[str, str]:
        """What stands before the next `,` or `}`, which comes second: "" at the pattern's end."""
        text = ""
        while letter := self.take():
            if letter == "\\" and self.take() == ",":
                return text, ","
            if letter in ",}":
                return text, letter
            text += letter if letter in "0123456789" else "?"
        return text, ""

    def bracket(self) -> str:
        """`[...]`, of which the `[` is taken."""
        negated = "^" if self.next() == "^" else ""
        self.place += len(negated)
        if not self.next():
            raise ValueError("Invalid regular expression")
        text = ""
        first = True
        while first or self.next() != "]":
            if not self.next():
                raise ValueError(BAD_BRACKET)
            if not first and self.next() == "-" and self.pattern[self.place + 1 :][:1] != "]":
                raise ValueError(BAD_RANGE)
            first = False
            start, whole_class = self.element()
            following = self.pattern[self.place : self.place + 2]
            if following == "-":
                raise ValueError(BAD_BRACKET)
            if whole_class:
                text += start
            elif following[:1] == "-" and following != "-]":
                self.place += 1
                end, whole_class = self.element()
                if whole_class or start > end:
                    raise ValueError(BAD_RANGE)
                text += f"{_plain(start)}-{_plain(end)}"
            else:
                text += _plain(start)
        self.place += 1
        return f"[{negated}{text}]"

    def element(self) -> tuple[str, bool]:
        """One element of a bracket: a character, or a set of them and True."""
        letter = self.take()
        kind = self.next()
        if letter != "[" or kind not in (":", ".", "="):
            # With REG_ICASE the C library reads the pattern in upper case: [Z-a] is [Z-A].
            upper = self.ignore_case and letter.isascii()
            return (letter.upper() if upper else letter), False
        end = self.pattern.find(kind + "]", self.place + 1)
        if end < 0:
            raise ValueError(BAD_BRACKET)
        name = self.pattern[self.place + 1 : end]
        self.place = end + 2
        if kind == ":":
            if name not in CLASSES:
                raise ValueError("Invalid character class name")
            return CLASSES[
                "alpha" if self.ignore_case and name in ("upper", "lower") else name
            ], True
        if len(name) != 1:
            raise ValueError("Invalid collation character")
        return (_plain(name), True) if kind == "=" else (name, False)


def _plain(letter: str) -> str:
    """The character and nothing else, also within brackets."""
    return letter if letter.isalnum() or letter >= "\x80" else f"\\x{ord(letter):02x}"
