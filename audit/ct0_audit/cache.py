"""What was judged before need not be parsed again.

Kept by what was judged: the text itself, its place and kind, the rules and what the host has. A
file's time can be set back and a file replaced while it is read; its content cannot lie. The files
are read on every run all the same: it is the parsing that takes the time.

/var/cache/ct0/audit/ROOT.json, in a folder of root's that nobody else may enter.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Callable

from ct0.host import Host
from ct0_audit.facts import Facts
from ct0_audit.records import Edit, Finding, Place, Selector, Snippet

FOLDER = "/var/cache/ct0/audit"
LARGEST = 64 << 20  # bytes of the file


class Cache:
    """`folder` None: nothing is kept. What cannot be read or written is no error: it is slower."""

    def __init__(self, folder: str | None, host: Host | None = None) -> None:
        self.folder = folder
        self.file = ""
        if folder is not None:
            root = (host or Host()).root
            self.file = f"{hashlib.sha256(os.fsencode(root)).hexdigest()[:16]}.json"
        self.known: dict[str, list[Finding]] = {}
        self.used: dict[str, list[Finding]] = {}
        self.basis = ""
        self.changed = False

    def open(self, facts: Facts) -> None:
        """Load what holds still: made by these very rules, on a host with the same tools."""
        self.basis = hashlib.sha256(f"{rules()} {plainly(facts)}".encode()).hexdigest()
        if self.folder is None:
            return
        try:
            text = read_private(self.folder, self.file)
            record = json.loads(text) if text else {}
            if record.get("basis") == self.basis:
                self.known = {
                    key: [finding(each) for each in found]
                    for key, found in record["entries"].items()
                }
        except (ValueError, KeyError, TypeError, AttributeError):
            self.known = {}  # cut short, or of another release: made anew

    def get(self, snippet: Snippet, judge: Callable[[], list[Finding]]) -> list[Finding]:
        if self.folder is None:
            return judge()
        about = repr(snippet)
        key = hashlib.blake2b(os.fsencode(about), digest_size=16).hexdigest()
        if key not in self.used:
            if key in self.known:
                self.used[key] = self.known[key]
            else:
                self.used[key] = judge()
                self.changed = True
        return self.used[key]

    def close(self) -> None:
        """Keep what this run used, and no more."""
        if self.folder is None or (not self.changed and len(self.used) == len(self.known)):
            return
        record = {"basis": self.basis, "entries": self.used}
        text = json.dumps(record, ensure_ascii=True, separators=(",", ":"))
        write_private(self.folder, self.file, text.encode())


def rules() -> str:
    """Changes with every change of what judges."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        if path.parent.name != "sources":
            digest.update(path.read_bytes())
    return digest.hexdigest()


def plainly(facts: Facts) -> str:
    return repr([sorted(each) if isinstance(each, frozenset) else each for each in facts])


def finding(fields: list) -> Finding:  # type: ignore[type-arg]
    """What json made a list of."""
    found = Finding(*fields)
    selector = found.selector
    return found._replace(
        place=Place(*found.place),
        selector=Selector(selector[0], tuple(selector[1]), tuple(selector[2]))
        if selector
        else None,
        edits=tuple(Edit(Place(*place), text) for place, text in found.edits),
        hits=(),
    )


def private(folder: str) -> int | None:
    """A descriptor of the folder, made if need be; None unless it is the caller's alone."""
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None  # a disk that is full or read-only, a caller without rights: no cache
    status = os.fstat(file)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        os.close(file)
        return None
    return file


def read_private(folder: str, name: str) -> bytes:
    """The file's bytes, b"" when there is none or it is not the caller's own."""
    inside = private(folder)
    if inside is None:
        return b""
    try:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with open(os.open(name, flags, dir_fd=inside), "rb") as file:
            status = os.fstat(file.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid():
                return b""
            return file.read(LARGEST)
    except OSError:
        return b""  # the first run, or no rights
    finally:
        os.close(inside)


def write_private(folder: str, name: str, data: bytes) -> None:
    inside = private(folder)
    if inside is None:
        return
    draft = f"{name}.{os.getpid()}"
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(draft, flags, 0o600, dir_fd=inside), "wb") as file:
            file.write(data)
        os.rename(draft, name, src_dir_fd=inside, dst_dir_fd=inside)
    except OSError:
        pass  # the disk is full: the next run is as slow as this one
    finally:
        os.close(inside)
