"""The whole suite, its parts side by side: `python tests/suite.py [pytest's arguments]`.

Most of it waits for processes, so that its parts run at once: each a pytest of its own (a "lane"),
and one more on each other Python (matrix.py). What a lane says on its way comes line by line after
its name, its failures in one piece at its end. pytest's closing line, for all of them, comes last.

A test is in one lane, by its file and marks (`lane_of`); conftest.py has pytest run that lane's.
Each lane collects all tests and reports how many are whose, so that none is nobody's.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any, Callable

import matrix

ROOT = Path(__file__).parent.parent
# In the order in which they begin, the longest first; and what runs when all others have ended.
LANES = ("puppet", "lab", "nodes", "units", "shims")
LAST = "quiet"
ALONE = ("units", "shims")
# The lab's tests that share nothing with those of its other files: the Puppet module and what else
# installs ct0; the fleet and a machine.
PARTS = {
    "nodes": re.compile(r"test_(firewall|puppet_fact|verify|vm)(_.*)?\.py"),
    "puppet": re.compile(r"test_(debs|divert|divert_rpm|puppet_.*|rpms)\.py"),
}
# One more than can compute: somebody always waits for processes.
AT_ONCE = (os.cpu_count() or 1) + 1 if matrix.AT_ONCE_IS_SAFE else 1
# pytest's own words, in its order.
COUNTED = ("failed", "passed", "skipped", "deselected", "xfailed", "xpassed", "warnings", "error")
INTERRUPTED, NO_TESTS = 2, 5
# What is said from here on belongs together.
SUMMARY = re.compile(r"=+ (ERRORS|FAILURES|slowest .*|.* summary.*) =+$|!+ .* !+$")
CLOSING = re.compile(r"(=+ )?(no tests |\d+ (failed|passed|skipped|deselected|xf|xp|warn|err)).*")


def lane_of(path: Path, marks: Iterable[str]) -> str:
    """The lane of a test: all of the lab, and what is marked `machine`, needs the machine's own
    process table; what is marked `quiet`, that nothing else runs."""
    names = set(marks)
    if LAST in names:
        return LAST
    if "lab" in names:
        return next((part for part, files in PARTS.items() if files.fullmatch(path.name)), "lab")
    if "machine" in names:
        return "lab"
    return "shims" if "shims" in path.parts else "units"


class Lane:
    """A command in a process group of its own, so that a signal reaches all that it started."""

    def __init__(self, name: str, command: Sequence[str], report: Path | None) -> None:
        self.name = name
        self.report = report
        self.status: int | None = None
        self.kept: list[str] = []
        self._rest = b""
        self._begun = time.monotonic()
        # Read until the lane ends. No pipe: whoever is left behind would hold its end open.
        with tempfile.NamedTemporaryFile(prefix="ct0-suite-") as said:
            self._said = open(said.name, "rb")  # noqa: SIM115
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def has_ended(self) -> bool:
        """Whether it has; what it has said since this was last asked is passed on."""
        self.status = self._process.poll()
        *lines, self._rest = (self._rest + self._said.read()).split(b"\n")
        if self.status is not None and self._rest:
            lines.append(self._rest)
        for line in lines:
            self._hear(line.decode(errors="replace"))
        return self.status is not None

    def _hear(self, line: str) -> None:
        if self.kept or self.report is None or SUMMARY.match(line):
            self.kept.append(line)
        elif line.strip() and not CLOSING.match(line) and not line.startswith("==="):
            say(f"{self.name:7} | {line}")

    def close(self) -> None:
        """Say how it ended, and with what."""
        self._said.close()
        while self.kept and not self.kept[-1].strip():
            self.kept.pop()
        if self.report is None:
            closing = [] if self.status == 0 else [f"{self.name}: exit {self.status}"]
        else:
            if self.kept and CLOSING.match(self.kept[-1]):
                self.kept.pop()
            seconds = time.monotonic() - self._begun
            closing = [f"{self.name}: {worded(self.counts())} ({seconds:.0f} s)"]
        say(*self.kept, *closing)

    def told(self) -> dict[str, Any]:
        """What conftest.py reported; empty when pytest came to no end."""
        if self.report is None or not self.report.exists():
            return {}
        told: dict[str, Any] = json.loads(self.report.read_text(encoding="utf-8"))
        return told

    def counts(self) -> dict[str, int]:
        """How many passed, failed and so on; if it failed and none of its tests did, one error."""
        told = self.told()
        counts: dict[str, int] = dict(told.get("counts", {}))
        well = self.status in (0, NO_TESTS) and (told or self.report is None)
        if not well and self.status != INTERRUPTED and not {"failed", "error"} & set(counts):
            counts["error"] = 1
        return counts

    def interrupt(self) -> None:
        """What Ctrl-C does: pytest and the tests' processes hear of it, and pytest tears down."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)


