"""Shell scripts among the host's programs: /usr/sbin, /usr/bin and beside them.

exiwhat, apachectl, mysqld_safe and their like. What is not shell is not what we read; only the
first two bytes of a program are looked at.
"""

from __future__ import annotations

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import SHELL, NotRead, Snippet
from ct0_audit.sources.scripts import SHELLS, Found, interpreter

KIND = "wrapper"

FOLDERS = (
    "/usr/sbin",
    "/usr/bin",
    "/usr/local/sbin",
    "/usr/local/bin",
    "/sbin",
    "/bin",
    "/root/bin",
)


def read(host: Host) -> Found:
    seen = set()
    for folder in FOLDERS:
        for entry in files.walk(host, folder):
            if isinstance(entry, files.Unreadable):
                if not isinstance(entry, files.Absent):
                    yield NotRead(entry.path, entry.reason)
                continue
            if entry.real in seen:
                continue
            seen.add(entry.real)
            try:
                if interpreter(files.shebang(host, entry.real)) not in SHELLS:
                    continue
                text = files.text(host, entry.real)
            except files.Absent:
                continue
            except files.Unreadable as reason:
                yield NotRead(entry.real, reason.reason)
                continue
            yield Snippet(entry.real, 1, 1, SHELL, text, KIND)
