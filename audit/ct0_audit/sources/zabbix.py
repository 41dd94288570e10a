"""Zabbix agents: user parameters, which a shell runs, and items that count processes by name.

    UserParameter=nginx.running,pgrep -c -x nginx
    UserParameter=foo[*],/usr/local/bin/foo.sh $1
    Alias=web.count:proc.num[nginx]

zabbix.com, "proc.num[<name>,<user>,<state>,<cmdline>,<zone>]": with zone=current, the default, it
means Solaris' zones and nothing on Linux. Items themselves are kept by the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import direct, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "zabbix"

OTHERS = tuple(f"/usr/local/etc/{name}.conf" for name in ("zabbix_agentd", "zabbix_agent2"))
PARAMETER = re.compile(r"\s*UserParameter\s*=\s*([^,\[\s]+(?:\[[^\]]*\])?)\s*,\s*(?=\S)")
PROC = re.compile(r"\bproc\.(?:num|mem|cpu\.util|get)\[([^\[\]]*)\]")


def read(host: Host) -> Found:
    wanted = paths_in(host, "/etc/zabbix", depth=2, ends=(".conf",))
    yield from configured(host, [*wanted, *OTHERS], parse_zabbix)


def parse_zabbix(text: str, path: str) -> Iterator[Snippet | Direct]:
    """User parameters, and aliases and parameters that name a process item."""
    for line in without_comments(text):
        parameter = PARAMETER.match(line.text)
        if parameter:
            yield shell(line.part(parameter.end()), path, KIND, f"UserParameter {parameter[1]}")
        for item in PROC.finditer(line.text):
            fields = [field.strip().strip('"') for field in item[1].split(",")] + [""] * 4
            name, user, _, pattern = fields[:4]
            users = (user,) if user and not user.startswith("$") else ()
            if name:
                selector = Selector("comm", (name,), users)
            elif pattern:
                selector = Selector("full", (pattern,), users)
            else:
                selector = Selector("everybody", (), users)
            detail = f"{item[0]} is of all processes, containers' too"
            yield direct(line, "CT103", detail, path, KIND, selector)
