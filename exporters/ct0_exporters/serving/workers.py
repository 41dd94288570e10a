"""Threads for scrapes: as many at once as allowed, and none that keeps the process from ending.

Not a ThreadPoolExecutor: Python joins its threads at exit, so that one scrape stuck on a dead
file system would hold up SIGTERM for ever. A thread costs 50 µs, a scrape milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Callable, TypeVar

from ct0.errors import Error

T = TypeVar("T")


class Busy(Error):
    """As many are running as may."""


class Workers:
    """Runs functions in threads of their own, at most `limit` at once; 0 is no limit."""

    def __init__(self, name: str, limit: int) -> None:
        self.name = name
        self.limit = limit
        self.running = 0

    async def run(self, function: Callable[[], T]) -> T:
        """The function's result; Busy at once where the limit is reached."""
        if self.limit and self.running >= self.limit:
            raise Busy(f"{self.limit} {self.name} are running already, try again later")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def settle(result: T | None, error: BaseException | None) -> None:
            # Counted down here and not by who waits: it may have left before the thread ended.
            self.running -= 1
            if future.done():
                return
            if error is None:
                future.set_result(result)  # type: ignore[arg-type]
            else:
                future.set_exception(error)

        def work() -> None:
            result, error = None, None
            try:
                result = function()
            except BaseException as reason:
                error = reason
            try:
                loop.call_soon_threadsafe(settle, result, error)
            except RuntimeError:
                pass  # the loop is closed: the process is ending, nobody waits for this

        self.running += 1
        try:
            threading.Thread(target=work, name=self.name, daemon=True).start()
        except RuntimeError as reason:  # "can't start new thread": TasksMax=, RLIMIT_NPROC
            self.running -= 1
            raise Busy(str(reason)) from reason
        return await future
