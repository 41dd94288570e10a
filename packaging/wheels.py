"""Fetch the wheels that ct0-audit carries, as wheels.txt names them, and no others.

    python3 packaging/wheels.py FOLDER [PIP-OPTION ...]

What lies in FOLDER already is not fetched again; every one is held to its sum. pip's own options
and settings say where from, e.g. --no-index --find-links DIR for a build without a network.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

LIST = Path(__file__).with_name("wheels.txt")
PLATFORMS = ("manylinux2014_x86_64", "manylinux_2_17_x86_64")


class Wheel(NamedTuple):
    python: str
    release: str
    sum: str


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    folder, options = Path(arguments[0]), arguments[1:]
    folder.mkdir(parents=True, exist_ok=True)
    wanted = read_list(LIST.read_text(encoding="ascii"))
    there = {sum_of(path) for path in folder.glob("*.whl")}
    for wheel in wanted:
        if wheel.sum not in there and not fetch(wheel, folder, options):
            return 1
    sums = {wheel.sum for wheel in wanted}
    strange = [path for path in sorted(folder.glob("*.whl")) if sum_of(path) not in sums]
    for path in strange:
        print(f"{path}: not in {LIST.name}: take it away", file=sys.stderr)
    return 1 if strange else 0


def read_list(text: str) -> list[Wheel]:
    lines = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return [Wheel(python, release, sum) for python, release, sum in lines]


def fetch(wheel: Wheel, folder: Path, options: list[str]) -> bool:
    digits = wheel.python.replace(".", "")
    argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    argv += ["--no-deps", "--only-binary=:all:", "--require-hashes", "--dest", str(folder)]
    argv += ["--implementation=cp", "--abi=abi3", f"--abi=cp{digits}", "--python-version", digits]
    argv += [f"--platform={platform}" for platform in PLATFORMS]
    with TemporaryDirectory() as scratch:
        needs = Path(scratch) / "needs.txt"
        needs.write_text(f"{wheel.release} --hash={wheel.sum}\n", encoding="ascii")
        argv += ["--requirement", str(needs), *options]
        return subprocess.run(argv, check=False).returncode == 0


def sum_of(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
