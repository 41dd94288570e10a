"""Which Debian package brought a file: /var/lib/dpkg/info/PACKAGE.list, one path a line.

    /.
    /etc
    /etc/logrotate.d
    /etc/logrotate.d/apache2

All lists together are some ten megabytes, so they are read only when there is something to ask, and
once for everything that is asked. The database of rpm is not asked here: see sources/rpm.py.
"""

from __future__ import annotations

from collections.abc import Iterable

from ct0.host import Host
from ct0_audit import files

FOLDER = "/var/lib/dpkg/info"
LIST = 16 << 20  # bytes; a package with 100,000 files has 10 MB


def owners(host: Host, paths: Iterable[str]) -> dict[str, str]:
    """Path -> package for those of `paths` that a package brought.

    Since /lib is a link to /usr/lib, lists may have either of the two.
    """
    wanted: dict[bytes, str] = {}
    for path in paths:
        encoded = path.encode("utf-8", "surrogateescape")
        wanted[encoded] = path
        if encoded.startswith((b"/usr/lib/", b"/usr/bin/", b"/usr/sbin/")):
            wanted.setdefault(encoded[4:], path)
    found: dict[str, str] = {}
    if not wanted:
        return found
    for entry in files.walk(host, FOLDER):
        if isinstance(entry, files.Unreadable) or not entry.path.endswith(".list"):
            continue
        try:
            listed = files.data(host, entry.path, LIST)
        except files.Unreadable:
            continue  # an owner is a courtesy: without it the finding has none
        package = entry.path.rpartition("/")[2].removesuffix(".list").partition(":")[0]
        for line in wanted.keys() & set(listed.split(b"\n")):
            found.setdefault(wanted[line], package)
    return found
