"""ACPI events, sleep and resume, power supplies, and what udev runs.

    action=/etc/acpi/power.sh                                  /etc/acpi/events/power
    ACTION=="add", RUN+="/bin/sh -c 'kill -HUP $(pidof foo)'"  /etc/udev/rules.d/99-foo.rules
    SHUTDOWNCMD "/sbin/shutdown -h +0"                         /etc/nut/upsmon.conf

udev(7): RUN and PROGRAM are split into words and run without a shell; `$x` and `%x` in them are
udev's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ct0.host import Host
from ct0_audit.records import Snippet
from ct0_audit.sources.lines import command, shell, without_comments
from ct0_audit.sources.scripts import Found, configured, folders, paths_in

KIND = "power"

FOLDERS = (
    "/etc/acpi",
    "/etc/acpi/actions",
    "/usr/share/acpi-support",
    "/etc/pm/sleep.d",
    "/etc/pm/power.d",
    "/usr/lib/pm-utils/sleep.d",
    "/usr/lib/pm-utils/power.d",
    "/usr/lib/systemd/system-sleep",
    "/lib/systemd/system-sleep",
    "/etc/apcupsd",
)
RULES = ("/etc/udev/rules.d", "/run/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d")
RUN = re.compile(
    r'\b(RUN(?:\{program\})?|PROGRAM|IMPORT\{program\})\s*(?:\+?=|:=|==)\s*"((?:[^"\\]|\\.)*)"'
)
ACTION = re.compile(r"\s*action\s*=\s*(?=\S)")
UPS = re.compile(r'\s*(SHUTDOWNCMD|NOTIFYCMD)\s+("[^"]*"|\S+)')


def read(host: Host) -> Found:
    yield from folders(host, FOLDERS, KIND, only=lambda name: not name.endswith((".conf", ".list")))
    yield from configured(host, paths_in(host, "/etc/acpi/events"), parse_acpi)
    yield from configured(host, paths_in(host, *RULES, ends=(".rules",)), parse_udev)
    yield from configured(host, ("/etc/nut/upsmon.conf", "/etc/ups/upsmon.conf"), parse_upsmon)


def parse_acpi(text: str, path: str) -> Iterator[Snippet]:
    """The action of an event, which sh runs."""
    for line in without_comments(text):
        begins = ACTION.match(line.text)
        if begins:
            yield shell(line.part(begins.end()), path, KIND, "action of acpid")


def parse_udev(text: str, path: str) -> Iterator[Snippet]:
    """The programs of udev's rules."""
    for line in without_comments(text, join=True):
        for ran in RUN.finditer(line.text):
            yield command(line.part(ran.start(2), ran.end(2)), path, KIND, f"{ran[1]} of udev")


def parse_upsmon(text: str, path: str) -> Iterator[Snippet]:
    """What upsmon runs, by sh."""
    for line in without_comments(text):
        ran = UPS.match(line.text)
        if ran:
            place = line.part(ran.start(2), ran.end(2)).unquoted()
            yield shell(place, path, KIND, f"{ran[1]} of upsmon")
