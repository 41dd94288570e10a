"""Debian packages of this checkout: writes a source tree, and builds it where debhelper is.

    python3 packaging/build.py --wheels FOLDER OUT     builds OUT/*.deb
    python3 packaging/build.py --tree DIR              writes the source tree alone

The build needs what packaging/debian/control asks for, and no network: the wheels are those that
packaging/wheels.py fetches. The same sources give the same bytes: files' dates are the changelog's,
which is $SOURCE_DATE_EPOCH, or the last commit's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate
from pathlib import Path

from entry_points import ROOT, release

SOURCES = (
    *("CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml"),
    *("audit", "checks", "core", "docs", "exporters", "packaging", "shims", "tests/infra"),
)
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "images", ".*")


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    if options.tree is not None:
        write_tree(options.tree, options.version)
        return 0
    if options.out is None or options.wheels is None:
        raise SystemExit("build.py: where to? give --wheels FOLDER OUT, or --tree DIR")
    if shutil.which("dpkg-buildpackage") is None:
        raise SystemExit("build.py: no dpkg-buildpackage: apt-get install debhelper dh-python")
    with tempfile.TemporaryDirectory(prefix="ct0-build-") as folder:
        tree = Path(folder) / "ct0"
        write_tree(tree, options.version)
        environment = {**os.environ, "CT0_WHEELS": str(options.wheels.resolve())}
        built = subprocess.run(BUILD, cwd=tree, env=environment, check=False)
        if built.returncode:
            return built.returncode
        options.out.mkdir(parents=True, exist_ok=True)
        for package in sorted(Path(folder).glob("*.deb")):
            shutil.copy2(package, options.out)
            print(options.out / package.name)
    return 0


BUILD = ("dpkg-buildpackage", "--build=binary", "--no-sign")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, nargs="?", metavar="OUT")
    parser.add_argument("--wheels", type=Path, metavar="FOLDER", help="tree-sitter's wheels")
    parser.add_argument("--tree", type=Path, metavar="DIR", help="write the source tree there")
    parser.add_argument(
        "--version", default=release(), help="another release, to try an upgrade (%(default)s)"
    )
    return parser


def debian_version(version: str) -> str:
    """A pre-release sorts before its release: "1.0rc1" is 1.0~rc1-1."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)$", r"~\1\2", version) + "-1"


def write_tree(tree: Path, version: str) -> None:
    """The sources as Debian wants them, of this release."""
    date = when()
    for name in SOURCES:
        source, target = ROOT / name, tree / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=IGNORED)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    (tree / "packaging/debian").rename(tree / "debian")
    says = tree / "core/ct0/__init__.py"
    text = says.read_text(encoding="utf-8").replace(f'"{release()}"', f'"{version}"')
    says.write_text(text, encoding="utf-8")
    maintainer = re.search(r"^Maintainer: (.*)$", (tree / "debian/control").read_text(), re.M)
    assert maintainer is not None
    (tree / "debian/changelog").write_text(
        f"ct0 ({debian_version(version)}) unstable; urgency=medium\n\n"
        f"  * Release {version}: /usr/share/doc/ct0/changelog.gz says what is new.\n\n"
        f" -- {maintainer[1]}  {formatdate(date)}\n",
        encoding="utf-8",
    )
    for path in tree.rglob("*"):
        os.utime(path, (date, date))  # dpkg-deb brings back to it what is later, not earlier


def when() -> float:
    """The date that all packaged files get, in seconds since 1970."""
    if os.environ.get("SOURCE_DATE_EPOCH"):
        return float(os.environ["SOURCE_DATE_EPOCH"])
    ask = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    try:
        said = subprocess.run(ask, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        said = ""
    return float(said) if said else time.time()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
