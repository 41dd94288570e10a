"""needrestart, checkrestart and apt's hooks.

    $nrconf{restart} = 'a';                       /etc/needrestart/needrestart.conf: unasked
    DPkg::Post-Invoke { "checkrestart -q"; };     /etc/apt/apt.conf.d: run by sh after each dpkg

needrestart tells containers by its modules NeedRestart/CONT/*.pm. Its catch-all for PID namespaces
that no module knows is other.pm, of April 2024 (3.7): without it Incus' or a bare nspawn's
processes have the host's services restarted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit import files
from ct0_audit.records import KILLS, MISCOUNTS, Direct, Snippet
from ct0_audit.sources.lines import Line, direct, shell, without_comments
from ct0_audit.sources.scripts import Found, Paths, configured, paths_in

KIND = "needrestart"

PERL = ("/usr/share/perl5", "/usr/share/perl5/vendor_perl", "/usr/lib/perl5/vendor_perl")
CONFIGURATION = "/etc/needrestart/needrestart.conf"
RESTART = re.compile(r"""\s*\$nrconf\{["']?restart["']?\}\s*=\s*["'](\w)["']""")
HOOK = re.compile(
    r"(?:DPkg|APT::Update)::(?:Pre|Post)-(?:Invoke|Install-Pkgs)(?:-Success)?", re.IGNORECASE
)
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
LISTERS = re.compile(r"\b(checkrestart|needs-restarting)\b")


def read(host: Host) -> Found:
    for folder in PERL:
        modules = f"{folder}/NeedRestart/CONT"
        if files.exists(host, modules) and not files.exists(host, f"{modules}/other.pm"):
            wanted = [CONFIGURATION, *paths_in(host, "/etc/needrestart/conf.d", ends=(".conf",))]
            yield from _needrestart(host, wanted, modules)
    yield from configured(host, paths_in(host, "/etc/apt/apt.conf.d"), parse_hooks)


def _needrestart(host: Host, paths: Paths, modules: str) -> Found:
    decided = False
    for item in configured(host, paths, parse_restart):
        decided = True
        if not isinstance(item, Direct) or item.severity != "":
            yield item
    if not decided:
        line = Line(1, modules)
        detail = "needrestart has no CONT/other.pm: it asks to restart what containers' files need"
        yield direct(line, "CT106", detail, modules, KIND, severity=MISCOUNTS)


def parse_restart(text: str, path: str) -> Iterator[Direct]:
    """What needrestart does with what it finds; a line that makes it only list is a Direct without
    severity, which is no finding."""
    for line in without_comments(text):
        restart = RESTART.match(line.text)
        if restart is None:
            continue
        if restart[1] == "a":
            detail = "restarts services unasked, and has no CONT/other.pm to tell containers"
            yield direct(line, "CT106", detail, path, KIND, severity=KILLS)
        elif restart[1] == "i":
            detail = "proposes to restart services, and has no CONT/other.pm to tell containers"
            yield direct(line, "CT106", detail, path, KIND, severity=MISCOUNTS)
        else:
            yield direct(line, "CT106", "only lists", path, KIND)


def parse_hooks(text: str, path: str) -> Iterator[Snippet | Direct]:
    """The commands of apt's hooks: strings after the hook's name, in braces or alone."""
    hook = ""
    for line in without_comments(text, "#/"):
        begins = HOOK.search(line.text)
        if begins:
            hook = begins[0]
        if not hook:
            continue
        for string in STRING.finditer(line.text, begins.end() if begins else 0):
            place = line.part(string.start(1), string.end(1))
            yield shell(place, path, KIND, hook)
            lister = LISTERS.search(string[1])
            if lister:
                detail = f"{lister[1]} lists services for files that containers' processes hold"
                yield direct(place, "CT106", detail, path, KIND, severity=MISCOUNTS, context=hook)
        opens, closes = "{" in line.text, "}" in line.text
        if closes or (not opens and line.text.rstrip().endswith('";') and begins):
            hook = ""
