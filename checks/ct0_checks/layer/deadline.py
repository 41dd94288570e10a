"""A time limit that also beats a file system which never answers.

A signal cannot interrupt a process that waits inside the kernel for a dead server, so the work is
done in a child and the parent only waits: when the time is over it kills the child, says so, and
goes. Nothing of what the child wrote so far is shown then: half a line would be read as a whole.
"""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from typing import Callable

SECONDS = 10.0  # as every plugin's -t of the monitoring plugins


class Late(Exception):
    """The work did not end in time, or was killed; the text says which."""


def within(seconds: float, work: Callable[[], int]) -> tuple[int, bytes]:
    """Run `work` in a child; returns its exit status and what it wrote to standard output.

    0 seconds is no limit. Raises Late when the time was over or the child died of a signal.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        os.close(reading)
        in_child(writing, seconds, work)
    os.close(writing)
    try:
        output = gather(reading, time.monotonic() + seconds if seconds else None)
    finally:
        os.close(reading)
    if output is None:
        # It may be beyond killing for now: nobody waits for it, init will.
        os.kill(child, signal.SIGKILL)
        raise Late(f"no result within {seconds:g} s")
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        raise Late(f"killed by {signal.Signals(os.WTERMSIG(status)).name}")
    return os.WEXITSTATUS(status), output


def in_child(writing: int, seconds: float, work: Callable[[], int]) -> None:
    """Never returns. Standard output is the pipe."""
    status = 3
    try:
        # Should the parent be killed, nothing of ours may stay behind: SIGALRM ends this process.
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds + 1 if seconds else 0)
        os.dup2(writing, 1)
        os.close(writing)
        # A new file object: whoever kept the old one (a test's capture) must not get the text.
        stream = io.FileIO(1, "w", closefd=False)
        sys.stdout = io.TextIOWrapper(
            stream, encoding="utf-8", errors="replace", write_through=False
        )
        status = work()
        sys.stdout.flush()
    finally:
        os._exit(status)


def gather(reading: int, end: float | None) -> bytes | None:
    """All that comes until the other end is closed; None when the time is over before."""
    parts: list[bytes] = []
    # Not select(2), which knows no descriptor above 1023: a caller may have left us many.
    ready = select.poll()
    ready.register(reading, select.POLLIN)
    while True:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            return None
        if ready.poll(None if left is None else left * 1000):
            part = os.read(reading, 65536)
            if not part:
                return b"".join(parts)
            parts.append(part)


def asked(arguments: Sequence[str], names: Sequence[str], default: str) -> str:
    """The value of an option before anything is parsed: `-t 5`, `-t5`, `--timeout=5`; the last one
    counts. The clock must run while the command line is read as well."""
    value = default
    for at, word in enumerate(arguments):
        if word == "--":
            break
        for name in names:
            if word == name and at + 1 < len(arguments):
                value = arguments[at + 1]
            elif name.startswith("--") and word.startswith(name + "="):
                value = word[len(name) + 1 :]
            elif not name.startswith("--") and word.startswith(name) and len(word) > len(name):
                value = word[len(name) :]
    return value


def seconds_asked(arguments: Sequence[str]) -> float:
    """-t's value; what is no number the parser will complain about, in time."""
    text = asked(arguments, ("-t", "--timeout"), "")
    try:
        value = float(text)
    except ValueError:
        return SECONDS
    return value if 0 <= value < 86400 else SECONDS
