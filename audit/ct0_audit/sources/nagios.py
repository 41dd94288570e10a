"""NRPE, Nagios, Icinga: the commands of checks that run on this host.

    command[check_cron]=/usr/lib/nagios/plugins/check_procs -c 1: -C cron           nrpe.cfg
    define command { command_line /usr/bin/pgrep -x foo }                           Nagios, Icinga 1
    object CheckCommand "procs" { command = [ PluginDir + "/check_procs" ] }        Icinga 2

NRPE and Nagios give the line to a shell. An Icinga 2 service that uses its library's `procs`
command says whom it counts in its own variables: `vars.procs_command = "cron"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Direct, Selector, Snippet
from ct0_audit.sources.check_procs import PLUGIN, judge_check_procs
from ct0_audit.sources.lines import Line, direct, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, paths_in

KIND = "nagios"

FILES = ("/etc/nagios/nrpe.cfg", "/etc/nrpe.cfg", "/etc/nagios/nrpe_local.cfg")
FOLDERS = (
    "/etc/nagios",
    "/etc/nrpe.d",
    "/etc/nagios3",
    "/etc/nagios4",
    "/etc/icinga",
    "/usr/local/nagios/etc",
)
ICINGA2 = ("/etc/icinga2",)

COMMAND = re.compile(r"\s*command\[([^\]]+)\]\s*=\s*")
COMMAND_LINE = re.compile(r"\s*command_line\s+(?=\S)")
PROCS = re.compile(r"""\s*vars\.procs_(command|argument|user)\s*=\s*"([^"]*)\"""")
PARENT = re.compile(r"vars\.procs_ppid\b")
HOW = {"command": "comm", "argument": "text", "user": "user"}


def read(host: Host) -> Found:
    wanted = [*FILES, *paths_in(host, *FOLDERS, depth=3, ends=(".cfg",))]
    yield from configured(host, wanted, parse_nagios)
    yield from configured(host, paths_in(host, *ICINGA2, depth=4, ends=(".conf",)), parse_icinga2)


def parse_nagios(text: str, path: str) -> Iterator[Snippet | Direct]:
    """The commands of nrpe.cfg and of Nagios' objects."""
    for line in without_comments(text, "#;", join=True):
        begins = COMMAND.match(line.text) or COMMAND_LINE.match(line.text)
        if not begins:
            continue
        ran = line.part(begins.end())
        context = f"command {begins[1]}" if begins.re is COMMAND else "command_line"
        called = PLUGIN.search(ran.text)
        if called is None:
            yield shell(ran, path, KIND, context)
            continue
        words = [word.text for word in ran.part(called.end()).words()]
        found = judge_check_procs(ran, words, path, KIND)
        if found:
            yield found._replace(context=context)


def parse_icinga2(text: str, path: str) -> Iterator[Snippet | Direct]:
    """Services of Icinga 2 that count processes: one finding a line that says whom."""
    for block in _blocks(text):
        if any(PARENT.search(line.text) for line in block):
            continue
        found = [(match, line) for line in block if (match := PROCS.match(line.text))]
        users = tuple(match[2] for match, _ in found if match[1] == "user")
        chosen = [(match, line) for match, line in found if match[1] != "user"] or found
        for match, line in chosen:
            detail = f"check_procs counts every process of this {match[1]}: {match[2]!r}"
            selector = Selector(HOW[match[1]], (match[2],), users if match[1] != "user" else ())
            yield direct(line, "CT103", detail, path, KIND, selector)


def _blocks(text: str) -> Iterator[list[Line]]:
    """The lines of each object or apply rule, comments left out."""
    block: list[Line] = []
    comment = False
    for line in without_comments(text):
        words = line.text.strip()
        if words.startswith("/*") or comment:
            comment = "*/" not in words
            continue
        if words.startswith("//"):
            continue
        if re.match(r"(object|apply|template)\s", words):
            yield block
            block = []
        block.append(line)
    yield block
