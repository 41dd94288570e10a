"""A recorded host as a target: the real commands run, and see its files instead of this machine's.

Rights of another user and another head or ls are the lab's to try.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ct0_suites.transport import TIMEOUT, Local, Output

# Not those of the shell itself: /proc/self, /proc/sys/kernel/random.
PATHS = re.compile(
    r"(?<![\w.$*\]/])/(?=proc/(?:\[|stat|uptime|mounts|filesystems)|(?:etc|var|run|vz|sys|home)/)"
)


class Recorded:
    """`commands` are those that ran."""

    def __init__(self, root: Path) -> None:
        self.root = str(root)
        self.commands: list[str] = []

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        self.commands.append(command)
        here = PATHS.sub(self.root + "/", command)
        said = Local().run(here, stdin, timeout)
        return said._replace(stdout=said.stdout.replace(os.fsencode(self.root), b""))
