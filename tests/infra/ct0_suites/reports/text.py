"""Text for people: what is wrong by machine and container, the worst first, and one closing line.

node1/shop (openvz 101)
  FAILED      web-open (firewall)
              tcp 443 from anywhere is not accepted on input
  waived      root-key (ssh)
              root has a key without a passphrase in /root/.ssh/id_rsa
              until 2026-12-31, ops@example.com: keys are being replaced

12 passed, 1 failed, 1 waived in 3.2 s
"""

from __future__ import annotations

import os
import shutil
import textwrap
from typing import TextIO

from ct0_suites.records import Result, Subject
from ct0_suites.reports.wording import (
    STATES,
    WORDS,
    cleaned,
    ct_name,
    described,
    rank,
    several,
    told,
    trouble,
)
from ct0_suites.running import Summary

COLUMN = 14  # characters of an outcome's column
COLOURS = ("1;31", "35", "33", "36", "90", "32")  # by rank
STATE_COLOURS = ("1;32", "1;33", "1;31", "1;35")


class Text:
    """Text for people."""

    def __init__(self, stream: TextIO, verbose: bool = False) -> None:
        self.stream = stream
        self.verbose = verbose
        self.kept: dict[Subject, list[Result]] = {}
        terminal = stream.isatty()
        self.width = max(40, shutil.get_terminal_size().columns) if terminal else 0
        self.colour = (
            terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        )

    def begin(self, nodes: int, expectations: int) -> None:
        pass

    def add(self, result: Result) -> None:
        if self.verbose or rank(result) <= WORDS.index("waived"):
            self.kept.setdefault(result.subject, []).append(cleaned(result, problems=20))

    def end(self, summary: Summary) -> None:
        worst = {subject: min(map(rank, results)) for subject, results in self.kept.items()}
        nodes: dict[str, int] = {}
        for subject, badness in worst.items():
            nodes[subject.node] = min(badness, nodes.get(subject.node, badness))
        for subject in sorted(
            self.kept,
            key=lambda one: (nodes[one.node], one.node, worst[one], ct_name(one), one.ctid),
        ):
            self.subject(self.kept[subject])
        if said := trouble(summary):
            self.write(self.painted(said[0].upper() + said[1:] + ".", COLOURS[1]))
        judged = f"{several(summary.targets, 'target')} of {several(summary.nodes, 'node')}"
        state = self.painted(STATES[summary.state], STATE_COLOURS[summary.state])
        self.write(f"{state}: {told(summary)} ({judged})")
        self.stream.flush()

    def subject(self, results: list[Result]) -> None:
        subject = results[0].subject
        what = described(subject)
        self.write(self.painted(subject.id, "1") + (f" ({what})" if what else ""))
        for result in sorted(results, key=lambda one: (rank(one), one.suite, one.expectation)):
            at = rank(result)
            outcome = WORDS[at].upper() if at == 0 else WORDS[at]
            head = self.painted(outcome.ljust(COLUMN), COLOURS[at])
            self.write(f"  {head}  {result.expectation} ({result.suite})")
            for text in (*result.problems, *([result.waiver] if result.waiver else [])):
                self.indented(text)
        self.write("")

    def indented(self, text: str) -> None:
        margin = " " * (COLUMN + 4)
        room = self.width - len(margin) if self.width else 0
        for line in textwrap.wrap(text, max(20, room)) if room else [text]:
            self.write(margin + line)

    def painted(self, text: str, code: str) -> str:
        return f"\033[{code}m{text}\033[0m" if self.colour else text

    def write(self, line: str) -> None:
        """What the terminal's encoding lacks is "?"."""
        encoding = self.stream.encoding or "utf-8"
        self.stream.write(line.encode(encoding, "replace").decode(encoding) + "\n")
