"""Progress on a terminal: one line that is written over, and gone at the end.

12 of 100 nodes, 640 results, 3 failed, 1 not judged: node17/web1 ...
"""

from __future__ import annotations

import shutil
import time
from typing import TextIO

from ct0_suites.records import ERROR, FAILED, Result
from ct0_suites.reports.wording import NAME, several, shortened
from ct0_suites.running import Summary

PAUSE = 0.1  # seconds between two drawings


class Progress:
    """Progress on a terminal; nothing where there is none."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.shown = stream.isatty()
        self.nodes = self.done = self.results = self.failed = self.errors = 0
        self.drawn = -PAUSE
        self.last = ""

    def begin(self, nodes: int, expectations: int) -> None:
        self.nodes = nodes
        self.draw()

    def add(self, result: Result) -> None:
        self.results += 1
        self.failed += result.outcome == FAILED
        self.errors += result.outcome == ERROR
        self.last = shortened(result.subject.id, NAME)
        self.draw()

    def node_done(self) -> None:
        self.done += 1
        self.draw()

    def end(self, summary: Summary) -> None:
        if self.shown:
            self.put("\r\033[K")

    def draw(self) -> None:
        now = time.monotonic()
        if not self.shown or now - self.drawn < PAUSE:
            return
        self.drawn = now
        columns = shutil.get_terminal_size().columns
        self.put(f"\r{self.line()[: columns - 1]}\033[K")

    def line(self) -> str:
        text = f"{self.done} of {several(self.nodes, 'node')}, {several(self.results, 'result')}"
        if self.failed:
            text += f", {self.failed} failed"
        if self.errors:
            text += f", {self.errors} not judged"
        return f"{text}: {self.last}" if self.last else text

    def put(self, text: str) -> None:
        """A terminal that went away costs the progress and nothing else."""
        encoding = self.stream.encoding or "utf-8"
        try:
            self.stream.write(text.encode(encoding, "replace").decode(encoding))
            self.stream.flush()
        except OSError:
            self.shown = False
