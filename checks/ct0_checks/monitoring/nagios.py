"""Nagios (and Naemon, Icinga 1): hosts with parents, services by host group, dependencies.

A CT's host check is its state as CT0 sees it. CT0's is whether its agent answers: when nothing can
be asked there, one host is DOWN and its CTs are UNREACHABLE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ct0_checks.monitoring.fleet import Node
from ct0_checks.monitoring.nrpe import command
from ct0_checks.monitoring.services import ALL, OF_CT, OF_CT0, STATE, Service
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
        agent = [f"host_name {node.name}", f"service_description {AGENT}"]
        parts.append(
            block("service", f"use {wishes.service_template}", *agent, "check_command ct0_agent")
        )
    if not node.guests:
        return "\n\n".join(parts) + "\n"

    group = f"{node.name}-cts"
    parts.append(block("hostgroup", f"hostgroup_name {group}", f"alias containers of {node.name}"))
    for guest in node.guests:
        lines = [f"host_name {guest.name}", f"alias {guest.display}", f"parents {node.name}"]
        lines += [f"hostgroups {group}", f"_CT0 {node.name}"]
        lines += [f"_CT0_ADDRESS {node.address}", f"_CT_ENGINE {guest.engine}"]
        lines += [f"_CT_CHOICE {guest.option}={guest.value}"]
        check = f"ct0_nrpe!{command(STATE, guest)}" if wishes.via == NRPE else STATE.command
        parts.append(block("host", f"use {wishes.ct_template}", *lines, f"check_command {check}"))
    parts += [service(each, f"hostgroup_name {group}", wishes) for each in OF_CT]
    if wishes.via == NRPE:
        parts.append(
            block(
                "servicedependency",
                *agent,
                f"dependent_hostgroup_name {group}",
                f"dependent_service_description {','.join(each.description for each in OF_CT)}",
                "execution_failure_criteria u,c",
                "notification_failure_criteria u,c",
            )
        )
    return "\n\n".join(parts) + "\n"


def ct0(node: Node, wishes: Wishes) -> str:
    lines = [f"use {wishes.node_template}", f"host_name {node.name}", f"address {node.address}"]
    lines += [f"_CT0 {node.name}", f"_CT0_ADDRESS {node.address}"]
    check = "ct0_agent" if wishes.via == NRPE else "check-host-alive"
    return block("host", *lines, f"check_command {check}")


def service(each: Service, whose: str, wishes: Wishes) -> str:
    if wishes.via == NRPE:
        of = "_$HOSTNAME$" if each in OF_CT else ""
        check = f"ct0_nrpe!{each.command}{of}"
    else:
        check = f"{each.command}!{each.arguments}" if each.arguments else each.command
    lines = [f"use {wishes.service_template}", whose, f"service_description {each.description}"]
    return block("service", *lines, f"check_command {check}")


def block(kind: str, *lines: str) -> str:
    return "\n".join([f"define {kind} {{", *(f"  {line}" for line in lines), "}"])


def definitions(wishes: Wishes, services: Sequence[Service] = ALL) -> str:
    """The shipped file: templates, and a command for each plugin."""
    folder = "".join(UNSAFE.get(character, character) for character in wishes.plugins)
    parts = []
    for each in services:
        whose = "" if each in OF_CT0 else " --engine='$_HOSTCT_ENGINE$' '$_HOSTCT_CHOICE$'"
        line = f"{folder}/{each.plugin}{whose} $ARG1$"
        parts.append(block("command", f"command_name {each.command}", f"command_line {line}"))
    return TEMPLATES + "\n" + "\n\n".join(parts) + "\n"