class Suite:
    """All lanes: those that have ended, and what is to be said of them together."""

    def __init__(self, folder: Path, arguments: Sequence[str]) -> None:
        self.folder = folder
        self.arguments = arguments
        self.ended: list[Lane] = []
        self.is_interrupted = self._was_signalled = False

    def start(self, name: str) -> Lane:
        """A lane by its name, or a Python by its version."""
        if name not in (*LANES, LAST):
            return Lane(name, [sys.executable, "-u", "-m", "tests.matrix", name], None)
        report = self.folder / name
        command = [sys.executable, "-u", "-m", "pytest", "--no-header", f"--lane={name}"]
        command += [f"--lane-report={report}", "-o", f"cache_dir=.pytest_cache/{name}"]
        # Tests look for their processes by name: these lanes see their own alone.
        alone = matrix.alone() if name in ALONE else ()
        return Lane(name, [*alone, *command, *self.arguments], report)

    def run(self, waiting: list[str]) -> None:
        """These lanes to their end, AT_ONCE at a time."""
        running: list[Lane] = []
        try:
            while running or (waiting and not self.is_interrupted):
                while waiting and len(running) < AT_ONCE and not self.is_interrupted:
                    running.append(self.start(waiting.pop(0)))
                time.sleep(0.1)
                if self._was_signalled:
                    self._was_signalled = False
                    for lane in running:
                        lane.interrupt()
                for lane in [lane for lane in running if lane.has_ended()]:
                    running.remove(lane)
                    self.ended.append(lane)
                    lane.close()
        finally:
            # Not the way it should end: nobody reads what is said, for one.
            for lane in running:
                lane.interrupt()

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        self.is_interrupted = self._was_signalled = True

    def has_last(self) -> bool:
        """Whether there are tests for when all others have ended, or nobody can say: xdist's."""
        lanes = [told["lanes"] for told in self.told()]
        return any(LAST in each or not each for each in lanes)

    def told(self) -> list[dict[str, Any]]:
        return [told for told in (lane.told() for lane in self.ended) if told]

    def close(self, seconds: float) -> int:
        """Say what failed, in all lanes, and pytest's closing line; returns the exit status."""
        failed = [
            line
            for lane in self.ended
            for line in lane.kept
            if lane.report is not None and line.startswith(("FAILED ", "ERROR "))
        ]
        counts = Counter[str]()
        for lane in self.ended:
            counts.update(lane.counts())
        told = self.told()
        if told:
            counts["deselected"] = told[0]["deselected"]
        if any(each["lanes"] != told[0]["lanes"] for each in told):
            said = ", ".join(f"{each['lane']} {each['lanes']}" for each in told)
            failed.append(f"ERROR the lanes collected different tests: {said}")
            counts["error"] += 1
        clock = timedelta(seconds=int(seconds))
        closing = f"=== {worded(counts)} in {seconds:.2f}s ({clock}) ==="
        say(*failed, closing.center(100, "="))
        if self.is_interrupted:
            return INTERRUPTED
        statuses = {lane.status for lane in self.ended}
        if statuses - {0, NO_TESTS} or counts["error"] or counts["failed"]:
            return 1
        return 0 if any(told["counts"] for told in self.told()) else NO_TESTS


def worded(counts: Mapping[str, int]) -> str:
    """{"passed": 3, "error": 2} -> "3 passed, 2 errors", as pytest says it."""
    said = [
        f"{counts[word]} {word.rstrip('s')}{'s' if counts[word] > 1 else ''}"
        if word in ("warnings", "error")
        else f"{counts[word]} {word}"
        for word in COUNTED
        if counts.get(word)
    ]
    return ", ".join(said) or "no tests ran"


def say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def main(arguments: Sequence[str]) -> int:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ct0-suite-") as folder:
        suite = Suite(Path(folder), arguments)
        heed_signals(suite.interrupt)
        pythons = matrix.others()
        print(matrix.missing(pythons), end="")
        whole = matrix.ends(pythons)
        suite.run([*LANES, *whole, *(each for each in pythons if each not in whole)])
        if suite.has_last() and not suite.is_interrupted:
            suite.run([LAST])
        return suite.close(time.monotonic() - begun)


def heed_signals(interrupt: Callable[[int, FrameType | None], None]) -> None:
    """Be ended by Ctrl-C also where a background shell has it ignored, but not by SIGHUP where
    nohup has. What has a handler is no more ignored in what is started, whose tests send both."""
    has_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, (lambda number, frame: None) if has_nohup else interrupt)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
