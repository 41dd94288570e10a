"""The shims as an installation lays them out: one file, its byte code beside it, a link each.

Below a folder of our own; nothing of the system's is touched.
"""

from __future__ import annotations

from pathlib import Path

from ct0_shims.commands import COMMANDS
from ct0_shims.delivery import bundle, contents, interpreter


def lay_out(folder: Path, python: str) -> Path:
    """Lay the shims out below `folder` and return the folder of links to call them by."""
    text = bundle.build(python)
    file = folder / "ct0-shims"
    file.write_text(text, encoding="utf-8", errors="surrogateescape")
    file.chmod(0o755)
    made = interpreter.byte_code("/", python, text)
    if made is not None:
        tag, code = made
        cache = folder / f"ct0-shims.{tag}.cache"
        cache.write_bytes(code)
        cache.chmod(0o644)
    links = folder / "shims"
    links.mkdir()
    for command in COMMANDS:
        if f"ct0_shims.{command}" in contents.sources():
            (links / command).symlink_to("../ct0-shims")
    return links
