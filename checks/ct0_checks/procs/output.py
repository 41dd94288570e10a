"""What check_procs says, and its time limit: without the layer of the other plugins, for speed."""

from __future__ import annotations

import os

from ct0_checks.procs.verdict import CRITICAL


class Output:
    """What is said, at once and at the end, or nothing of it but that time is over."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.over = False
        self.limits = 0

    def say(self, text: str) -> None:
        self.texts.append(text)

    def flush(self) -> None:
        self.over = True
        write(1, "".join(self.texts))
        self.texts.clear()

    def limit(self, seconds: int) -> None:
        """From now on, instead of any limit before; 0 for none.

        A thread and no alarm: a signal's handler waits for a read that does not come back.
        """
        self.limits += 1
        mine = self.limits
        if seconds <= 0:
            return
        import _thread
        from time import sleep

        def give_up() -> None:
            sleep(seconds)
            if not self.over and mine == self.limits:
                write(1, f"CRITICAL - Plugin timed out after {seconds} seconds\n")
                os._exit(CRITICAL)

        _thread.start_new_thread(give_up, ())


def write(descriptor: int, text: str) -> None:
    left = text.encode("utf-8", "surrogateescape")
    try:
        while left:
            left = left[os.write(descriptor, left) :]
    except OSError:
        pass  # the reader left, or there is none: the exit status still tells
