"""An expression's search, broken off when it takes longer than any honest one.

What is searched may be a container's: its user can choose a name or 120,000 characters of command
line for which `java.*tomcat.*start` takes hours, and whoever stops or counts a service on CT0 would
wait so long. Python's search looks for signals as it goes, so a timer can end it.
"""

from __future__ import annotations

import _signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    import re


LIMIT = 0.5  # seconds of processor time
SHORT = 64  # characters that no expression makes much of: a name of the kernel's has 15


class Endless(Exception):
    """It took too long: whether the text matches is not known."""


class Patience:
    """A compiled expression as a function. `tired` once a search had to be broken off: whoever
    asks then asks first whose the process is, and lets containers' be. (They do not get to the log
    of those that were skipped: whether they match is not known.)"""

    __slots__ = ("_search", "_searching", "tired")

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._search = pattern.search
        self.tired = self._searching = False

    def __call__(self, text: str) -> bool:
        """Whether it matches somewhere; raises Endless."""
        if len(text) <= SHORT:
            return self._search(text) is not None
        _signal.signal(_signal.SIGVTALRM, self._end)
        self._searching = True
        _signal.setitimer(_signal.ITIMER_VIRTUAL, LIMIT)
        try:
            return self._search(text) is not None
        finally:
            self._searching = False
            _signal.setitimer(_signal.ITIMER_VIRTUAL, 0)

    def _end(self, number: int, frame: object) -> None:
        if self._searching:
            self.tired = True
            raise Endless
