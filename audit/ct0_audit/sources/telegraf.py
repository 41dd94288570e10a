"""telegraf's procstat input, and the commands of its exec input: TOML.

    [[inputs.procstat]]
      pattern = "nginx"
    [[inputs.procstat]]
      systemd_unit = "nginx.service"      # safe, as are pid_file and cgroup

telegraf's documentation, "Procstat Input Plugin": exe is the name, pattern the command line, user
the owner; the native finder compares the same.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any

from ct0.errors import Malformed
from ct0.host import Host
from ct0_audit.files import Unreadable
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.lines import Line, direct, lines, shell
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "telegraf"

HOW = {"exe": "pattern", "pattern": "full", "user": "user"}
SAFE = ("pid_file", "systemd_unit", "systemd_units", "cgroup", "supervisor_unit", "win_service")


def read(host: Host) -> Found:
    wanted = [
        "/etc/telegraf/telegraf.conf",
        *paths_in(host, "/etc/telegraf/telegraf.d", ends=(".conf",)),
    ]
    yield from configured(host, wanted, parse_telegraf)


def parse_telegraf(text: str, path: str) -> Iterator[Snippet | Direct]:
    """The procstat inputs that choose by name, and what the exec inputs run. Raises Malformed and,
    where nothing reads TOML, Unreadable."""
    inputs = _inputs(text, path)
    places = list(lines(text))
    for number, table in enumerate(inputs.get("procstat", [])):
        if any(key in table for key in SAFE):
            continue
        for key, how in HOW.items():
            if isinstance(table.get(key), str):
                line = _place(places, "procstat", number, key)
                detail = f"telegraf counts every process of this {key}: {table[key]!r}"
                selector = Selector(how, (table[key],))
                yield direct(line, "CT103", detail, path, KIND, selector)
                break
    for number, table in enumerate(inputs.get("exec", [])):
        commands = table.get("commands", table.get("command", []))
        line = _place(places, "exec", number, "command")
        for ran in [commands] if isinstance(commands, str) else commands:
            at = next((place for place in places if str(ran) in place.text), None)
            if isinstance(ran, str) and at is not None:
                start = at.text.index(ran)
                yield shell(at.part(start, start + len(ran)), path, KIND, "exec of telegraf")


def _inputs(text: str, path: str) -> dict[str, list[dict[str, Any]]]:
    """The tables of each input by its name."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib
        except ImportError as error:  # Debian 11 has no package of it
            raise Unreadable(path, "TOML, which needs tomli before Python 3.11") from error
    try:
        found = tomllib.loads(text).get("inputs", {})
    except (ValueError, RecursionError) as error:
        raise Malformed(path, str(error)) from error
    if not isinstance(found, dict):
        return {}
    return {
        name: [table for table in tables if isinstance(table, dict)]
        for name, tables in found.items()
        if isinstance(tables, list)
    }


def _place(places: list[Line], table: str, number: int, key: str) -> Line:
    """The line of a key in the `number`th [[inputs.TABLE]]; TOML's parser keeps no places."""
    header = re.compile(rf"\s*\[\[\s*inputs\s*\.\s*{table}\s*\]\]")
    starts = [at for at, line in enumerate(places) if header.match(line.text)]
    if number >= len(starts):
        return places[0]
    for line in places[starts[number] :]:
        if re.match(rf"\s*[\"']?{key}", line.text):
            return line
    return places[starts[number]]
