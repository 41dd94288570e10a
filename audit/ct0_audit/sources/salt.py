"""Salt: states, pillars and the minion's own configuration.

    nginx:
      service.running:
        - sig: nginx             # found by ps, where the service has no status
    stop the stray ones:
      module.run:
        - name: ps.pkill
        - pattern: nginx
    reload:
      cmd.run:
        - name: kill -HUP $(pidof nginx)

Jinja is blanked before: a `{% %}` becomes spaces and a `{{ }}` letters, so that places hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import yaml

from ct0.host import Host
from ct0_audit.records import KILLS, MISCOUNTS, SHELL, Direct, Selector, Snippet
from ct0_audit.sources.lines import direct
from ct0_audit.sources.scripts import Found, configured, paths_in
from ct0_audit.sources.yaml_nodes import (
    documents,
    mapped,
    place,
    scalars,
    value,
    walk,
    whole_line,
)

KIND = "salt"

FOLDERS = ("/srv/salt", "/srv/pillar", "/srv/formulas", "/var/cache/salt/minion/files")
CONFIGURATION = ("/etc/salt/minion.d", "/etc/salt/master.d")

# None has another of its kind in it, so one without an end ends at the next, not at the file's end.
STATEMENT = re.compile(r"\{%(?:(?!\{%).)*?%\}|\{#(?:(?!\{#).)*?#\}", re.DOTALL)
EXPRESSION = re.compile(r"\{\{(?:(?!\{\{).)*?\}\}", re.DOTALL)
# Execution modules that go through the process table by name.
BY_NAME = {
    "ps.pkill": KILLS,
    "ps.pgrep": MISCOUNTS,
    "status.pid": MISCOUNTS,
    "status.procs": MISCOUNTS,
}
RUN = ("cmd.run", "cmd.script", "cmd.wait", "cmd.shell")


def read(host: Host) -> Found:
    wanted = paths_in(host, *FOLDERS, depth=7, ends=(".sls",))
    wanted += paths_in(host, *CONFIGURATION, ends=(".conf",))
    yield from configured(host, wanted, parse_salt)


def parse_salt(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Services with `sig`, modules that look by name, and commands."""
    text = EXPRESSION.sub(lambda found: re.sub(r"[^\n]", "x", found[0]), text)
    blank = STATEMENT.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    for key, node, mapping in walk(documents(blank, path)):
        if key in ("service.running", "service.dead", "service"):
            for sig in _arguments(node, "sig"):
                detail = f"Salt takes any process with {value(sig)!r} in its line for the service"
                selector = Selector("text", (value(sig),))
                yield direct(whole_line(sig, blank), "CT105", detail, path, KIND, selector)
        if key in BY_NAME:
            yield _by_name(key, node, blank, path)
        elif key in ("name", "function", "fun") and value(node) in BY_NAME:
            yield _by_name(value(node), node, blank, path)
        if key in RUN:
            for ran in [*_arguments(node, "name"), *scalars(node)][:1]:
                line = place(ran, blank)
                yield Snippet(path, line.number, line.column, SHELL, line.text, KIND, key)
        elif key in ("unless", "onlyif", "check_cmd") and mapping:
            for ran in scalars(node):
                line = place(ran, blank)
                yield Snippet(path, line.number, line.column, SHELL, line.text, KIND, key)


def _arguments(node: yaml.Node, name: str) -> list[yaml.ScalarNode]:
    """The scalars that a state's list of one-key mappings, or its mapping, has under `name`."""
    mappings = node.value if isinstance(node, yaml.SequenceNode) else [node]
    found = [mapped(item).get(name) for item in mappings]
    return [item for item in found if isinstance(item, yaml.ScalarNode) and item.value]


def _by_name(function: str, node: yaml.Node, text: str, path: str) -> Direct:
    detail = f"{function} goes through all processes of the host"
    line = whole_line(node, text)
    return direct(line, "CT105", detail, path, KIND, severity=BY_NAME[function])
