"""Reading a file of /proc that may never be read.

The command line of a process is read out of its memory, and a container's may lie in a file of its
own file system (FUSE) that does not answer. A thread can be left behind in that; it ends with us.
"""

from __future__ import annotations

import _thread

from ct0.process import read_at


class Late(Exception):
    """It was not read in time."""


class Reader:
    """Reads in a thread, and in another one once that did not come back."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def read(self, folder: int, path: str) -> bytes:
        """Raises OSError as read_at does, and Late."""
        done = _thread.allocate_lock()
        done.acquire()
        found: list[bytes | OSError] = []

        def work() -> None:
            try:
                found.append(read_at(folder, path))
            except OSError as error:
                found.append(error)
            finally:
                done.release()

        _thread.start_new_thread(work, ())
        if not done.acquire(timeout=self.seconds):
            raise Late(path)
        answer = found[0]
        if isinstance(answer, OSError):
            raise answer
        return answer
