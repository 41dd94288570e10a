"""Nagios (and Naemon, Icinga 1): hosts with parents, services by host group, dependencies.

A CT's host check is its state as CT0 sees it. CT0's is whether its agent answers: when nothing can
be asked there, one host is DOWN and its CTs are UNREACHABLE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ct0_checks.monitoring.fleet import Guest, Node, has
from ct0_checks.monitoring.nrpe import command, unjudged
from ct0_checks.monitoring.services import ALL, NAMED, OF_CT0, STATE, Service
from ct0_checks.monitoring.wishes import MADE, NRPE, Wishes

HOSTS = re.compile(r"^  parents ", re.MULTILINE)
AGENT = "agent"

# `;` begins a comment and `$` a macro; the rest of what is written here is harmless by its making.
UNSAFE = {"$": "$$", ";": r"\;"}

TEMPLATES = """\
# Put this file into Nagios' configuration once; what `ct0 monitoring generate --nagios` writes uses
# it. To change intervals or contacts for all, change the templates here, or give other templates to
# the command (--node-template, --ct-template, --service-template).

define host {
  name ct0-node
  use generic-host
  check_period 24x7
  check_interval 1
  retry_interval 1
  max_check_attempts 3
  notification_interval 60
  contact_groups admins
  register 0
}

define host {
  name ct0-ct
  use generic-host
  check_period 24x7
  check_interval 1
  retry_interval 1
  max_check_attempts 3
  notification_interval 60
  contact_groups admins
  register 0
}

define service {
  name ct0-service
  use generic-service
  check_period 24x7
  check_interval 5
  retry_interval 1
  max_check_attempts 3
  notification_interval 60
  contact_groups admins
  register 0
}

# Ask CT0's NRPE; $ARG1$ is the name of one of its commands. Too slow is UNKNOWN, not CRITICAL.
define command {
  command_name ct0_nrpe
  command_line $USER1$/check_nrpe -H '$_HOSTCT0_ADDRESS$' -t 30:3 -c '$ARG1$'
}

# Whether CT0's NRPE answers at all.
define command {
  command_name ct0_agent
  command_line $USER1$/check_nrpe -H '$_HOSTCT0_ADDRESS$' -t 30:3
}

# The plugins where Nagios itself runs on CT0 (--via local); $ARG1$ are more options. Those of a CT
# are told by its host's custom variables which one it is.
"""


def render(node: Node, wishes: Wishes) -> str:
    parts = ["# " + MADE.format(format="nagios", node=node.name)]
    parts.append(ct0(node, wishes))
    parts += [service(each, f"host_name {node.name}", wishes) for each in OF_CT0]
    if wishes.via == NRPE:
        lines = [f"host_name {node.name}", f"service_description {AGENT}"]
        lines.append("check_command ct0_agent")
        parts.append(block("service", f"use {wishes.service_template}", *lines))
    if node.guests:
        names = {group(node, each): f"{each.description} on {node.name}" for each in node.used()}
        names[group(node)] = f"containers of {node.name}"
        parts += [
            block("hostgroup", f"hostgroup_name {name}", f"alias {alias}")
            for name, alias in names.items()
        ]
    parts += [ct(guest, node, wishes) for guest in node.guests]
    parts += [service(each, f"hostgroup_name {group(node, each)}", wishes) for each in node.used()]
    if wishes.via == NRPE:
        parts += [dependency(each, node) for each in node.used()]
    return "\n\n".join(parts) + "\n"


def ct0(node: Node, wishes: Wishes) -> str:
    lines = [f"use {wishes.node_template}", f"host_name {node.name}", f"address {node.address}"]
    lines += [f"_CT0 {node.name}", f"_CT0_ADDRESS {node.address}"]
    if wishes.via == NRPE:
        lines.append("check_command ct0_agent")
    return block("host", *lines)  # where Nagios runs itself, the host is up


def ct(guest: Guest, node: Node, wishes: Wishes) -> str:
    groups = [group(node), *(group(node, each) for each in node.used() if has(each, guest))]
    check = f"ct0_nrpe!{command(STATE, guest)}" if wishes.via == NRPE else STATE.command
    return block(
        "host",
        f"use {wishes.ct_template}",
        f"host_name {guest.name}",
        f"alias {guest.display}",
        f"parents {node.name}",
        f"hostgroups {','.join(dict.fromkeys(groups))}",
        f"_CT0 {node.name}",
        f"_CT0_ADDRESS {node.address}",
        f"_CT_ENGINE {guest.engine}",
        f"_CT_CHOICE {guest.option}={guest.value}",
        f"check_command {check}",
    )


def group(node: Node, service: Service | None = None) -> str:
    """The host group of a service's CTs; without one, or where all have it, that of all CTs."""
    every = service is None or len(node.having(service)) == len(node.guests)
    return f"{node.name}-cts" if service is None or every else f"{node.name}-{service.command}"


def service(each: Service, whose: str, wishes: Wishes) -> str:
    if wishes.via == NRPE:
        of = "_$HOSTNAME$" if each.command in NAMED else ""
        check = f"ct0_nrpe!{each.command}{of}"
    else:
        check = f"{each.command}!{each.arguments}" if each.arguments else each.command
    lines = [f"use {wishes.service_template}", whose, f"service_description {each.description}"]
    return block("service", *lines, f"check_command {check}")


def dependency(each: Service, node: Node) -> str:
    """No agent, no answers: one alert, not one for each service."""
    return block(
        "servicedependency",
        f"host_name {node.name}",
        f"service_description {AGENT}",
        f"dependent_hostgroup_name {group(node, each)}",
        f"dependent_service_description {each.description}",
        "execution_failure_criteria u,c",
        "notification_failure_criteria u,c",
    )


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"define {kind} {{", *(f"  {line}" for line in lines), "}"])


def definitions(wishes: Wishes, services: Sequence[Service] = ALL) -> str:
    """The shipped file: templates, and a command for each plugin."""
    folder = "".join(UNSAFE.get(character, character) for character in wishes.plugins)
    parts = []
    for each in services:
        whose = "" if each in OF_CT0 else " --engine='$_HOSTCT_ENGINE$' '$_HOSTCT_CHOICE$'"
        whose += unjudged(each)
        line = f"{folder}/{each.plugin}{whose} $ARG1$"
        parts.append(block("command", f"command_name {each.command}", f"command_line {line}"))
    return TEMPLATES + "\n" + "\n\n".join(parts) + "\n"
