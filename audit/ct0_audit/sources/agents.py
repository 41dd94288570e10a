"""Other monitoring that counts processes by name: munin, Datadog, Sensu, netdata.

[multips]                            munin: /etc/munin/plugin-conf.d/multips
env.names apache2 mysqld
instances: [{name: ssh, search_string: [sshd]}]     Datadog: conf.d/process.d/conf.yaml
{"checks": {"cron": {"command": "check-process.rb -p cron"}}}           Sensu: /etc/sensu/conf.d
sql: mysqld* mariad*                 netdata: /etc/netdata/apps_groups.conf, if changed there
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ct0.errors import Malformed
from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import Direct, NotRead, Selector, Snippet
from ct0_audit.sources.lines import Line, command, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, paths_in
from ct0_audit.sources.yaml_nodes import documents, scalars, value, walk, whole_line

KIND = "agents"

MUNIN = ("/etc/munin/plugin-conf.d",)
MUNIN_PLUGINS = ("/etc/munin/plugins",)
BY_NAME = ("multips", "multips_memory", "psu_", "ps_", "ps2_", "pm_")
DATADOG = ("/etc/datadog-agent/conf.d/process.d",)
SENSU = ("/etc/sensu/conf.d",)
CHECK_PROCESS = re.compile(r"check-process\.rb\b(.*)")


def read(host: Host) -> Found:
    yield from configured(host, paths_in(host, *MUNIN), parse_munin)
    yield from _munin_links(host)
    yield from folders(host, MUNIN_PLUGINS, KIND, "plugin of munin", only=_is_own)
    yield from configured(host, paths_in(host, *DATADOG, ends=(".yaml",)), parse_datadog)
    yield from configured(host, paths_in(host, *SENSU, depth=3, ends=(".json",)), parse_sensu)
    yield from configured(host, ("/etc/netdata/apps_groups.conf",), parse_netdata)


def _is_own(name: str) -> bool:
    return not name.startswith(BY_NAME)


def _munin_links(host: Host) -> Found:
    """A link ps_NAME in the folder of plugins counts processes named so."""
    for folder in MUNIN_PLUGINS:
        for entry in files.walk(host, folder):
            name = entry.path.rpartition("/")[2]
            prefix = next((mark for mark in ("ps_", "psu_") if name.startswith(mark)), "")
            if isinstance(entry, files.Unreadable):
                if not isinstance(entry, files.Absent):
                    yield NotRead(entry.path, entry.reason)
            elif prefix and len(name) > len(prefix):
                detail = f"munin counts every process of this name or user: {name[len(prefix) :]!r}"
                selector = Selector("comm" if prefix == "ps_" else "user", (name[len(prefix) :],))
                line = Line(1, name)
                yield direct(line, "CT103", detail, entry.path, KIND, selector)


def parse_munin(text: str, path: str) -> Iterator[Direct]:
    """The names that multips counts."""
    section = ""
    for line in without_comments(text):
        words = line.text.split()
        if words[0].startswith("["):
            section = words[0].strip("[]")
        elif section.startswith("multips") and words[0] == "env.names" and len(words) > 1:
            detail = f"munin counts every process named {', '.join(words[1:])}"
            yield direct(line, "CT103", detail, path, KIND, Selector("comm", tuple(words[1:])))


def parse_datadog(text: str, path: str) -> Iterator[Direct]:
    """The process check's instances that search by a string. Raises Malformed."""
    for key, node, mapping in walk(documents(text, path)):
        if key == "search_string" and scalars(node) and "pid_file" not in mapping:
            names = tuple(value(item) for item in scalars(node))
            exact = value(mapping.get("exact_match")).lower() != "false"
            detail = f"Datadog counts every process found by {', '.join(names)}"
            selector = Selector("comm" if exact else "text", names)
            yield direct(whole_line(node, text), "CT103", detail, path, KIND, selector)


def parse_sensu(text: str, path: str) -> Iterator[Snippet | Direct]:
    """The commands of Sensu's checks. Raises Malformed."""
    try:
        checks = json.loads(text).get("checks", {})
        commands = [str(check["command"]) for check in checks.values() if "command" in check]
    except (ValueError, AttributeError, TypeError, RecursionError) as error:
        raise Malformed(path, "no configuration of Sensu") from error
    for ran in commands:
        at = text.find(json.dumps(ran, ensure_ascii=False))
        line = Line(1, text).part(at + 1, at + 1 + len(ran)) if at >= 0 else Line(1, ran)
        process = CHECK_PROCESS.search(ran)
        if process is None:
            yield command(line, path, KIND, "check of Sensu")
        elif "-f " not in process[1]:  # -f: a PID file
            yield direct(line, "CT103", "counts every process that matches", path, KIND)


def parse_netdata(text: str, path: str) -> Iterator[Direct]:
    """The groups that the host's administrator wrote himself; each takes names of processes."""
    for line in without_comments(text):
        group, colon, names = line.text.partition(":")
        if colon and names.split():
            detail = f"netdata adds every process of these names to {group.strip()!r}"
            plain = tuple(name for name in names.split() if "*" not in name)
            selector = Selector("comm", plain) if plain else None
            yield direct(line, "CT103", detail, path, KIND, selector)
