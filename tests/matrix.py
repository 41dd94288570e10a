"""The unit tests on every Python 3.9 to 3.13 that this machine has, beside the one in use.

Interpreters are looked for on PATH and where version managers keep theirs. Each gets a virtual
environment below .venv, made once. The lowest must pass; a version that is not there is named.
What runs on the lowest and the highest runs between as well: there core is tried, that each shim
starts, and what it finds on recorded hosts.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PLACES = ("~/.pyenv/versions/{}.*/bin/python3", "~/.local/share/uv/python/cpython-{}.*/bin/python3")
BETWEEN = ("tests/core", "tests/shims/test_lean.py", "tests/shims/test_recorded_hosts.py")
TESTS = ("tests/core", "tests/shims", "tests/checks")
# These run ours as installed, or as other users, who reach no interpreter below somebody's home.
LEFT_OUT = [
    f"--ignore-glob=*/{name}"
    for name in ("test_drop_in_*", "procs/test_live.py", "test_reader.py", "monitoring/*")
]
ROOT = Path(__file__).parent.parent
# A process table of its own, with a PID 1 that reaps what the tests leave behind.
ALONE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
REAPER = ("sh", "-c", '"$@"; exit $?', "sh")
AT_ONCE_IS_SAFE = os.geteuid() == 0 and shutil.which("unshare") is not None


def found() -> dict[str, str]:
    """Version -> interpreter."""
    interpreters = {}
    for version in VERSIONS:
        on_path = shutil.which(f"python{version}")
        stored = [
            path
            for place in PLACES
            for path in sorted(glob.glob(os.path.expanduser(place.format(version))))
        ]
        for path in [*stored, on_path]:
            if path and runs(path, version):
                interpreters[version] = path
                break
    return interpreters


def runs(python: str, version: str) -> bool:
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    run = subprocess.run([python, "-c", ask], capture_output=True, text=True, check=False)
    return run.returncode == 0 and run.stdout.strip() == version


def prepared(version: str, python: str) -> Path:
    """The version's virtual environment with what the tests need."""
    folder = ROOT / ".venv" / "matrix" / version
    ready = folder / "ready-for-plugins"
    if not ready.exists():
        subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin/python"), "-m", "pip", "install", "-q"]
        subprocess.run(
            [*pip, "--disable-pip-version-check", "hypothesis>=6.100", "nagiosplugin", "pytest>=8"],
            check=True,
        )
        ready.touch()
    return folder / "bin/python"


def tested(version: str, python: str, tests: Sequence[str]) -> tuple[bool, str]:
    """(passed, what to print) of one version's run."""
    start = time.monotonic()
    # Side by side, each in a process table of its own: the tests look for their daemons by name.
    run = subprocess.run(
        [*alone(), str(prepared(version, python)), "-m", "pytest", "-q", "-x"]
        + ["-m", "not (lab or machine or quiet)", *LEFT_OUT, *tests],
        cwd=ROOT,
        # The whole suite sees to what is skipped.
        env={**os.environ, "CT0_NO_SKIP": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    closing = run.stdout.strip().rpartition("\n")[2].strip("= ")
    said = f"Python {version}: {closing} ({time.monotonic() - start:.0f} s)"
    return run.returncode == 0, said if run.returncode == 0 else f"{run.stdout}{run.stderr}{said}"


def alone() -> tuple[str, ...]:
    """What a command is put behind to see its own processes alone, where that can be."""
    return (*ALONE, *REAPER) if AT_ONCE_IS_SAFE else ()


def others() -> dict[str, str]:
    """Version -> interpreter of those found, without the one in use: the whole suite runs on it."""
    used = "{}.{}".format(*sys.version_info[:2])
    return {version: python for version, python in found().items() if version != used}


def ends(interpreters: Collection[str]) -> list[str]:
    """The lowest and the highest version."""
    by_age = sorted(interpreters, key=VERSIONS.index)
    return by_age[:1] + by_age[1:][-1:]


def missing(interpreters: Collection[str]) -> str:
    """Which of the versions are not there, as a line; empty when all are."""
    used = "{}.{}".format(*sys.version_info[:2])
    absent = [version for version in VERSIONS if version not in interpreters and version != used]
    return f"Python {', '.join(absent)}: not found, not tested here\n" if absent else ""


def main(chosen: Sequence[str]) -> int:
    interpreters = others()
    if not chosen:
        print(missing(interpreters), end="", flush=True)
    absent = [version for version in chosen if version not in interpreters]
    if absent:
        print(f"{absent[0]}: there are {', '.join(interpreters) or 'none'}", file=sys.stderr)
        return 2
    versions = [version for version in interpreters if version in (chosen or interpreters)]
    # Two at a time: most of it is waiting for processes.
    with ThreadPoolExecutor(2 if AT_ONCE_IS_SAFE else 1) as pool:
        whole = ends(interpreters)
        which = [TESTS if version in whole else BETWEEN for version in versions]
        pythons = [interpreters[version] for version in versions]
        results = list(pool.map(tested, versions, pythons, which))
    for passed, text in results:
        print(text, file=sys.stdout if passed else sys.stderr, flush=True)
    return 0 if all(passed for passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
