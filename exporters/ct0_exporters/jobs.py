"""Work with a deadline: in a thread that is left behind when it hangs.

A thread cannot be killed. One that hangs in the kernel on a dead file system stays until that
answers; another takes over what is to be done meanwhile, and the job that hangs is not begun again,
so there is at most one such thread for each kind of job.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Callable

from ct0.errors import Error, Unavailable
from ct0_exporters.families import Family, Faulty, check_family


class Job:
    """One run of one collector. `success` is None where there is nothing of it on this host."""

    def __init__(self, name: str, work: Callable[[], Iterable[Family]]) -> None:
        self.name = name
        self.families: list[Family] = []
        self.success: bool | None = False
        self.reason = ""
        self.bug: Exception | None = None
        self.began = time.monotonic()
        self.seconds = 0.0
        self._work = work
        self._begun, self._done = threading.Event(), threading.Event()

    def run(self) -> None:
        self.began = time.monotonic()
        self._begun.set()
        try:
            # One by one: those it could make before it failed are good.
            for family in self._work():
                check_family(family)
                self.families.append(family)
            self.success = True
        except Unavailable as reason:
            # No right to read is worth an alert, a kernel without the file is not.
            self.success = False if isinstance(reason.__cause__, PermissionError) else None
            self.reason = str(reason)
        except (Error, Faulty, OSError, ImportError) as reason:
            self.reason = str(reason)
        except Exception as error:
            self.reason = f"{type(error).__name__}: {error}"
            self.bug = error
        finally:
            self.seconds = time.monotonic() - self.began
            self._done.set()

    @property
    def done(self) -> bool:
        return self._done.is_set()

    def wait(self, timeout: float) -> bool:
        """Whether it is done, at the latest so many seconds after it began."""
        if not self._begun.wait(timeout):
            return False
        return self._done.wait(max(0.0, self.began + timeout - time.monotonic()))


class Runner:
    """Runs jobs one after the other. Their thread stays: starting one for each costs more than
    many a collector."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Job] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: Job | None = None

    def submit(self, job: Job) -> None:
        with self._lock:
            if self._thread is None:
                self._start()
        self._queue.put(job)

    def leave(self, job: Job) -> None:
        """Go on without this job: if it is what the thread is at, another thread takes over."""
        with self._lock:
            if self._running is job:
                self._running = None
                self._start()

    def _start(self) -> None:
        # A daemon: Python must be able to exit while it hangs.
        self._thread = threading.Thread(target=self._work, name="collectors", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        while threading.current_thread() is self._thread:
            job = self._queue.get()
            self._running = job
            job.run()
            with self._lock:
                if self._running is job:
                    self._running = None
