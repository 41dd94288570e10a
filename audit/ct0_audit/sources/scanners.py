"""Scanners for rootkits that are run from cron: chkrootkit, rkhunter, unhide.

RUN_DAILY="true"              /etc/chkrootkit/chkrootkit.conf, and before it .conf in /etc
CRON_DAILY_RUN="yes"          /etc/default/rkhunter
DISABLE_TESTS=hidden_procs    /etc/rkhunter.conf: without that test rkhunter leaves us alone
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import Direct
from ct0_audit.sources.lines import direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "scanner"

CHKROOTKIT = ("/etc/chkrootkit/chkrootkit.conf", "/etc/chkrootkit.conf")
CRON = ("/etc/cron.d", "/etc/cron.daily", "/etc/cron.weekly", "/etc/cron.monthly")
DAILY = re.compile(r"\s*(RUN_DAILY|CRON_DAILY_RUN)\s*=\s*[\"']?(?:true|yes|1|on)\b", re.IGNORECASE)
NO_TEST = re.compile(r"^\s*DISABLE_TESTS\s*=.*\b(hidden_procs|ALL)\b", re.MULTILINE | re.IGNORECASE)
UNHIDE = re.compile(
    r"\bunhide(?:-linux|-posix|\.rb)?\s+(?:-\w+\s+)*(?:proc\w*|sys\w*|brute|quick|reverse|check\w+)"
)


def read(host: Host) -> Found:
    yield from configured(host, CHKROOTKIT, parse_daily)
    if not _leaves_processes_alone(host):
        yield from configured(host, ("/etc/default/rkhunter",), parse_daily)
    wanted = ["/etc/crontab", *paths_in(host, *CRON, "/var/spool/cron", depth=1)]
    yield from configured(host, wanted, parse_cron)


def parse_daily(text: str, path: str) -> Iterator[Direct]:
    """The line that has a scanner run every day."""
    for line in without_comments(text):
        if DAILY.match(line.text):
            detail = "reports containers' processes as hidden or suspicious"
            yield direct(line, "CT109", detail, path, KIND)


def parse_cron(text: str, path: str) -> Iterator[Direct]:
    """Lines of cron's files that run unhide."""
    for line in without_comments(text):
        if UNHIDE.search(line.text):
            detail = "unhide compares ps with what kill -0 says of every number"
            yield direct(line, "CT109", detail, path, KIND)


def _leaves_processes_alone(host: Host) -> bool:
    """Whether rkhunter's own configuration leaves the test of processes out, as Debian's does."""
    for path in ("/etc/rkhunter.conf.local", "/etc/rkhunter.conf"):
        try:
            if NO_TEST.search(files.text(host, path)):
                return True
        except files.Unreadable:
            continue  # not there; what cannot be read does not speak for it
    return False
