"""supervisord, and run scripts of runit, s6 and daemontools.

    [program:web]
    command=/bin/sh -c 'pkill -9 web; exec /usr/bin/web'

They start children of their own and signal these: what is found here is what the commands do
before. supervisord splits a command into words (supervisord.org, "Configuration File"); programs
below an events listener's section are commands as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import NotRead, Snippet
from ct0_audit.sources.lines import command, without_comments
from ct0_audit.sources.scripts import Found, configured, named, paths_in

KIND = "supervision"

CONFIGURATION = ("/etc/supervisord.conf", "/etc/supervisor/supervisord.conf")
INCLUDED = ("/etc/supervisor/conf.d", "/etc/supervisord.d", "/etc/supervisor.d")
# Each folder in these is a service with its scripts in it.
SERVICES = ("/etc/sv", "/etc/service", "/service", "/etc/s6/sv", "/etc/s6-overlay/s6-rc.d")
SCRIPTS = ("run", "finish", "check", "up", "down")


def read(host: Host) -> Found:
    yield from configured(host, [*CONFIGURATION, *paths_in(host, *INCLUDED)], parse_supervisord)
    for folder in SERVICES:
        yield from _services(host, folder)


def _services(host: Host, folder: str) -> Found:
    try:
        names = files.names(host, folder)
    except files.Absent:
        return
    except files.Unreadable as reason:
        yield NotRead(folder, reason.reason)
        return
    for name in names:
        for script in (*SCRIPTS, "log/run", "control/t", "control/d"):
            yield from named(host, f"{folder}/{name}/{script}", KIND, f"{script} of service {name}")


def parse_supervisord(text: str, path: str) -> Iterator[Snippet]:
    """The commands of a configuration in supervisord's form."""
    section = ""
    for line in without_comments(text, "#;"):
        words = line.text.strip()
        if words.startswith("["):
            section = words.strip("[]")
        elif section.startswith(("program:", "eventlistener:", "fcgi-program:")):
            key, equals, _ = line.text.partition("=")
            if equals and key.strip() == "command":
                yield command(line.after("="), path, KIND, f"command of {section}")
