"""Where rpm keeps the programs there are no diversions: an upgrade writes over the shim.

The package's program is kept beside it, and whatever rpm puts in the shim's place later is the
newer one: `ct0 shims divert --again` moves it there in turn. Our package's trigger calls that.
"""

from __future__ import annotations

import os

from ct0.errors import Unavailable

NAME = "rpm"


def kept(path: str) -> str:
    return f"{path}.ct0-real"


def owns(root: str, path: str) -> bool:
    """Whether an installed package has this file, by any name. Raises Unavailable."""
    import subprocess

    below = [] if root == "/" else ["--root", root]
    argv = ["rpm", *below, "--query", "--file", path]
    try:
        run = subprocess.run(
            argv, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except FileNotFoundError:
        return False  # no rpm here
    if run.returncode == 0:
        return True
    said = (run.stdout + run.stderr).decode("utf-8", "replace")
    if "is not owned by any package" in said or "No such file or directory" in said:
        return False
    raise Unavailable(f"rpm --query --file {path}: {' '.join(said.split())[:200]}")
