"""RPMs of this checkout: writes OUTDIR/*.rpm, the source package among them.

    python3 packaging/rpm/build.py OUTDIR                  in the lab's root, as root
    python3 packaging/rpm/build.py --wheels DIR OUTDIR     by this machine's own rpmbuild

The same sources give the same bytes: the day is $SOURCE_DATE_EPOCH's, or the last commit's.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tarfile
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGING = Path(__file__).parents[1]
sys.path.insert(0, str(PACKAGING))

from entry_points import release  # noqa: E402

VERSION = re.compile(r'^__version__ = "(.*)"$', re.M)
SPEC = Path(__file__).with_name("ct0.spec")


def main(arguments: list[str]) -> int:
    options = parser().parse_args(arguments)
    if options.wheels is None:
        if os.geteuid() != 0:
            print("build.py: not root, for a root to build in: see --wheels", file=sys.stderr)
            return 1
        words = [sys.executable, "-m", "tests.lab.ct0_rpms", str(options.out.resolve())]
        return subprocess.run(words, cwd=PACKAGING.parent, check=False).returncode
    if shutil.which("rpmbuild") is None:
        print("build.py: no rpmbuild here: install it, or leave --wheels out", file=sys.stderr)
        return 1
    if options.tree is not None:
        return build(options.tree, options.wheels, options.out)
    with TemporaryDirectory(prefix="ct0-rpm-") as folder:
        tree = Path(folder) / "tree"
        words = [sys.executable, str(PACKAGING / "build.py"), "--tree", str(tree)]
        subprocess.run([*words, "--version", options.version], check=True)
        return build(tree, options.wheels, options.out)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="build.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("out", type=Path, metavar="OUTDIR")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="tree-sitter's wheels")
    parser.add_argument("--tree", type=Path, metavar="DIR", help="a source tree, made before")
    parser.add_argument(
        "--version", default=release(), help="another release, to try an upgrade (%(default)s)"
    )
    return parser


def build(tree: Path, wheels: Path, out: Path) -> int:
    """The packages of a source tree; returns rpmbuild's exit status."""
    found = VERSION.search((tree / "core/ct0/__init__.py").read_text(encoding="utf-8"))
    assert found is not None
    version = found[1]
    date = int(os.environ.get("SOURCE_DATE_EPOCH") or last_commit())
    with TemporaryDirectory(prefix="ct0-rpmbuild-") as folder:
        sources = Path(folder) / "SOURCES"
        sources.mkdir()
        pack(sources / f"ct0-{version}.tar.gz", tree, f"ct0-{version}", date)
        pack(sources / "ct0-wheels.tar.gz", wheels, ".", date)
        spec = Path(folder) / SPEC.name
        spec.write_text(dated(SPEC.read_text(encoding="utf-8"), version, date), encoding="utf-8")
        # --nodeps: on Debian rpm's database has nothing, whatever there is.
        argv = ["rpmbuild", "-ba", "--nodeps", "--quiet", "--define", f"_topdir {folder}"]
        argv += ["--define", "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm"]
        # The changelog's date counts: the source package is built again without this program.
        environment = {k: v for k, v in os.environ.items() if k != "SOURCE_DATE_EPOCH"}
        done = subprocess.run([*argv, str(spec)], check=False, env=environment)
        if done.returncode == 0:
            out.mkdir(parents=True, exist_ok=True)
            for package in sorted(Path(folder).glob("*RPMS/**/*.rpm")):
                shutil.copy2(package, out)
                print(out / package.name)
        return done.returncode


def dated(spec: str, version: str, date: int) -> str:
    """The spec with core's version in the place of 0, and the sources' date."""
    release = rpm_version(version)
    day = datetime.fromtimestamp(date, timezone.utc).strftime("%a %b %d %Y")
    spec = re.sub(r"(?m)^(Version: +)0$", rf"\g<1>{release}", spec)
    spec = spec.replace("ct0-%{version}", f"ct0-{version}")
    return re.sub(r"(?m)^\* \w+ \w+ \d+ \d+ (.*) - 0-1$", rf"* {day} \g<1> - {release}-1", spec)


def rpm_version(version: str) -> str:
    """A pre-release sorts before its release: "1.0rc1" is 1.0~rc1."""
    return re.sub(r"\.?(dev|a|b|rc)(\d+)$", r"~\1\2", version)


def pack(target: Path, folder: Path, name: str, date: int) -> None:
    """A tar of a folder that is the same for the same files, wherever they were."""

    def same(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        member.mtime = date
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    plain = target.with_suffix("")
    with tarfile.open(plain, "w", format=tarfile.GNU_FORMAT) as archive:
        archive.add(folder, name, filter=same)  # in the order of their names
    subprocess.run(["gzip", "--no-name", str(plain)], check=True)


def last_commit() -> str:
    asked = ["git", "-C", str(PACKAGING), "log", "-1", "--format=%ct"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
