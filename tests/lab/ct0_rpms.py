"""Our RPMs, built in the root that builds the Debian packages, whatever this machine has.

    python -m tests.lab.ct0_rpms build/packages

`built()` is the folder of packages, from the lab's cache or made now: it is keyed by what goes in.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from . import cache
from .command import LabError
from .ct0_debs import BUILD_ROOT, copied, digest, inside, wheels, write_tree
from .overlay import root_of
from .recipes import rootfs
from .run import lab_run

RPM = Path(__file__).parents[2] / "packaging/rpm"
DATE = "1767225600"  # not the last commit's: that must not build the same sources again


def built(version: str | None = None) -> Path:
    """The folder with ct0-*.noarch.rpm and others, of this checkout or called another release."""
    with TemporaryDirectory(prefix="ct0-rpms-") as scratch:
        tree = Path(scratch) / "ct0"
        write_tree(tree, version)
        recipe = f"{BUILD_ROOT} {digest(tree)}"
        return cache.built("ct0-rpms", recipe, lambda target: build(tree, target))


def build(tree: Path, target: Path) -> None:
    with lab_run() as run, root_of(run, f"{run.prefix}-rpms", rootfs(BUILD_ROOT)) as root:
        there = root / "build"
        shutil.copytree(tree, there / "ct0", symlinks=True)
        shutil.copytree(wheels(), there / "wheels")
        words = [f"SOURCE_DATE_EPOCH={DATE}", "python3", "ct0/packaging/rpm/build.py"]
        words += ["--tree", "ct0", "--wheels", "wheels"]
        done = inside(root, [*words, "out"], cwd="/build")
        if done.returncode:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-30:])
            raise LabError(f"rpmbuild: exit {done.returncode}:\n{said}")
        shutil.copytree(there / "out", target)


def main(arguments: list[str]) -> int:
    by_hand = "packaging/rpm/build.py --wheels DIR where rpmbuild is installed"
    return copied(arguments, __doc__, by_hand, built, ".rpm")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
