"""Running the lab's commands: a fixed PATH, a clean environment, and one line when one fails."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence

# Not the caller's PATH: version managers and wrappers put their own docker, lxc or python3 first.
SYSTEM_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class LabError(Exception):
    """The lab itself cannot do what was asked; the text is one line and says what to do."""


def clean_environment() -> dict[str, str]:
    """What a process started by the lab sees; the caller's variables never reach a container."""
    return {"PATH": SYSTEM_PATH, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "dumb"}


def system_environment() -> dict[str, str]:
    """The caller's environment (proxies, certificates) for programs that download."""
    return {
        **os.environ,
        "PATH": SYSTEM_PATH,
        "LC_ALL": "C.UTF-8",
        "DEBIAN_FRONTEND": "noninteractive",
    }


def attempt(
    argv: Sequence[str],
    *,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    input: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end and return it, whatever its exit status.

    Raises LabError when it does not exist or does not end within `timeout` seconds.
    """
    try:
        return subprocess.run(
            argv,
            input="" if input is None else input,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=clean_environment() if env is None else env,
            check=False,
        )
    except FileNotFoundError as reason:
        raise LabError(f"{argv[0]}: no such command; install the lab's packages") from reason
    except subprocess.TimeoutExpired as reason:
        raise LabError(f"{' '.join(argv)}: no end after {timeout:g} s") from reason


def call(
    argv: Sequence[str],
    *,
    timeout: float = 60,
    env: Mapping[str, str] | None = None,
    input: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Like attempt, and raise LabError with the last line it said when it fails."""
    done = attempt(argv, timeout=timeout, env=env, input=input)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise LabError(f"{' '.join(argv)}: exit {done.returncode}: {said}")
    return done


def wait_for(what: str, ready: Callable[[], bool], timeout: float = 30) -> None:
    """Poll until `ready` is true; LabError with `what` after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > deadline:
            raise LabError(f"{what}: not within {timeout:g} s")
        time.sleep(0.05)
