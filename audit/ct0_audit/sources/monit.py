"""monit: `check process`, and the programs it starts, stops and asks (monit(1)).

check process nginx matching "nginx: master"
  start program = "/usr/sbin/service nginx start"
  stop program = "/usr/bin/killall nginx" with timeout 30 seconds
check program alive with path "/usr/local/bin/alive.sh"
if failed port 80 then exec "/bin/sh -c 'pkill -9 nginx'"
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import command, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "monit"

MOST = 100  # programs of one line
TEXT = r"""("[^"]*"|'[^']*'|\S+)"""
MATCHING = re.compile(
    rf"\bcheck\s+(?:process|proc)\s+{TEXT}\s+(?:with\s+)?match(?:ing)?\s+{TEXT}", re.IGNORECASE
)
MATCHING_ALONE = re.compile(rf"^\s*(?:with\s+)?match(?:ing)?\s+{TEXT}", re.IGNORECASE)
PROGRAM = re.compile(
    rf"\b(?:(?:start|stop|restart)(?:\s+program)?\s*=?|exec|program\s+{TEXT}\s+(?:with\s+)?path)"
    r"""\s*=?\s*("[^"]*"|'[^']*')""",
    re.IGNORECASE,
)


def read(host: Host) -> Found:
    folders = (
        "/etc/monit/conf.d",
        "/etc/monit/conf-enabled",
        "/etc/monit.d",
        "/etc/monit/monitrc.d",
    )
    rc = ("/etc/monit/monitrc", "/etc/monitrc", "/etc/monit.conf")
    yield from configured(host, [*rc, *paths_in(host, *folders)], parse_monit)


def parse_monit(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Processes that monit looks for by a pattern, and the commands that it runs."""
    for line in without_comments(text):
        matching = MATCHING.search(line.text)
        pattern = matching[2] if matching else ""
        alone = MATCHING_ALONE.match(line.text)
        if alone:
            pattern = alone[1]
        if pattern:
            pattern = pattern.strip("\"'")
            detail = f"monit takes the first process whose command line matches {pattern!r}"
            selector = Selector("full", (pattern,))
            yield direct(line, "CT101", detail, path, KIND, selector)
        for program in islice(PROGRAM.finditer(line.text), MOST):
            group = program.lastindex or 0
            words = line.part(program.start(group) + 1, program.end(group) - 1)
            yield command(words, path, KIND, f"monit: {' '.join(line.text[:60].split()[:2])}")
