"""What was laid out on a host, so that exactly that can be taken back: /usr/lib/ct0/shims.manifest.

    {"files": {"/usr/lib/ct0/shims/pidof": ["link:../ct0-shims"], ...},
     "folders": ["/usr/lib/ct0", ...], "line": true,
     "diversions": {"/usr/bin/pidof": {"by": "dpkg", "was": "link:/sbin/killall5"}, ...}}

A file's marks are the sums of the contents it may have; two while an installation is under way.
"was" is the mark of the incumbent in whose place the shim was put last.
"""

from __future__ import annotations

import hashlib
import json
import os

from ct0.errors import Malformed
from ct0_shims.delivery.tree import inside, read_file, without_links, write_file

PATH = "/usr/lib/ct0/shims.manifest"


class Manifest:
    __slots__ = ("diversions", "files", "folders", "line")

    def __init__(self) -> None:
        self.files: dict[str, list[str]] = {}
        self.folders: list[str] = []
        self.diversions: dict[str, dict[str, str]] = {}
        self.line = False  # whether RHEL's /etc/sysconfig/init got its line


def read_manifest(root: str) -> Manifest:
    """The manifest of this root, an empty one where nothing was laid out. Raises Malformed."""
    manifest = Manifest()
    data = read_file(root, PATH)
    if data is None:
        return manifest
    try:
        record = json.loads(data)
        manifest.files = {str(path): list(marks) for path, marks in record["files"].items()}
        manifest.folders = [str(folder) for folder in record["folders"]]
        manifest.line = bool(record["line"])
        for path, about in record.get("diversions", {}).items():
            place = without_links(root, str(path))  # /bin may have become a link to usr/bin
            manifest.diversions[place] = {"by": str(about["by"]), "was": str(about["was"])}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed(PATH, data.decode("utf-8", "replace")) from error
    return manifest


def write_manifest(root: str, manifest: Manifest) -> None:
    record = {
        "files": manifest.files,
        "folders": manifest.folders,
        "line": manifest.line,
        "diversions": manifest.diversions,
    }
    write_file(root, PATH, json.dumps(record, indent=1).encode() + b"\n", 0o644)


def mark(kind: str, data: bytes) -> str:
    return "link:" + data.decode() if kind == "link" else hashlib.sha256(data).hexdigest()


def changed(root: str, path: str, marks: list[str]) -> bool:
    """Is what lies there something else than was laid out? A missing file is not."""
    place = inside(root, path)
    if os.path.islink(place):
        return mark("link", os.fsencode(os.readlink(place))) not in marks
    data = read_file(root, path)
    return data is not None and mark("file", data) not in marks
