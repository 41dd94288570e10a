"""The checks as pip installs them: packages with their byte code, and a script for each command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from bench.scene import ROOT

# Word for word what pip writes, with the folder put where site-packages would be.
SCRIPT = """\
#!{python}
# -*- coding: utf-8 -*-
import re
import sys
sys.path.insert(0, {folder!r})
from ct0_checks.procs import command
if __name__ == '__main__':
    sys.argv[0] = re.sub(r'(-script\\.pyw|\\.exe)?$', '', sys.argv[0])
    sys.exit(command())
"""


def install_checks(folder: Path, python: str) -> Path:
    """Install check_procs below `folder` and return the script's path."""
    packages = folder / "packages"
    for package in ("core/ct0", "checks/ct0_checks"):
        shutil.copytree(
            ROOT / package, packages / Path(package).name, ignore=shutil.ignore_patterns("__py*")
        )
    compile_all = ["-m", "compileall", "-q", str(packages)]
    subprocess.run([python, *compile_all], check=True, stdout=subprocess.DEVNULL)
    script = folder / "check_procs"
    script.write_text(SCRIPT.format(python=python, folder=str(packages)), encoding="utf-8")
    script.chmod(0o755)
    return script
