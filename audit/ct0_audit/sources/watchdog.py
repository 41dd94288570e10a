"""watchdog(8): PID files that it trusts, and the programs that it asks and repairs with.

pidfile = /var/run/sshd.pid
test-binary = /usr/local/sbin/alive
repair-binary = /usr/local/sbin/repair
"""

from __future__ import annotations

from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Snippet
from ct0_audit.sources.lines import command, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, folders

KIND = "watchdog"


def read(host: Host) -> Found:
    yield from configured(host, ("/etc/watchdog.conf",), parse_watchdog)
    yield from folders(host, ("/etc/watchdog.d",), KIND)


def parse_watchdog(text: str, path: str) -> Iterator[Snippet | Direct]:
    """PID files and programs of watchdog.conf(5)."""
    for line in without_comments(text):
        key, equals, _ = line.text.partition("=")
        if not equals:
            continue
        value = line.after("=")
        if key.strip() == "pidfile" and value.text:
            detail = f"watchdog is content while the number in {value.text} lives, anybody's"
            yield direct(line, "CT107", detail, path, KIND)
        elif key.strip() in ("test-binary", "repair-binary") and value.text:
            yield command(value, path, KIND, f"{key.strip()} of watchdog")
