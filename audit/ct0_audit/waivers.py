"""Findings that somebody looked at and left, with the reason and, in the file, until when.

In the script, on the line or on the one above it:

    killall -HUP mydaemon   # ct0-audit: ignore=CT001 only this host runs mydaemon

In /etc/ct0/audit-waivers, a rule (or *), a path (* and ? match), a day, and the reason:

    # rule  path                       until       reason
    CT005   /etc/logrotate.d/apache2   2027-03-31  a needless reload; Debian bug 999
    *       /usr/lib/ocf/*             2026-12-31  no pacemaker on this host
    UNREAD  /usr/local/bin/installer   2027-12-31  a script with its archive behind it
"""

from __future__ import annotations

import datetime
import fnmatch
import re
from typing import NamedTuple

from ct0.host import Host
from ct0.text import plain
from ct0_audit import files
from ct0_audit.records import Finding
from ct0_audit.rules import RULES

PATH = "/etc/ct0/audit-waivers"
UNREAD = "UNREAD"  # in the place of a rule: a file that cannot be read, and need not be
COMMENT = re.compile(r"(?:^|[\s;])(?:#|//|;)\s*ct0-audit:\s*ignore=([A-Z0-9,*]+)[ \t]*(.*)")


class Waiver(NamedTuple):
    rule: str
    path: str
    until: datetime.date
    reason: str


class Waivers:
    """`complaints` are lines for a person: what is over, and what was not understood."""

    def __init__(self, waivers: tuple[Waiver, ...] = ()) -> None:
        self.waivers = list(waivers)
        self.complaints: list[str] = []

    def reason(self, finding: Finding) -> str:
        """Why this finding may stay, "" if nobody said so."""
        for waiver in self.waivers:
            if waiver.rule in ("*", finding.rule) and fnmatch.fnmatchcase(
                finding.place.path, waiver.path
            ):
                return f"{waiver.reason} (until {waiver.until})"
        return ""

    def leaves_unread(self, path: str) -> bool:
        """Whether a file may stay unread."""
        return any(
            waiver.rule == UNREAD and fnmatch.fnmatchcase(path, waiver.path)
            for waiver in self.waivers
        )


def read_waivers(host: Host, path: str, today: datetime.date) -> Waivers:
    """The waivers of a file that hold on a day; none where there is no such file.

    Raises Unavailable when the file is there and cannot be read.
    """
    try:
        text = files.text(host, path)
    except files.Absent:
        return Waivers()
    return parse_waivers(text, path, today)


def parse_waivers(text: str, path: str, today: datetime.date) -> Waivers:
    waivers = Waivers()
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split(None, 3)
        if not words or words[0].startswith("#"):
            continue
        problem = ""
        until = today
        if len(words) < 4:
            problem = "wants RULE PATH YYYY-MM-DD REASON"
        elif words[0] not in ("*", UNREAD) and words[0] not in RULES:
            problem = f"{words[0]}: no such rule"
        elif not words[1].startswith("/"):
            problem = f"{words[1]}: not an absolute path"
        else:
            try:
                until = datetime.date.fromisoformat(words[2])
            except ValueError:
                problem = f"{words[2]}: not a day as 2027-03-31"
        if not problem and until < today:
            problem = f"over since {until}: {words[0]} {words[1]}"
        if problem:
            waivers.complaints.append(plain(f"{path}:{number}: {problem}"))
            continue
        waivers.waivers.append(Waiver(words[0], words[1], until, words[3].strip()))
    return waivers


def inline(finding: Finding, lines: list[str], complaints: list[str]) -> str:
    """The reason of a comment beside the finding or above it, "" without one."""
    place = finding.place
    for number in range(place.line - 1, place.end_line + 1):
        if not 1 <= number <= len(lines):
            continue
        match = COMMENT.search(lines[number - 1])
        if match is None or (
            number < place.line and not lines[number - 1].lstrip().startswith("#")
        ):
            continue
        if finding.rule not in match[1].split(",") and match[1] != "*":
            continue
        if match[2].strip():
            return plain(match[2].strip())
        complaint = plain(f"{place.path}:{number}: ignore={match[1]} without a reason: not heeded")
        if complaint not in complaints:
            complaints.append(complaint)
    return ""
