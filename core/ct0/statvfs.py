"""statvfs(3) with a deadline: a filesystem whose server is gone never answers.

A thread asks and the caller waits, but not longer than its deadline. The thread of a path that did
not answer stays (nothing can end it), and until it comes back that path is not asked again: one
dead server costs one thread and one deadline, not one for each scrape.
"""

from __future__ import annotations

import os
import threading
from queue import Empty, SimpleQueue
from typing import Callable, NamedTuple, Union

from ct0.errors import Unavailable

DEADLINE = 1.0  # seconds


class Size(NamedTuple):
    """What of os.statvfs_result is of use here."""

    f_frsize: int
    f_bsize: int
    f_blocks: int
    f_bfree: int
    f_bavail: int
    f_files: int
    f_ffree: int


Answer = Union[os.statvfs_result, OSError]


class Asker:
    """One thread that asks for one path after the other, until one does not answer."""

    def __init__(self, ask: Callable[[str], os.statvfs_result]) -> None:
        self.ask = ask
        self.paths: SimpleQueue[str | None] = SimpleQueue()
        self.answers: SimpleQueue[Answer] = SimpleQueue()
        self.thread = threading.Thread(target=self.work, name="statvfs", daemon=True)
        self.thread.start()

    def work(self) -> None:
        while (path := self.paths.get()) is not None:
            try:
                self.answers.put(self.ask(path))
            except OSError as error:
                self.answers.put(error)


class Statvfs:
    """Asks through one Asker at a time. Safe to call from several threads, which take turns."""

    def __init__(self, ask: Callable[[str], os.statvfs_result] = os.statvfs) -> None:
        self.ask = ask
        self.lock = threading.Lock()
        self.asker: Asker | None = None
        self.stuck: dict[str, Asker] = {}

    def __call__(self, path: str, deadline: float = DEADLINE) -> os.statvfs_result:
        """Raises Unavailable: an error, no answer in time, or none since the last time."""
        with self.lock:
            waiting = self.stuck.get(path)
            if waiting is not None:
                if waiting.answers.empty():
                    raise Unavailable(f"{path}: still no answer from the filesystem")
                del self.stuck[path]
            if self.asker is None or not self.asker.thread.is_alive():  # a fork has no threads
                self.asker = Asker(self.ask)
            asker = self.asker
            asker.paths.put(path)
            try:
                answer = asker.answers.get(timeout=deadline)
            except Empty:
                asker.paths.put(None)  # it ends when the answer comes after all
                self.stuck[path], self.asker = asker, None
                raise Unavailable(f"{path}: no answer within {deadline} s") from None
        if isinstance(answer, OSError):
            raise Unavailable(f"{path}: {answer.strerror}") from answer
        return answer


statvfs = Statvfs()
