"""systemd's units and drop-ins, the system's and the users': Exec*= lines, KillMode=, PIDFile=.

A unit in /etc replaces the package's of the same name; a link to /dev/null masks it. Drop-ins are
of UNIT.d, of the template's UNIT@.d, and of the type's (service.d): systemd.unit(5). What a timer
starts is a service, so it needs no reading of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import Direct, NotRead, Snippet
from ct0_audit.sources.lines import Line, command, direct
from ct0_audit.sources.scripts import Found, followed
from ct0_audit.sources.unit_files import Setting, commands, merged, parse_unit

KIND = "systemd"

# In order: the first that has a unit of a name is the one that counts.
FOLDERS = {
    "system": (
        "/etc/systemd/system.control",
        "/etc/systemd/system",
        "/run/systemd/system",
        "/run/systemd/generator",
        "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system",
        "/lib/systemd/system",
    ),
    "user": (
        "/etc/systemd/user",
        "/run/systemd/user",
        "/usr/local/lib/systemd/user",
        "/usr/lib/systemd/user",
    ),
}
VOLATILE = ("/run/", "/var/run/", "/dev/shm/")
TYPES = (".service", ".socket", ".mount", ".swap", ".timer")

STOPS_BY_NAME = "systemd ends the main process only, and ExecStop= looks for the others by name"
KILLERS = re.compile(r"\b(killall5?|pkill|pidof|pgrep|skill|fuser|killproc)\b|\bps\b[^|]*\|")
# They leave processes behind so that their containers survive a restart: what it is made for.
MANAGERS = re.compile(
    r"^(docker|containerd|podman|lxc|lxd|lxcfs|incus|crio|kubelet|k3s|k0s|libvirtd|virt|nspawn"
    r"|systemd-nspawn@|machine|vz|prl|pve|nomad)"
)


def read(host: Host) -> Found:
    for folders in FOLDERS.values():
        yield from _of_one_manager(host, folders)


def _of_one_manager(host: Host, folders: tuple[str, ...]) -> Found:
    units: dict[str, str] = {}
    drop_ins: dict[str, dict[str, str]] = {}
    for folder in folders:
        for entry in files.walk(host, folder, 1):
            if isinstance(entry, files.Unreadable):
                if _is_mask(host, entry.path):
                    units.setdefault(entry.path.rpartition("/")[2], "")
                elif not isinstance(entry, files.Absent):
                    yield NotRead(entry.path, entry.reason)
                continue
            above, _, name = entry.path.rpartition("/")
            if above == folder and name.endswith(TYPES):
                units.setdefault(name, "" if _is_mask(host, entry.path) else entry.path)
            elif above.endswith(".d") and name.endswith(".conf"):
                unit = above.rpartition("/")[2].removesuffix(".d")
                drop_ins.setdefault(unit, {}).setdefault(name, entry.path)
    seen: set[str] = set()
    for name, path in sorted(units.items()):
        kind = name.rpartition(".")[2]
        template = re.sub(r"@.*\.", "@.", name)
        found: dict[str, str] = {}
        for unit in (name, template, kind):
            for drop_in, where in drop_ins.get(unit, {}).items():
                found.setdefault(drop_in, where)
        if path:
            yield from _unit(host, name, [path, *(found[key] for key in sorted(found))], seen)
    for unit, unread in sorted(drop_ins.items()):
        if unit not in units and "." in unit:  # of an instance, or of a unit that a generator makes
            yield from _unit(host, unit, [unread[key] for key in sorted(unread)], seen)


def _unit(host: Host, name: str, paths: list[str], seen: set[str]) -> Found:
    texts = []
    for path in paths:
        try:
            texts.append((files.text(host, path), files.real(host, path)))
        except files.Absent:
            continue
        except files.Unreadable as reason:
            yield NotRead(path, reason.reason)
    for item in judge(name, texts):
        if isinstance(item, Snippet):
            if (place := f"{item.path}:{item.line}:{item.column}") in seen:
                continue  # a drop-in for all services, seen with the first of them
            seen.add(place)
        yield item
        if isinstance(item, Snippet):
            yield from followed(host, item, seen)


def judge(name: str, texts: list[tuple[str, str]]) -> Iterator[Snippet | Direct]:
    """What a unit of this name runs, and what is wrong with it; `texts` are (text, path) of the
    unit's file and its drop-ins, in the order in which they count."""
    settings = merged(chain.from_iterable(parse_unit(text, path) for text, path in texts))
    variables = tuple(_environment(settings))
    stops = ""
    for setting in settings:
        if setting.key.startswith("Exec"):
            for line in commands(setting.value):
                context = f"{setting.key}= of {name}"
                snippet = command(line, setting.path, KIND, context)
                yield snippet._replace(variables=variables)
            if setting.key.startswith("ExecStop"):
                stops += setting.value.text + "\n"
    for setting in settings:
        if setting.section != "Service":
            continue
        value = setting.value.text
        if setting.key == "KillMode" and not MANAGERS.match(name):
            if value == "none":
                yield _about(setting, name, "systemd ends none of its processes")
            elif value == "process" and KILLERS.search(stops):
                yield _about(setting, name, STOPS_BY_NAME)
        elif setting.key == "PIDFile" and not value.startswith(VOLATILE) and value[:1] == "/":
            yield _about(setting, name, "a file there survives a boot, its number does not")


def _about(setting: Setting, name: str, detail: str) -> Direct:
    line = Line(setting.value.number, f"{setting.key}={setting.value.text}")
    return direct(line, "CT113", detail, setting.path, KIND, context=name)


def _environment(settings: list[Setting]) -> Iterator[tuple[str, str]]:
    for setting in settings:
        if setting.key == "Environment":
            for word in setting.value.words():
                variable, equals, value = word.text.partition("=")
                if equals:
                    yield variable, value


def _is_mask(host: Host, path: str) -> bool:
    return files.link(host, path) == "/dev/null"
