"""Real processes for the shims' tests: CT0's own under unique names, and a container's.

Only what was started here is ever signalled, by its PID.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CHECKOUT = Path(__file__).parent.parent
LAUNCHER = """#!{python} -IS
import sys
sys.path[:0] = {roots!r}
from ct0_shims.__main__ import main
sys.exit(main())
"""


class Ran(NamedTuple):
    status: int
    out: str
    err: str


class Daemons:
    """A folder of programs, the shims beside them, and whatever was started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shims = lay_out_shims(folder / "shims")
        self.started: list[subprocess.Popen[bytes]] = []

    def program(self, name: str) -> Path:
        """A copy of sleep(1) as FOLDER/NAME."""
        path = self.folder / name
        shutil.copy("/usr/bin/sleep", path)
        return path

    def script(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def start(self, *argv: str | Path, **options: object) -> int:
        """Start a process of CT0's own and wait until it runs its program, or did; its PID."""
        words = [str(word) for word in argv]
        if len(words) == 1:
            words.append("1000")
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, **options)  # type: ignore[call-overload]
        self.started.append(process)

        def has_begun() -> bool:
            cmdline = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            return cmdline.strip(b"\0") != b"" or state(process.pid) == "Z"

        wait_until(has_begun)
        return int(process.pid)

    def start_contained(self, program: Path) -> int:
        """The program as an ordinary process in a PID namespace of its own; its PID in CT0."""
        script = f"trap : TERM; {program} 1000 & while :; do wait; sleep 60; done"
        process = subprocess.Popen(
            ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "sh", "-c", script]
        )
        self.started.append(process)
        found: list[int] = []

        def seen() -> bool:
            found[:] = [
                int(entry.name)
                for entry in Path("/proc").iterdir()
                if entry.name.isdigit() and runs(entry, program) and outer(entry, process.pid)
            ]
            return bool(found)

        wait_until(seen)
        return found[0]

    def alive(self, pid: int) -> bool:
        for process in self.started:
            if process.pid == pid:
                return process.poll() is None
        return state(pid) not in "ZX-"

    def fate(self, pid: int) -> int | None:
        """The signal that ended a process started here, None for one that lives and that no signal
        is under way to."""
        process = next(process for process in self.started if process.pid == pid)
        deadline = time.monotonic() + 30
        while process.poll() is None:
            if state(pid) == "S" and not has_pending(pid):
                return None
            assert time.monotonic() < deadline, f"{pid} neither sleeps nor dies"
            time.sleep(0.002)
        return -process.returncode

    def died_of(self, pid: int) -> int:
        """The signal that ended a process started here."""
        process = next(process for process in self.started if process.pid == pid)
        return -process.wait(timeout=30)

    def run(self, command: str, *arguments: object, **options: object) -> Ran:
        words = [str(self.shims / command), *(str(word) for word in arguments)]
        if "user" in options and not is_everybodys(os.path.realpath(sys.executable)):
            words = ["/usr/bin/python3", "-IS", *words]
        return run(words, **options)

    def patch(self, command: str, *statements: str) -> None:
        """Run these Python statements each time before this one command."""
        place = self.shims / command
        place.unlink()
        lines = (self.folder / "ct0-shims").read_text().split("\n")
        place.write_text("\n".join([*lines[:3], *statements, *lines[3:]]))
        place.chmod(0o755)

    def reap(self, pid: int) -> int:
        """Let the process vanish when it dies, as init does with daemons; returns its PID."""
        process = next(process for process in self.started if process.pid == pid)
        threading.Thread(target=process.wait, daemon=True).start()
        return pid

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def state(pid: int) -> str:
    """The letter of /proc/PID/stat, "-" for who is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "-"


def has_pending(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().split("\n")
    except (FileNotFoundError, ProcessLookupError):
        return True
    return any(int(line[7:], 16) for line in lines if line[:7] in ("SigPnd:", "ShdPnd:"))


def is_everybodys(program: str) -> bool:
    """Whether another user reaches a program: version managers keep theirs below a home."""
    return all(parent.stat().st_mode & 0o001 for parent in Path(program).parents)


def run(words: list[str], **options: object) -> Ran:
    """Run a command to its end; standard error is a pipe, no terminal."""
    done = subprocess.run(  # type: ignore[call-overload]
        words, capture_output=True, text=True, timeout=60, check=False, **options
    )
    return Ran(done.returncode, done.stdout, done.stderr)


def run_on_terminal(words: list[str]) -> tuple[int, str]:
    """Run with standard error on a terminal: (exit status, what was written there)."""
    ours, theirs = os.openpty()
    try:
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=theirs, timeout=30)
        os.set_blocking(ours, False)
        try:
            return done.returncode, os.read(ours, 65536).decode().replace("\r\n", "\n")
        except BlockingIOError:
            return done.returncode, ""
    finally:
        os.close(ours)
        os.close(theirs)


def lay_out_shims(folder: Path) -> Path:
    """The shims as an installation lays them out: one file, and a link for each command."""
    from ct0_shims.commands import COMMANDS

    folder.mkdir()
    file = folder.parent / "ct0-shims"
    # The interpreter itself: a virtual environment's link would look for its environment.
    python = os.path.realpath(sys.executable)
    roots = [str(CHECKOUT / "core"), str(CHECKOUT / "shims")]
    file.write_text(LAUNCHER.format(python=python, roots=roots))
    file.chmod(0o755)
    for command in COMMANDS:
        (folder / command).symlink_to(file)
    return folder


def daemons(folder: Path) -> Iterator[Daemons]:
    """For a fixture: the daemons of one test, gone at its end."""
    stage = Daemons(folder)
    for above in (folder, *folder.parents):  # some are started as another user
        if above.stat().st_uid == os.geteuid() and str(above) not in ("/", "/tmp"):
            above.chmod(above.stat().st_mode | 0o011)
    try:
        yield stage
    finally:
        stage.stop()


def runs(entry: Path, program: Path) -> bool:
    try:
        return os.readlink(entry / "exe") == str(program)
    except OSError:
        return False


def outer(entry: Path, pid: int) -> bool:
    """Is `pid` the grandparent? (unshare, its init, the program)"""
    try:
        init = (entry / "stat").read_text().rpartition(")")[2].split()[1]
        parent = Path(f"/proc/{init}/stat").read_text().rpartition(")")[2].split()[1]
    except OSError:
        return False
    return int(parent) == pid


def wait_until(condition: object, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
