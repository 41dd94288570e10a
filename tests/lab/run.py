"""One run of the lab: its prefix, its folder, its daemon's name, and its end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple, NoReturn

from . import cache
from .processes import start_time

PREFIX = "ct0l"
DAEMON = "ct0d"


class Run(NamedTuple):
    """What every container, mount, bridge and cgroup of a run is named after."""

    id: str
    folder: Path

    @property
    def prefix(self) -> str:
        """Starts every name the run gives, e.g. "ct0l3fa92c"."""
        return PREFIX + self.id

    @property
    def daemon(self) -> str:
        """The daemon's path, the same on CT0 and in every CT, e.g. "/usr/sbin/ct0d3fa92c"."""
        return f"/usr/sbin/{self.daemon_name}"

    @property
    def daemon_name(self) -> str:
        """Its name: at most 15 bytes, so that comm shows all of it."""
        return DAEMON + self.id

    def install_daemon(self, root: Path) -> None:
        """Put the daemon, a copy of sleep, into a root file system."""
        target = root / self.daemon.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2("/usr/bin/sleep", target)


@contextmanager
def lab_run() -> Iterator[Run]:
    """A run; whatever it left is removed at its end, also after Ctrl-C or SIGTERM.

    `owner` in the run's folder says who is alive behind it, so that cleaning up after killed runs
    spares this one.
    """
    from .leftovers import remove_run

    name = secrets.token_hex(3)
    folder = cache.folder() / "runs" / name
    folder.mkdir(parents=True, mode=0o711)
    run = Run(name, folder)
    (folder / "owner").write_text(f"{os.getpid()} {start_time(os.getpid())}\n", encoding="ascii")
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield run
    finally:
        signal.signal(signal.SIGTERM, before)
        remove_run(name)


def _terminate(number: int, frame: FrameType | None) -> NoReturn:
    # Python's default for SIGTERM dies at once and runs no finally: containers would stay. Not
    # SystemExit, which pytest takes for the failure of one test.
    raise KeyboardInterrupt(signal.Signals(number).name)
