"""--input-file: ps' output from a file, as check_procs' own tests have it.

    STAT   UID   PID  PPID    VSZ   RSS %CPU     ELAPSED COMMAND         COMMAND
    Ss       0   900     1  10000  5000  0.0       05:00 sshd            /usr/sbin/sshd -D
    S        0   901     1  10000  5000  0.0       05:00 tmux: server    tmux new -s x
    Z        0   902     1      0     0  0.0       05:00

The first line is a heading whatever it says. The others are read as sscanf(3) reads
"%s %d %d %d %d %d %f %s %s %n": a line that ends early counts only if its STAT has a Z, and what it
lacks is still that of the line before.
"""

from __future__ import annotations

import os

from ct0_checks.procs.getopt import Stop
from ct0_checks.procs.numbers import scan_float, scan_int, single, to_int
from ct0_checks.procs.row import BLANKS, base_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

LIMIT = 1 << 26


class RecordedRow:
    def __init__(self, before: RecordedRow | None) -> None:
        self.stat: str = before.stat if before else ""
        self.numbers: list[int] = list(before.numbers) if before else [0, 0, 0, 0, 0]
        self.pcpu: float = before.pcpu if before else 0.0
        self.etime: str = before.etime if before else ""
        self.prog = self.args = ""
        self.place: int = before.place if before else 0  # where ARGS began
        self.whole = False
        self.is_kernel = False

    def settle(self) -> None:
        self.uid, self.pid, self.ppid, self.vsz, self.rss = self.numbers
        self.short_stat = self.stat
        self.seconds = seconds(self.etime)
        self.threads = 0
        self.exe_name = ""
        self.shown_name = self.prog.replace("|", ",")

    def may_be_called(self, name: str) -> bool:
        return self.prog == name

    def is_called(self, name: str, whole: bool) -> bool:
        return self.prog == name


def read_rows(path: str) -> Iterator[tuple[str, RecordedRow | None]]:
    """Each line with its row, None for one that cannot be read. Raises Stop."""
    try:
        with open(path, "rb") as file:
            text = file.read(LIMIT)
    except OSError as error:
        raise Stop(f"Error opening {path}: {os.strerror(error.errno or 0)}") from error
    yield from rows(text.decode("utf-8", "surrogateescape"))


def rows(text: str) -> Iterator[tuple[str, RecordedRow | None]]:
    lines = text.split("\n")
    if lines[-1] == "":
        del lines[-1]
    before: RecordedRow | None = None
    kernel_parent = 0
    for line in lines[1:]:
        line = line.partition("\0")[0]  # where a C string ends
        row = parse_row(line, before)
        before = row
        if not row.whole:
            yield line, None
            continue
        row.settle()
        if kernel_parent == 0 and row.prog == "kthreadd":
            kernel_parent = row.pid
        row.is_kernel = row.ppid == kernel_parent
        yield line, row


def parse_row(line: str, before: RecordedRow | None = None) -> RecordedRow:
    """The row; `whole` tells whether it counts. Never raises."""
    row = RecordedRow(before)
    word, rest = next_word(line)
    row.stat = word or row.stat
    row.whole = (bool(word) and scan(row, rest, len(line))) or "Z" in row.stat
    if row.whole:
        row.args = line[row.place :].strip(BLANKS)
        row.prog = base_name(row.prog)
    return row


def scan(row: RecordedRow, rest: str, length: int) -> bool:
    for column in range(5):
        found = scan_int(rest)
        if found is None:
            return False
        row.numbers[column], rest = found
    pcpu = scan_float(rest)
    if pcpu is None:
        return False
    row.pcpu, rest = single(pcpu[0]), pcpu[1]
    word, rest = next_word(rest)
    if not word:
        return False
    row.etime = word
    row.prog, rest = next_word(rest)
    if not row.prog:
        return False
    row.place = length - len(rest.lstrip(BLANKS))
    return True


def next_word(text: str) -> tuple[str, str]:
    text = text.lstrip(BLANKS)
    end = 0
    while end < len(text) and text[end] not in BLANKS:
        end += 1
    return text[:end], text[end:]


def seconds(etime: str) -> int:
    """[[DD-]HH:]MM:SS in seconds; with a "-" what is missing is missing at the end. What cannot be
    read counts as nothing."""
    if "-" in etime:
        sizes, separators = [86400, 3600, 60, 1], "-::"
    else:
        sizes = {1: [60, 1], 2: [3600, 60, 1]}.get(etime.count(":"), [])
        separators = "::"
    total, rest = 0, etime
    for size, separator in zip(sizes, separators + " "):
        found = scan_int(rest)
        if found is None:
            break
        total, rest = total + found[0] * size, found[1]
        if rest[:1] != separator:
            break
        rest = rest[1:]
    return to_int(total)
