"""collectd's processes plugin, and the commands of its exec plugin.

    <Plugin processes>
        Process "nginx"
        ProcessMatch "web" "nginx: master"
    </Plugin>
    <Plugin exec>
        Exec "nobody" "/usr/local/bin/count.sh"
    </Plugin>

collectd.conf(5): Process compares the name, ProcessMatch takes an extended regular expression for
the command line. The plugin counts the states of all processes even with no line of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import command, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "collectd"

PLUGIN = re.compile(r"\s*<Plugin\s+\"?(\w+)\"?\s*>", re.IGNORECASE)
ENDS = re.compile(r"\s*</Plugin>", re.IGNORECASE)
PROCESS = re.compile(r"\s*Process\s+\"?([^\"\s>]+)\"?\s*$", re.IGNORECASE)
MATCH = re.compile(r'\s*<?ProcessMatch\s+"?[^"\s]+"?\s+"([^"]+)"\s*>?\s*$', re.IGNORECASE)
EXEC = re.compile(r'\s*(?:Exec|NotificationExec)\s+"?[^"\s]+"?\s+(?=\S)', re.IGNORECASE)


def read(host: Host) -> Found:
    wanted = [
        "/etc/collectd.conf",
        "/etc/collectd/collectd.conf",
        *paths_in(host, "/etc/collectd/collectd.conf.d", "/etc/collectd.d", ends=(".conf",)),
    ]
    yield from configured(host, wanted, parse_collectd)


def parse_collectd(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Processes that are counted, and commands."""
    plugin = ""
    for line in without_comments(text):
        begins = PLUGIN.match(line.text)
        if begins:
            plugin = begins[1].lower()
        elif ENDS.match(line.text):
            plugin = ""
        elif plugin == "processes" and (process := PROCESS.match(line.text)):
            detail = f"collectd counts every process named {process[1]!r}"
            selector = Selector("comm", (process[1],))
            yield direct(line, "CT103", detail, path, KIND, selector)
        elif plugin == "processes" and (match := MATCH.match(line.text)):
            detail = f"collectd counts every process whose command line matches {match[1]!r}"
            yield direct(line, "CT103", detail, path, KIND, Selector("full", (match[1],)))
        elif plugin == "exec" and (ran := EXEC.match(line.text)):
            yield command(line.part(ran.end()), path, KIND, "Exec of collectd")
