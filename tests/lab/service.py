"""The engines' own daemons, started privately for one run: dockerd, containerd, lxd."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .command import LabError, clean_environment, wait_for


@contextmanager
def service(
    argv: Sequence[str],
    log: Path,
    ready: Callable[[], bool],
    env: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Iterator[int]:
    """Run a daemon until the end of the block; yields its PID once `ready`.

    Detached: Ctrl-C at the terminal must reach the tests, not the engine they are
    still going to tell to remove its containers.
    """
    with log.open("ab") as file:
        try:
            process = subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env={**clean_environment(), **(env or {})},
                start_new_session=True,
            )
        except FileNotFoundError as reason:
            raise LabError(f"{argv[0]}: no such command; install the lab's packages") from reason
    try:
        wait_for(
            f"{argv[0]} to answer (log: {log})",
            lambda: process.poll() is not None or ready(),
            timeout,
        )
        if process.poll() is not None:
            last = (log.read_text(encoding="utf-8", errors="replace").splitlines() or ["no log"])[
                -1
            ]
            raise LabError(f"{argv[0]}: exit {process.returncode}: {last}")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
