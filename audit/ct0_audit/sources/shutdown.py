"""What runs when the host goes down: runlevels 0 and 6, inittab, systemd's last hooks.

A line of /etc/inittab, inittab(5), busybox' has the same four fields:

    ca:12345:ctrlaltdel:/sbin/shutdown -t1 -a -r now
    ::shutdown:/sbin/swapoff -a
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Snippet
from ct0_audit.sources.lines import command, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, named

KIND = "shutdown"

SCRIPTS = (
    *(f"/etc/init.d/{name}" for name in ("sendsigs", "killprocs", "halt", "reboot", "single")),
    *(f"/etc/rc.d/init.d/{name}" for name in ("killall", "halt", "single")),
    *(f"/etc/rc.d/rc.{name}" for name in ("0", "6", "K", "shutdown", "local_shutdown")),
    "/etc/rc.shutdown",
)
FOLDERS = ("/usr/lib/systemd/system-shutdown", "/lib/systemd/system-shutdown")
# The K links lead to what init.py reads; an S link here is of the shutdown itself.
LEVELS = ("/etc/rc0.d", "/etc/rc6.d", "/etc/rc.d/rc0.d", "/etc/rc.d/rc6.d")
SHELL_SIGNS = set("|&;<>()$`\"'*?[#~=%")  # init runs the line by sh if one of these is in it


def read(host: Host) -> Found:
    for path in SCRIPTS:
        yield from named(host, path, KIND, "shutdown")
    yield from folders(host, FOLDERS, KIND, "shutdown")
    yield from folders(host, LEVELS, KIND, "shutdown", only=lambda name: name.startswith("S"))
    yield from configured(host, ("/etc/inittab",), parse_inittab)


def parse_inittab(text: str, path: str) -> Iterator[Snippet]:
    """The commands of inittab."""
    for line in without_comments(text):
        fields = line.text.split(":", 3)
        if len(fields) == 4 and fields[3].strip():
            process = line.part(len(line.text) - len(fields[3])).stripped()
            kind = shell if SHELL_SIGNS & set(process.text) else command
            yield kind(process, path, KIND, f"{fields[2]} in inittab")
