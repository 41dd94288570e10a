"""`ct0 top` on a terminal, with curses.

The terminal is left as it was however this ends: by q, Ctrl-C, SIGTERM or a fault of ours.
"""

from __future__ import annotations

import curses
import locale
import os
import signal
import time
from types import FrameType
from typing import TYPE_CHECKING

from ct0.cli.top_table import BAD, DIM, GOOD, WARN, Cell, columns_of, fit, summary, table
from ct0.errors import Error
from ct0.figures import UNLIMITED
from ct0.live import Live, View
from ct0.text import plain

if TYPE_CHECKING:
    from ct0.cli.top import Choice

SORTS = {
    "c": "cpu",
    "m": "memory",
    "n": "network",
    "p": "pressure",
    "t": "tasks",
    "f": "fails",
    "u": "up",
    "N": "name",
    "e": "engine",
}
HELP = (
    "c m n p   sort by CPU, memory, network, pressure; again: the other way round",
    "t f u     sort by tasks, fails, time up",
    "N e       sort by name, engine",
    "/         show only rows with these words; Esc: all again",
    "arrows    up and down the list, also Page Up and Page Down, Home, End",
    "space     look again now",
    "d         another delay: 1, 2, 5, 10 seconds",
    "q         quit",
)
DELAYS = (1.0, 2.0, 5.0, 10.0)
ESCAPE, ENTER, BACKSPACE = ("\x1b",), ("\n", "\r"), ("\x7f", "\b")


class Ended(BaseException):
    """SIGTERM or SIGHUP came. Not an Exception: nothing may catch it but who restores."""


def run(live: Live, choice: Choice, delay: float, count: int) -> int:
    """Returns the exit status."""
    locale.setlocale(locale.LC_CTYPE, "")
    # Esc is a key here: do not wait a second for the rest of a sequence.
    os.environ.setdefault("ESCDELAY", "25")
    ended = 0

    def end(number: int, frame: FrameType | None) -> None:
        nonlocal ended
        ended = number
        raise Ended

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, end) for number in signals}
    try:
        curses.wrapper(lambda window: Screen(window, live, choice, delay, count).run())
    except Ended:
        return 128 + ended
    except curses.error as error:
        raise Error(f"this terminal cannot do it ({error}); try: ct0 top -b") from error
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return 0


