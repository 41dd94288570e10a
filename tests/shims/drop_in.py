"""What the drop-in tests have in common: play all lines once, then one test for each."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from shims.cast import CAST
from shims.incumbent import Line, Outcome, differences, lay_out, play

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a PID namespace needs root")


class Played:
    """The outcomes of many lines, had by playing them all at the first question."""

    def __init__(
        self, lines: Sequence[Line], incumbent: str | Callable[[], Path], *commands: str
    ) -> None:
        """`incumbent`: the folder it is in, or what knows the folder and may have to build it."""
        self.lines = lines
        self.incumbent = incumbent
        self.commands = commands
        self.outcomes: list[tuple[Outcome, Outcome]] = []
        self.failure = ""

    def check(self, number: int, exceptions: dict[str, str]) -> None:
        """Line `number` must come out alike; if it is an exception, it must not."""
        if self.failure:
            pytest.fail(self.failure, pytrace=False)
        if not self.outcomes:
            self.failure = "nothing was played: see the first of these tests"  # once is enough
            self.outcomes = self.play()
            self.failure = ""
        line = self.lines[number]
        theirs, ours = self.outcomes[number]
        found = differences(theirs, ours, line.argv[0])
        if str(line) in exceptions:
            assert found, f"no longer an exception: {line}"
        else:
            assert not found, "\n".join([str(line), *found])

    def play(self) -> list[tuple[Outcome, Outcome]]:
        with tempfile.TemporaryDirectory(prefix="ct0-drop-in-") as folder:
            shims = lay_out(Path(folder), *self.commands)
            incumbent = self.incumbent if isinstance(self.incumbent, str) else self.incumbent()
            played = play(CAST, self.lines, incumbent, shims)
            return [(theirs, ours) for _, theirs, ours in played]
