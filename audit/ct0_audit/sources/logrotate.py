"""Logrotate's scripts: prerotate, postrotate, firstaction, lastaction, preremove.

    /var/log/apache2/*.log {
            weekly
            postrotate
                    if pgrep -f ^/usr/sbin/apache2 > /dev/null; then
                            invoke-rc.d apache2 reload 2>&1 | logger -t apache2.logrotate
                    fi
            endscript
    }

A script runs from the line after its word to a line that is `endscript`; sh gets it as it stands
there (logrotate(8)).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import SHELL, Snippet
from ct0_audit.sources.lines import lines
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "logrotate"

BEGINS = re.compile(r"\s*(prerotate|postrotate|firstaction|lastaction|preremove)\s*(#.*)?$")
ENDS = re.compile(r"\s*endscript\b")
INCLUDE = re.compile(r"^\s*include\s+(/\S+)\s*$", re.MULTILINE)


def read(host: Host) -> Found:
    wanted = [
        "/etc/logrotate.conf",
        "/usr/etc/logrotate.conf",
        *paths_in(host, "/etc/logrotate.d", "/usr/etc/logrotate.d"),
    ]
    yield from configured(host, wanted, parse_logrotate)


def parse_logrotate(text: str, path: str) -> Iterator[Snippet]:
    """The scripts in a configuration file of logrotate's; one without an end goes to the end."""
    script: list[str] = []
    word = log = ""
    first = 0
    for line in lines(text):
        if not word:
            begins = BEGINS.match(line.text)
            if begins:
                word, first, script = begins[1], line.number + 1, []
            elif line.text.rstrip().endswith("{") or line.text.lstrip().startswith(("/", '"/')):
                log = line.text.strip().rstrip("{").strip() or log
        elif ENDS.match(line.text):
            yield _block(script, path, first, word, log)
            word = ""
        else:
            script.append(line.text)
    if word:
        yield _block(script, path, first, word, log)


def _block(script: list[str], path: str, first: int, word: str, log: str) -> Snippet:
    text = "\n".join(script) + "\n"
    return Snippet(path, first, 1, SHELL, text, KIND, f"{word} of {log}" if log else word)
