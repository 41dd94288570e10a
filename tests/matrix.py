"""The unit tests on every Python 3.9 to 3.13 that this machine has, beside the one in use.

Interpreters are looked for on PATH and where version managers keep theirs. Each gets a virtual
environment below .venv, made once. The lowest must pass; a version that is not there is named.
What runs on the lowest and the highest runs between as well, so that core and the shims alone are
tried there: those are what init scripts run.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")
PLACES = ("~/.pyenv/versions/{}.*/bin/python3", "~/.local/share/uv/python/cpython-{}.*/bin/python3")
LEAN = ("tests/core", "tests/shims")
TESTS = (*LEAN, "tests/checks")
# These run ours as installed, or as other users, who reach no interpreter below somebody's home.
LEFT_OUT = [
    f"--ignore-glob=*/{name}"
    for name in ("test_drop_in_*", "procs/test_live.py", "test_reader.py", "monitoring/*")
]
ROOT = Path(__file__).parent.parent
ALONE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")
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
    tests = [path for path in tests if (ROOT / path).is_dir()]
    # Side by side, each in a process table of its own: the tests look for their daemons by name.
    alone = [*ALONE, "sh", "-c", '"$@"; exit $?', "sh"] if AT_ONCE_IS_SAFE else []
    run = subprocess.run(
        [*alone, str(prepared(version, python)), "-m", "pytest", "-q", "-x"]
        + ["-m", "not lab", *LEFT_OUT, *tests],
        cwd=ROOT,
        # A process table of one's own has no kernel threads; the whole suite sees to those.
        env={**os.environ, "CT0_NO_SKIP": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    closing = run.stdout.strip().rpartition("\n")[2].strip("= ")
    said = f"Python {version}: {closing} ({time.monotonic() - start:.0f} s)"
    return run.returncode == 0, said if run.returncode == 0 else f"{run.stdout}{run.stderr}{said}"


def place(version: str) -> int:
    return VERSIONS.index(version)


def main() -> int:
    used = "{}.{}".format(*sys.version_info[:2])
    interpreters = found()
    missing = [version for version in VERSIONS if version not in interpreters and version != used]
    if missing:
        print(f"Python {', '.join(missing)}: not found on this machine, not tested here")
    interpreters.pop(used, None)  # the whole suite runs on it anyway
    # Two at a time: most of it is waiting for processes.
    with ThreadPoolExecutor(2 if AT_ONCE_IS_SAFE else 1) as pool:
        ends = (min(interpreters, key=place), max(interpreters, key=place)) if interpreters else ()
        which = [TESTS if version in ends else LEAN for version in interpreters]
        results = list(pool.map(tested, interpreters, interpreters.values(), which))
    for passed, text in results:
        print(text, file=sys.stdout if passed else sys.stderr, flush=True)
    return 0 if all(passed for passed, _ in results) else 1


if __name__ == "__main__":
    sys.exit(main())
