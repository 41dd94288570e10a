"""Lay the packages' files out below a build root: %install of ct0.spec.

    python3 packaging/rpm/install.py --site DIR --units DIR --wheels DIR BUILDROOT LISTS

LISTS/ct0, LISTS/ct0-shims ... are what %files reads of each package. What lies where is
packaging/layout.py's to say; here it is made fit for rpm: the Python that scripts run on is the one
that choose-python finds.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

HERE = Path(__file__).parent
LAYOUT = HERE.parent / "layout.py"
LIB = "usr/lib/ct0"
MAN = "usr/share/man"
PYTHON = f"/{LIB}/venv/bin/python3"
OURS = {"choose-python": "ct0", "renew-shims": "ct0-shims"}
SHEBANG = re.compile(rb"^#!/usr/bin/python3\b")
# Folders that are nobody else's, so that they go with the last of their packages.
OWN = re.compile(rf"{LIB}(/.*)?|usr/share/doc/ct0[^/]*(/.*)?")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="install.py")
    for name in ("--site", "--units", "--wheels"):
        parser.add_argument(name, required=True)
    parser.add_argument("buildroot", type=Path)
    parser.add_argument("lists", type=Path)
    options = parser.parse_args(arguments)
    options.lists.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as scratch:
        where = ["--site", options.site, "--units", options.units, "--wheels", options.wheels]
        subprocess.run([sys.executable, str(LAYOUT), *where, scratch], check=True)
        for package in sorted(Path(scratch).iterdir()):
            for name in [name for name, owner in OURS.items() if owner == package.name]:
                copy(HERE / name, package / LIB / name)
            lines = sorted(listed(package))
            (options.lists / package.name).write_text("\n".join(lines) + "\n", encoding="ascii")
            for path in sorted(package.rglob("*")):
                if path.is_file():
                    copy(path, options.buildroot / path.relative_to(package))
    for page in (options.buildroot / MAN).glob("man*/*"):
        page.with_name(f"{page.name}.gz").write_bytes(gzip.compress(page.read_bytes(), mtime=0))
        page.unlink()
    ghost = options.buildroot / PYTHON[1:]
    ghost.parent.mkdir(parents=True)
    ghost.symlink_to("../../../../bin/python3")
    return 0


def copy(source: Path, target: Path) -> None:
    """A file with its rights; a script's first line names our Python."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    data = target.read_bytes()
    if SHEBANG.match(data):
        target.write_bytes(SHEBANG.sub(f"#!{PYTHON}".encode(), data))


def listed(package: Path) -> Iterator[str]:
    """The lines of %files."""
    for path in package.rglob("*"):
        name = str(path.relative_to(package))
        if path.is_dir():
            if OWN.fullmatch(name):
                yield f"%dir /{name}"
        elif name.startswith(MAN):
            yield f"/{name}.gz"
        elif name.startswith("usr/share/doc/"):
            yield f"%doc /{name}"
        else:
            yield f"/{name}"
    if package.name == "ct0":
        yield from (f"%ghost %dir /{LIB}/venv{below}" for below in ("", "/bin"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
