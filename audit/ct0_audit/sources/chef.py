"""Chef: services whose status is a search in ps, in the cookbooks that are cached on the host.

    service 'foo' do
      pattern 'foo -d'
      supports status: false
    end
    execute 'kill -HUP $(pidof foo)'

docs.chef.io, "service Resource": without a status command the pattern, else the name, is looked for
in the process table. Recipes are Ruby, so what is found line by line is of medium confidence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import MEDIUM, SHELL, Direct, Selector, Snippet
from ct0_audit.sources.lines import Line, direct, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "chef"

FOLDERS = ("/var/chef/cache/cookbooks", "/var/cinc/cache/cookbooks", "/etc/chef/cookbooks")
BEGINS = re.compile(r"""\s*service\s*\(?\s*['"]([^'"]+)['"]\)?\s+do\b""")
PATTERN = re.compile(r"""\s*pattern\s*\(?\s*['"]([^'"]+)['"]""")
NO_STATUS = re.compile(r"\s*supports\b.*(:status\s*=>\s*false|\bstatus:\s*false)")
SIMPLE = re.compile(r"\s*provider\s+Chef::Provider::Service::Simple")
COMMAND = re.compile(r"""\s*(?:execute|bash|command|not_if|only_if)\s+(['"])(.*)\1""")
ENDS = re.compile(r"\s*end\b")


def read(host: Host) -> Found:
    yield from configured(host, paths_in(host, *FOLDERS, depth=6, ends=(".rb",)), parse_recipe)


def parse_recipe(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Services looked up by a pattern, and commands given as plain strings."""
    service = ""
    pattern = ""
    by_name: Line | None = None
    for line in without_comments(text):
        begins = BEGINS.match(line.text)
        if begins:
            service, pattern, by_name = begins[1], "", None
        elif service:
            given = PATTERN.match(line.text)
            if given:
                pattern = given[1]
                by_name = by_name or line
            elif NO_STATUS.match(line.text) or SIMPLE.match(line.text):
                by_name = line
            elif ENDS.match(line.text):
                if by_name is not None:
                    yield _found(by_name, pattern or service, path)
                service = ""
        ran = COMMAND.match(line.text)
        if ran:
            place = line.part(ran.start(2), ran.end(2))
            yield Snippet(
                path, place.number, place.column, SHELL, place.text, KIND, ran[0].split()[0]
            )


def _found(line: Line, pattern: str, path: str) -> Direct:
    detail = f"Chef looks for {pattern!r} in the process table"
    selector = Selector("text", (pattern,))
    return direct(line, "CT105", detail, path, KIND, selector)._replace(confidence=MEDIUM)
