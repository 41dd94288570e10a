"""Ansible: playbooks and roles that are on this host, as ansible-pull and control nodes have them.

    - name: web server
      ansible.builtin.service:
        name: nginx
        pattern: nginx          # looked for in the output of ps, instead of asking for the status
    - shell: kill -HUP $(pidof nginx)

They may be for other hosts than this one, so what is found is of medium confidence.
"""

from __future__ import annotations

from collections.abc import Iterator

import yaml

from ct0.host import Host
from ct0_audit.records import COMMAND, MEDIUM, SHELL, Direct, Selector, Snippet
from ct0_audit.sources.lines import direct
from ct0_audit.sources.scripts import Found, configured, paths_in
from ct0_audit.sources.yaml_nodes import documents, mapped, place, value, walk, whole_line

KIND = "ansible"

FOLDERS = (
    "/etc/ansible",
    "/opt/ansible",
    "/srv/ansible",
    "/root/.ansible/pull",
    "/usr/local/etc/ansible",
    "/var/lib/ansible",
)
SERVICE = {"service", "ansible.builtin.service", "sysvinit", "ansible.builtin.sysvinit"}
PIDS = {"pids", "community.general.pids"}
RUN = {
    **dict.fromkeys(("shell", "ansible.builtin.shell", "raw", "ansible.builtin.raw"), SHELL),
    **dict.fromkeys(("command", "ansible.builtin.command"), COMMAND),
}


def read(host: Host) -> Found:
    wanted = paths_in(host, *FOLDERS, depth=7, ends=(".yml", ".yaml"))
    yield from configured(host, wanted, parse_ansible)


def parse_ansible(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Services with a pattern, and commands, wherever in the file they are tasks."""
    nodes = documents(text, path)
    for key, node, _ in walk(nodes):
        if key in SERVICE:
            pattern = mapped(node).get("pattern")
            if pattern is not None and value(pattern):
                detail = f"Ansible takes any process with {value(pattern)!r} in it for the service"
                selector = Selector("text", (value(pattern),))
                line = whole_line(pattern, text)
                yield direct(line, "CT105", detail, path, KIND, selector)._replace(
                    confidence=MEDIUM
                )
        elif key in PIDS and (name := mapped(node).get("name")) is not None:
            detail = "the PIDs it returns are of containers' processes as well"
            line = whole_line(name, text)
            named = Selector("comm", (value(name),)) if value(name) else None
            yield direct(line, "CT105", detail, path, KIND, named)._replace(confidence=MEDIUM)
        elif key in RUN:
            ran = mapped(node).get("cmd", node)
            if isinstance(ran, yaml.ScalarNode) and ran.value:
                line = place(ran, text)
                yield Snippet(
                    path, line.number, line.column, RUN[key], line.text, KIND, f"{key} of a task"
                )
