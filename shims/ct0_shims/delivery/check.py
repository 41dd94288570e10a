"""Whether `install` would change anything: what a configuration management asks before it acts."""

from __future__ import annotations

import os
from collections.abc import Collection

from ct0.errors import Unavailable
from ct0_shims.delivery import bundle, hooks
from ct0_shims.delivery.install import RHEL_FILE, cache_of, fixed
from ct0_shims.delivery.interpreter import tag_and_magic
from ct0_shims.delivery.manifest import changed, mark, read_manifest
from ct0_shims.delivery.tree import inside, read_file


def difference(root: str, python: str, commands: Collection[str]) -> str:
    """The first thing that is not as `install` would leave it, "" when all is. Writes nothing."""
    manifest = read_manifest(root)
    if not manifest.files:
        return "the shims are not installed"
    text = bundle.build(python)
    wanted = fixed(root, text, commands)
    for path, item in wanted.items():
        if path not in manifest.files:
            return f"{path} is not laid out"
        if mark(item.kind, item.content) not in manifest.files[path]:
            return f"{path} is of another release or for another Python"
    try:
        found = tag_and_magic(root, python)
    except Unavailable as error:
        return str(error)
    cache = cache_of(found[0]) if found else ""
    if found and not is_current(root, cache, text, found[1]):
        return f"{cache} is not of this release and this Python"
    for path, marks in manifest.files.items():
        if path not in wanted and path != cache:
            return f"{path} is not wanted any more"
        place = inside(root, path)
        if not os.path.lexists(place) or changed(root, path, marks) or len(marks) > 1:
            return f"{path} is missing or was changed"
        mode = wanted[path].mode if path in wanted else 0o644
        if not os.path.islink(place) and os.stat(place).st_mode & 0o7777 != mode:
            return f"{path} has not the mode {mode:o}"
    line = read_file(root, RHEL_FILE)
    if line is not None and hooks.RHEL_LINE.encode() not in line:
        return f"the hook {hooks.RHEL_FILE} is not active"
    return ""


def is_current(root: str, cache: str, text: str, magic: bytes) -> bool:
    """Whether the header of the byte code says that it is of this build and this interpreter."""
    number = text.partition('\nBUILD = "')[2].partition('"')[0].encode()
    data = read_file(root, cache) or b""
    return data.startswith(number + magic + b"%012d" % len(data))
