"""NRPE: a command for each service, without arguments from outside (dont_blame_nrpe=0).

    command[ct0_health]=/usr/lib/ct0/plugins/check_ct0_health
    command[ct_state_web1]=/usr/lib/ct0/plugins/check_ct_state --engine=lxc --ct=web1

NRPE hands a line to sh, and ends it at the line's end; it reads no escapes.
"""

from __future__ import annotations

import re
import shlex

from ct0_checks.monitoring.fleet import Guest, Node, has
from ct0_checks.monitoring.services import NAMED, OF_CT, OF_CT0, STATE, UNJUDGED, Service
from ct0_checks.monitoring.wishes import MADE, Wishes

HOSTS = re.compile(rf"^command\[{STATE.command}_", re.MULTILINE)


def render(node: Node, wishes: Wishes) -> str:
    lines = ["# " + MADE.format(format="nrpe", node=node.name), ""]
    lines += [entry(service.command, service, wishes) for service in OF_CT0]
    for guest in node.guests:
        lines += ["", f"# {guest.display}"]
        lines += [
            entry(command(service, guest), service, wishes, selection(guest) + unjudged(service))
            for service in (STATE, *node.services)
            if has(service, guest)
        ]
    return "\n".join(lines) + "\n"


def definitions(wishes: Wishes) -> str:
    """The commands that no CT's name is in."""
    lines = ["# Put this into /etc/nagios/nrpe.d on CT0: what needs no container's name.", ""]
    lines += [entry(service.command, service, wishes) for service in (*OF_CT0, STATE, *OF_CT)]
    return "\n".join(lines) + "\n"


def command(service: Service, guest: Guest) -> str:
    """What the monitoring server asks NRPE for."""
    return f"{service.command}_{guest.name}"


def selection(guest: Guest) -> str:
    return f" --engine={guest.engine} {shlex.quote(f'{guest.option}={guest.value}')}"


def unjudged(service: Service) -> str:
    return f" --unjudged={UNJUDGED}" if service.command in NAMED else ""


def entry(name: str, service: Service, wishes: Wishes, more: str = "") -> str:
    arguments = f" {service.arguments}" if service.arguments else ""
    program = shlex.quote(f"{wishes.plugins}/{service.plugin}")
    return f"command[{name}]={program}{arguments}{more}"
