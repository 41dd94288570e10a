"""Init scripts: /etc/init.d, /etc/rc.d, rc.local, and the functions that they source."""

from __future__ import annotations

from ct0.host import Host
from ct0_audit.sources.scripts import Found, folders, named

KIND = "init"

# RHEL has /etc/rc.d/init.d and a link to it; Slackware its scripts in /etc/rc.d itself; OpenRC and
# Alpine local.d and conf.d, which is sourced.
FOLDERS = ("/etc/init.d", "/etc/rc.d/init.d", "/etc/rc.d", "/etc/local.d", "/etc/conf.d")
FUNCTIONS = ("/lib/lsb/init-functions", "/etc/rc.status", "/lib/rc/sh/functions.sh")
LOCAL = ("/etc/rc.local", "/etc/init.d/boot.local")


def read(host: Host) -> Found:
    yield from folders(host, FOLDERS, KIND)
    yield from folders(host, ("/lib/lsb/init-functions.d",), KIND, "sourced by init scripts")
    for path in FUNCTIONS:
        yield from named(host, path, KIND, "sourced by init scripts")
    for path in LOCAL:
        yield from named(host, path, KIND)
