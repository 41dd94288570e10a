"""Debian packages' maintainer scripts: /var/lib/dpkg/info/PACKAGE.{preinst,postinst,prerm,postrm}.

They run at the package's next upgrade or removal, which is when a daemon is stopped and started.
The name before the last dot is the package, with its architecture where there may be several:
libc6:amd64.postinst. `.config` is debconf's, and is run as well.
"""

from __future__ import annotations

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import NotRead
from ct0_audit.sources.scripts import Found, script

KIND = "maintainer"

FOLDER = "/var/lib/dpkg/info"
NAMES = ("preinst", "postinst", "prerm", "postrm", "config")


def read(host: Host) -> Found:
    for entry in files.walk(host, FOLDER):
        if isinstance(entry, files.Unreadable):
            yield NotRead(entry.path, entry.reason)
            continue
        package, _, name = entry.path.rpartition("/")[2].rpartition(".")
        if name not in NAMES:
            continue
        package = package.partition(":")[0]
        try:
            text = files.text(host, entry.path)
        except files.Absent:
            continue  # the package is being removed just now
        except files.Unreadable as reason:
            yield NotRead(entry.path, reason.reason)
            continue
        yield from script(entry.real, text, KIND, f"{name} of {package}", package)
