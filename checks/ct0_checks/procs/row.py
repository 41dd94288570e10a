"""One process as check_procs looks at it: a line of ps' output, recorded or made of /proc.

Both kinds have the columns by ps' names; `stat` whole and `short_stat` perhaps without its L,
`seconds` elapsed, `prog` the first word of COMMAND without its path, `args` what follows that word,
and `shown_name`, prog as it may stand on a plugin's line. A live row may raise OSError at each.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Union

    from ct0_checks.procs.live import LiveRow
    from ct0_checks.procs.recorded import RecordedRow

    Row = Union[RecordedRow, LiveRow]

BLANKS = " \t\n\v\f\r"


def described(row: Row) -> str:
    """All columns, as -vv and -vvv show them."""
    return (
        f"uid={row.uid} vsz={row.vsz} rss={row.rss} pid={row.pid} ppid={row.ppid} "
        f"pcpu={row.pcpu:.2f} stat={row.stat} etime={row.etime} prog={row.prog} args={row.args}"
    )


def first_word(text: str) -> tuple[str, str]:
    """COMMAND and ARGS of the end of ps' line, in which blanks are the only space."""
    word, _, rest = text.lstrip(" ").partition(" ")
    return base_name(word), rest.strip(" ")


def base_name(path: str) -> str:
    """What follows the last slash that something follows: f2b/server is server, a/ stays a/."""
    if "/" not in path:
        return path
    stripped = path.rstrip("/")
    if not stripped:
        return "/"
    return stripped.rpartition("/")[2] + ("/" if stripped != path else "")


def harmless(text: str) -> str:
    """What a process calls itself, for one line of a terminal or a web page."""
    text = "".join([c if c.isprintable() else "?" for c in text])
    return text.translate(HARMLESS)


HARMLESS = str.maketrans({"|": ",", **dict.fromkeys("<>`$\\;", "?")})
