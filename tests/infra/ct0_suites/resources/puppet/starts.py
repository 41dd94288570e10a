"""What starts Puppet's runs: a service that stays, a timer of systemd's, or cron.

systemctl show puppet.service puppet.timer …
/etc/cron.d/puppet:*/30 * * * * root /opt/puppetlabs/bin/puppet agent --onetime --no-daemonize
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ct0.errors import Unavailable
from ct0_suites.resources.services import systemd
from ct0_suites.resources.services.reading import init_of, read_service
from ct0_suites.resources.services.record import INITS, SYSTEMD
from ct0_suites.target import Target

SERVICE, TIMER, CRON = "service", "timer", "cron"
NAMES = ("puppet", "puppet-agent", "openvox", "openvox-agent")

CALL = re.compile(r"\b(puppet\s+(agent|apply)|puppetd|openvox\s+(agent|apply))\b")
# Its words in a unit or a crontab; the rest is done here.
GREP = "grep -aHsE 'puppet[[:space:]]+(agent|apply)|puppetd|openvox[[:space:]]+(agent|apply)'"
TABLES = (
    "/etc/crontab /etc/anacrontab /etc/cron.d/* /etc/cron.hourly/* /etc/cron.daily/*"
    " /var/spool/cron/root /var/spool/cron/crontabs/root /etc/crontabs/root"
)
# Of the files in these folders cron passes over some: cron(8), run-parts(8), cronie's cron(8).
FOLDERS = ("/etc/cron.d", "/etc/cron.hourly", "/etc/cron.daily")
IGNORED_BY_DEBIAN = re.compile(r"[^A-Za-z0-9_-]")
IGNORED = re.compile(r"^\.|~$|\.(rpmsave|rpmorig|rpmnew|cfsaved|swp|bak|disabled)$|,v$")
UNITS = (
    "/etc/systemd/system/*.service /run/systemd/system/*.service"
    " /usr/lib/systemd/system/*.service /lib/systemd/system/*.service"
)


class Start(NamedTuple):
    """`running` now, `enabled` for the next boot: a crontab is both."""

    kind: str
    name: str  # of the service or timer, or the table's path
    running: bool
    enabled: bool
    state: str  # in words


def read_starts(target: Target) -> list[Start]:
    """All that are there, running or not. Raises Unavailable, Unreachable."""
    return target.once("puppet.starts", lambda: read_anew(target))


def read_anew(target: Target) -> list[Start]:
    try:
        init = init_of(target)
    except Unavailable:
        init = ""  # a container without an init system may have cron
    found = services(target) if init in INITS else []
    if init == SYSTEMD:
        found += timers(target)
    return found + crontabs(target)


def services(target: Target) -> list[Start]:
    found = []
    for name in NAMES:
        service = read_service(target, name)
        if not service.exists:
            continue
        if service.running is None or service.enabled is None:
            raise Unavailable(f"{name}: whether it runs and is enabled: {service.state}")
        state = f"{service.state}, {service.enabling}"
        found.append(Start(SERVICE, name, service.running, service.enabled, state))
    return found


def timers(target: Target) -> list[Start]:
    """Those called after Puppet, and those of a service that calls it."""
    said = target.run(
        f"{GREP} {UNITS};"
        " for f in /etc/systemd/system/*.timer /run/systemd/system/*.timer"
        " /usr/lib/systemd/system/*.timer /lib/systemd/system/*.timer; do"
        ' [ -e "$f" ] && printf \'%s:\\n\' "$f"; done; true'
    )
    calling, there = set(NAMES), set()
    for line in said.text.split("\n"):
        path, _, text = line.partition(":")
        base, _, kind = path.rpartition("/")[2].rpartition(".")
        if kind == "timer":
            there.add(base)
        elif kind == "service" and CALL.search(text) and text.lstrip().startswith("ExecStart"):
            calling.add(base)
    names = sorted(name for name in there if name in calling or re.search(r"puppet|openvox", name))
    names = [name for name in names if re.fullmatch(r"[\w.@:\\-]{1,128}", name)]
    if not names:
        return []
    units = [f"{name}.timer" for name in names]
    shown = systemd.parse_show(target.run(systemd.command(*units)), len(units))
    found = []
    for name, each in zip(names, shown):
        timer = systemd.service_of(name, each)
        state = f"{timer.state}, {timer.enabling}"
        found.append(Start(TIMER, f"{name}.timer", bool(timer.running), bool(timer.enabled), state))
    return found


def crontabs(target: Target) -> list[Start]:
    said = target.run(f"{GREP} {TABLES}; [ -e /etc/debian_version ] && echo debian:; true")
    lines = said.text.split("\n")
    ignored = IGNORED_BY_DEBIAN if "debian:" in lines else IGNORED
    found: dict[str, Start] = {}
    for line in lines:
        path, colon, text = line.partition(":")
        if not colon or not path.startswith("/") or text.lstrip().startswith("#"):
            continue
        folder, _, name = path.rpartition("/")
        if CALL.search(text) and not (folder in FOLDERS and ignored.search(name)):
            found[path] = Start(CRON, path, True, True, "calls it")
    return list(found.values())
