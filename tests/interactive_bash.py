"""A real interactive bash on a terminal of its own: what is on its line after some keys."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

START, END = "\x01", "\x02"
# A key that tells what is on the line; nothing of it is run. No prompt, no bell.
SETTING = r"""
PS1=
bind 'set bell-style none'
bind -x '"\C-t": printf "\1%s\2" "$READLINE_LINE"'
printf '\1ready\2'
"""
SECONDS = 15.0


class Bash:
    """Ends with the `with` block. `startup` are lines it reads first."""

    def __init__(
        self,
        startup: str,
        folder: Path,
        environment: Mapping[str, str],
        line: Sequence[str] = ("bash",),
    ) -> None:
        (folder / "startup").write_text(startup + SETTING, encoding="ascii")
        self.ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*line, "--noprofile", "--rcfile", "startup", "-i"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=folder,
            env={"TERM": "dumb", "LC_ALL": "C.UTF-8", **environment},
            start_new_session=True,
        )
        os.close(theirs)
        self.told()

    def __enter__(self) -> Bash:
        return self

    def __exit__(self, *ended: object) -> None:
        os.close(self.ours)  # a hang-up ends it
        self.process.wait(SECONDS)

    def line(self, keys: str) -> str:
        """What is on the line after these keys, with the line empty again afterwards."""
        os.write(self.ours, keys.encode() + b"\x14")
        shown = self.told()
        os.write(self.ours, b"\x05\x15")
        return shown

    def told(self) -> str:
        """What comes between the two marks next."""
        text, deadline = "", time.monotonic() + SECONDS
        while END not in text:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.ours], [], [], left)[0]:
                raise TimeoutError(f"bash said only {text!r}")
            text += os.read(self.ours, 1).decode("latin-1")
        return text.rpartition(END)[0].rpartition(START)[2].encode("latin-1").decode()
