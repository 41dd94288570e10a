"""The scriptlets of installed RPM packages, from rpm's own database.

EL 9, Fedora and Debian's rpm keep it in SQLite: rpmdb.sqlite, table Packages, one header a package.
A header is, after two big-endian counts (entries, bytes of data), 16 bytes an entry (tag, type,
offset, count), and the data: the format of RPM files themselves (rpm.org, "RPM V4 Package
format"). Berkeley's and rpm's own older formats are told as not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ct0.errors import Malformed
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import SHELL, NotRead, Snippet
from ct0_audit.sources.scripts import SHELLS, Found, interpreter

KIND = "rpm scriptlet"

FOLDERS = ("/usr/lib/sysimage/rpm", "/var/lib/rpm")
OLDER = ("Packages", "Packages.db")
DATABASE = 1 << 30  # bytes; of 2,000 packages 150 MB. SQLite reads pages of it, not the whole.

NAME = 1000
# The scriptlet's tag and the tag of its interpreter.
SCRIPTS = {
    "pre": (1023, 1085),
    "post": (1024, 1086),
    "preun": (1025, 1087),
    "postun": (1026, 1088),
    "pretrans": (1151, 1153),
    "posttrans": (1152, 1154),
    "trigger": (1065, 1092),
    "file trigger": (5066, 5067),
    "transaction file trigger": (5076, 5077),
}
STRING, STRING_ARRAY, TRANSLATED = 6, 8, 9


def read(host: Host) -> Found:
    for folder in FOLDERS:
        path = f"{folder}/rpmdb.sqlite"
        try:
            yield from _database(host, path)
        except files.Absent:
            for name in OLDER:
                if files.exists(host, f"{folder}/{name}"):
                    yield NotRead(f"{folder}/{name}", "an older database of rpm's; ask rpm itself")
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)


def _database(host: Host, path: str) -> Found:
    import sqlite3

    with files.opened(host, path, DATABASE) as file:
        # immutable: no lock is taken, no journal looked for beside it.
        place = f"file:/proc/self/fd/{file.fileno()}?mode=ro&immutable=1"
        try:
            database = sqlite3.connect(place, uri=True)
            try:
                for number, blob in database.execute("SELECT hnum, blob FROM Packages"):
                    yield from _package(path, number, blob)
            finally:
                database.close()
        except sqlite3.Error as error:
            yield NotRead(path, f"not understood: {error}")


def _package(path: str, number: object, blob: object) -> Found:
    try:
        if not isinstance(blob, bytes):
            raise Malformed(path, "a header that is no blob")
        yield from parse_header(blob, path)
    except Malformed:
        yield NotRead(path, f"the header of package {str(number)[:20]} is damaged")


def parse_header(blob: bytes, path: str) -> Iterator[Snippet | NotRead]:
    """The scriptlets of one package, each a snippet of its own file PATH/PACKAGE.WHEN. Raises
    Malformed."""
    tags = _tags(blob, path)
    package = (tags.get(NAME) or ["unknown"])[0].replace("/", "?")
    for when, (script, program) in SCRIPTS.items():
        programs = tags.get(program, [])
        for place, text in enumerate(tags.get(script, [])):
            asked = programs[place] if place < len(programs) else "/bin/sh"
            if asked.startswith("<") or not text.strip():
                continue  # <lua>, run by rpm itself
            where = f"{path}/{package}.{when.replace(' ', '-')}"
            name = asked.rpartition("/")[2]
            if name in SHELLS and (interpreter(text) or "sh") in SHELLS:
                context = f"%{when} of {package}"
                yield Snippet(where, 1, 1, SHELL, text, KIND, context, package)
            else:
                yield NotRead(where, f"written for {name[:40]}, not for a shell")


def _tags(blob: bytes, path: str) -> dict[int, list[str]]:
    """The texts of a header by their tags."""
    if len(blob) < 8:
        raise Malformed(path, "a header without counts")
    entries, size = struct.unpack_from(">II", blob)
    start = 8 + 16 * entries
    if start + size > len(blob):
        raise Malformed(path, "a header that ends early")
    found = {}
    for number in range(entries):
        tag, kind, offset, count = struct.unpack_from(">IIII", blob, 8 + 16 * number)
        if kind not in (STRING, STRING_ARRAY, TRANSLATED) or offset >= size:
            continue
        texts = blob[start + offset : start + size].split(b"\0", min(count, 10_000))
        found[tag] = [text.decode("utf-8", "surrogateescape") for text in texts[:count]]
    return found
