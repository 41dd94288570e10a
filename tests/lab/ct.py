"""What every container of the lab can do, whatever its engine."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from .command import LabError, attempt, wait_for
from .processes import named, namespace

# The daemon's parent ends at once, so that the CT's PID 1 adopts it: an ordinary daemon.
DETACHED = 'setsid "$0" "$@" </dev/null >/dev/null 2>&1 &'


class CT:
    """A running container.

    engine      as ct0 calls it: "lxc", "docker", …
    ctid        as the engine writes it: a name, a number, 64 hex digits
    name        what the lab named it; starts with the run's prefix
    init        PID of its first process on CT0
    places      where the engine usually keeps its files -> where this run's engine keeps them
    host        what a command on its CT0 begins with; nothing where the tests run there
    """

    def __init__(
        self,
        engine: str,
        ctid: str,
        name: str,
        init: int,
        enter: Sequence[str],
        places: Mapping[str, str] | None = None,
    ) -> None:
        self.engine = engine
        self.ctid = ctid
        self.name = name
        self.init = init
        self.places = dict(places or {})
        self.enter = list(enter)
        self.host: list[str] = []
        self._namespace = namespace(init)

    def __repr__(self) -> str:
        return f"<{self.engine} CT {self.ctid}>"

    def run(self, argv: Sequence[str], timeout: float = 60) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return it, whatever its exit status."""
        done = attempt([*self.enter, *argv], timeout=timeout)
        for _ in range(5):
            if "Failed to rexec as memfd" not in done.stderr:
                break
            # lxc-attach first makes a copy of itself in memory, which now and then is "busy".
            time.sleep(0.2)
            done = attempt([*self.enter, *argv], timeout=timeout)
        return done

    def belongs(self, pid: int) -> bool:
        """Whether a process on CT0 is this CT's own; a CT nested in it is somebody else."""
        return bool(self._namespace) and namespace(pid) == self._namespace

    def pids(self, name: str) -> list[int]:
        """PIDs on CT0, ascending, of this CT's processes whose comm or executable is `name`."""
        return [pid for pid in named(name) if self.belongs(pid)]

    def start_daemon(self, path: str, argv: Sequence[str] = ("86400",)) -> int:
        """Start `path` inside as a daemon and return its PID on CT0."""
        name = path.rpartition("/")[2]
        before = set(self.pids(name))
        done = self.run(["/bin/sh", "-c", DETACHED, path, *argv])
        if done.returncode != 0:
            raise LabError(f"{self!r}: cannot start {path}: {done.stderr.strip()}")
        wait_for(f"{self!r}: {path} to run", lambda: bool(set(self.pids(name)) - before), 15)
        return min(set(self.pids(name)) - before)

    def copy_in(self, source: Path | str, target: str) -> None:
        """Copy a file or a folder to an absolute path inside, as the CT sees that path."""
        place = Path(f"/proc/{self.init}/root") / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if Path(source).is_dir():
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, place)

    def write(self, target: str, text: str) -> None:
        """Write a text file to an absolute path inside."""
        place = Path(f"/proc/{self.init}/root") / target.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def stop(self) -> None:
        """Stop the CT; its context manager does so too, and twice is no fault."""
        raise NotImplementedError(f"{self.engine} says how a CT is stopped")