class Screen:
    """One terminal; `run` returns when the user has enough."""

    def __init__(
        self, window: curses.window, live: Live, choice: Choice, delay: float, count: int
    ) -> None:
        self.window = window
        self.live = live
        self.choice = choice
        self.delay = delay
        self.left = count  # tables to show; 0 is no end
        self.view: View | None = None
        self.message = ""
        self.typing = False
        self.helping = False
        self.offset = 0
        self.looks = paints()
        try:
            curses.curs_set(0)
        except curses.error:
            pass  # a terminal that cannot hide its cursor
        window.keypad(True)

    def run(self) -> None:
        self.put(0, [Cell("ct0 top: looking", DIM)])
        self.window.refresh()
        while True:
            self.look()
            if self.left:
                self.left -= 1
                if not self.left:
                    return
            until = time.monotonic() + self.delay
            while (rest := until - time.monotonic()) > 0:
                self.draw()
                self.window.timeout(max(int(rest * 1000), 1))
                try:
                    key = self.window.get_wch()
                except curses.error:
                    break  # nothing came in time
                if not self.handle(key):
                    return
                if key == " " and not self.typing:
                    break
            self.draw()

    def look(self) -> None:
        try:
            self.view = self.live.look(min(0.5, self.delay))
            self.message = ""
        except (Error, OSError) as error:
            if self.view is None:
                raise
            self.message = plain(f"cannot look: {error}")

    def handle(self, key: str | int) -> bool:
        """False: quit."""
        if self.typing:
            self.type(key)
        elif self.helping:
            self.helping = False
        elif key in ("q", "Q"):
            return False
        elif key in ("h", "?", curses.KEY_F1):
            self.helping = True
        elif key == "/":
            self.typing = True
        elif key in ESCAPE:
            self.choice.text = ""
        elif key == "d":
            self.delay = next((each for each in DELAYS if each > self.delay), DELAYS[0])
        elif isinstance(key, str) and key in SORTS:
            self.choice.sort_by(SORTS[key])
            self.offset = 0
        else:
            self.scroll(key)
        return True

    def type(self, key: str | int) -> None:
        if key in ENTER or key == curses.KEY_ENTER:
            self.typing = False
        elif key in ESCAPE:
            self.typing, self.choice.text = False, ""
        elif key in BACKSPACE or key == curses.KEY_BACKSPACE:
            self.choice.text = self.choice.text[:-1]
        elif isinstance(key, str) and key.isprintable():
            self.choice.text += key
        self.offset = 0

    def scroll(self, key: str | int) -> None:
        page = max(self.window.getmaxyx()[0] - 6, 1)
        steps = {
            curses.KEY_DOWN: 1,
            curses.KEY_UP: -1,
            curses.KEY_NPAGE: page,
            curses.KEY_PPAGE: -page,
            curses.KEY_HOME: -(1 << 30),
            curses.KEY_END: 1 << 30,
        }
        if isinstance(key, int):
            self.offset = max(self.offset + steps.get(key, 0), 0)

    def draw(self) -> None:
        """All anew: curses sends what differs. Also after a resize, which comes as a key."""
        self.window.erase()
        height, width = self.window.getmaxyx()
        if self.view is not None:
            self.draw_view(self.view, height, width)
        self.window.refresh()

    def draw_view(self, view: View, height: int, width: int) -> None:
        clock = time.strftime("%H:%M:%S", time.localtime(view.time))
        first, second = summary(view)
        self.put(0, [Cell(f"{clock}  {first}", "")])
        self.put(1, [Cell(f"          {second}", "")])
        self.put(2, [self.status()])
        if self.helping:
            for number, line in enumerate(HELP):
                self.put(4 + number, [Cell(f"  {line}", "")])
            return
        rows = self.choice.rows(view)
        room = max(height - 4, 1)
        self.offset = min(self.offset, max(len(rows) - room, 0))
        own, cts = rows[:1], rows[1 + self.offset :]
        shown = table([*own, *cts], width, self.choice.sort, room)
        self.put(3, shown.header, "  ")
        for number, cells in enumerate(shown.rows):
            self.put(4 + number, cells, "  ")
        if len(rows) == 1:
            nothing = "no container matches" if view.rows else "no containers on this host"
            self.put(5, [Cell(f"  {nothing}", DIM)])

    def status(self) -> Cell:
        if self.message:
            return Cell(self.message, BAD)
        if self.typing:
            return Cell(f"show only: {plain(self.choice.text)}_", WARN)
        way = "largest first" if self.choice.descending else "smallest first"
        text = f"every {self.delay:g}s, by {self.choice.sort}, {way}; h help, q quit"
        if self.choice.text:
            text = f"only {plain(self.choice.text)!r}; {text}"
        return Cell(text, DIM)

    def put(self, line: int, cells: list[Cell], between: str = "") -> None:
        """One line. Text that does not fit is cut; the last column of the last line stays empty,
        for curses cannot write there."""
        height, width = self.window.getmaxyx()
        column = 0
        for cell in cells:
            room = width - column - (line == height - 1)
            if line >= height or room <= 0:
                return
            text = self.writable(cell.text)
            if columns_of(text) > room:
                text = fit(text, room)
            try:
                self.window.addstr(line, column, text, self.looks.get(cell.mood, 0))
            except curses.error:
                return  # resized between asking and writing
            column += columns_of(text) + len(between)

    def writable(self, text: str) -> str:
        """In what the locale can write."""
        encoding = self.window.encoding
        if not encoding.lower().startswith("utf"):
            text = text.replace(f"  {UNLIMITED}", "max").replace("…", "~")
        return text.encode(encoding, "replace").decode(encoding)


def paints() -> dict[str, int]:
    """Mood -> attributes; no colours where there are none or NO_COLOR asks for none."""
    looks = {
        "head": curses.A_REVERSE,
        "sorted": curses.A_REVERSE | curses.A_BOLD,
        BAD: curses.A_BOLD,
        DIM: curses.A_DIM,
    }
    if not curses.has_colors():
        return looks
    curses.use_default_colors()  # else curses paints all white on black
    if "NO_COLOR" in os.environ:
        return looks
    colours = {GOOD: curses.COLOR_GREEN, WARN: curses.COLOR_YELLOW, BAD: curses.COLOR_RED}
    for number, (mood, colour) in enumerate(colours.items(), 1):
        curses.init_pair(number, colour, -1)
        looks[mood] = curses.color_pair(number) | (curses.A_BOLD if mood == BAD else 0)
    return looks
