"""sysctl kernel.pid_ns_hide_child, of OpenVZ's kernels: in sysctl.d(5) and in force.

kernel.pid_ns_hide_child = 1
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct
from ct0_audit.sources.lines import Line, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "sysctl"

FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
IN_FORCE = "/proc/sys/kernel/pid_ns_hide_child"
SETTING = re.compile(r"\s*-?\s*kernel[./]pid_ns_hide_child\s*=\s*(\d+)")


def read(host: Host) -> Found:
    wanted = ["/etc/sysctl.conf", *paths_in(host, *FOLDERS, ends=(".conf",))]
    yield from configured(host, wanted, parse_sysctl)
    yield from configured(host, (IN_FORCE,), parse_in_force)


def parse_sysctl(text: str, path: str) -> Iterator[Direct]:
    """The last setting of a file, if it is not 0."""
    last = None
    for line in without_comments(text, "#;"):
        setting = SETTING.match(line.text)
        if setting:
            last = line if int(setting[1]) else None
    if last is not None:
        yield _hidden(last, path)


def parse_in_force(text: str, path: str) -> Iterator[Direct]:
    """What the kernel says."""
    if text.strip() not in ("", "0"):
        yield _hidden(Line(1, text.strip()), path)


def _hidden(line: Line, path: str) -> Direct:
    detail = "containers started now have no processes in the host's /proc, and cannot migrate live"
    return direct(line, "CT111", detail, path, KIND)
