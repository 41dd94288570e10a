"""net-snmp's snmpd.conf: `proc` counts processes by name, `procfix` repairs, `exec` runs.

    proc sshd 10 1
    procfix sshd /usr/sbin/service ssh restart
    extend cron /bin/sh -c 'pgrep -c cron'

snmpd.conf(5): the name is compared with the process' own; `extend` and `pass` run commands too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import command, direct, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "snmpd"

PROC = re.compile(r"\s*(proc|procfix)\s+(\S+)", re.IGNORECASE)
# The OID or the name that comes before the command is left out.
RUN = re.compile(
    r"\s*(?:(?:extend(?:fix)?|exec|execfix|execFix)\s+(?:\.[\d.]+\s+)?\S+"
    r"|(?P<shell>sh|extend-sh)\s+\S+|procfix\s+\S+|pass(?:_persist)?\s+(?:-p\s+\d+\s+)?\S+)\s+(?=\S)",
    re.IGNORECASE,
)


def read(host: Host) -> Found:
    wanted = [
        "/etc/snmp/snmpd.conf",
        "/etc/snmp/snmpd.local.conf",
        "/usr/share/snmp/snmpd.conf",
        *paths_in(host, "/etc/snmp/snmpd.conf.d", ends=(".conf",)),
    ]
    yield from configured(host, wanted, parse_snmpd)


def parse_snmpd(text: str, path: str) -> Iterator[Snippet | Direct]:
    """What counts processes, and what runs commands."""
    for line in without_comments(text):
        counted = PROC.match(line.text)
        if counted:
            name = counted[2].strip("\"'")
            selector = Selector("comm", (name,))
            if counted[1].lower() == "proc":
                detail = f"snmpd counts every process named {name!r}"
                yield direct(line, "CT103", detail, path, KIND, selector)
            else:
                detail = f"snmpd runs this by the count of all processes named {name!r}"
                yield direct(line, "CT104", detail, path, KIND, selector)
        ran = RUN.match(line.text)
        if ran:
            make = shell if ran["shell"] else command
            yield make(line.part(ran.end()), path, KIND, line.text.split()[0])
