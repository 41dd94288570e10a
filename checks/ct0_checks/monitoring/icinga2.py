"""Icinga 2: hosts and services whose checks run on CT0 (command_endpoint), and a Dependency.

A CT's host check is its state as CT0 sees it. CT0's is whether its agent is connected: when it is
not, one host is DOWN and its CTs are unreachable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from ct0_checks.monitoring.fleet import Guest, Node
from ct0_checks.monitoring.option import FLAG, REPEATED, Option
from ct0_checks.monitoring.options import Command
from ct0_checks.monitoring.services import OF_CT0, STATE, UNJUDGED
from ct0_checks.monitoring.wishes import AGENT, MADE, Wishes

HOSTS = re.compile(r"^  vars\.ct0 = ", re.MULTILINE)

TEMPLATES = """\
/* Put this file where master and agents both read it, a global zone; what `ct0 monitoring generate
   --icinga2` writes uses it. To change intervals for all, change the templates here, or give other
   templates to the command (--node-template, --ct-template, --service-template).

   Where the plugins are: say `const Ct0PluginDir = "/somewhere"` in constants.conf. */

if (!globals.contains("Ct0PluginDir")) {
  const Ct0PluginDir = "%s"
}

template Host "ct0-node" {
  max_check_attempts = 3
  check_interval = 1m
  retry_interval = 30s
}

template Host "ct0-ct" {
  max_check_attempts = 3
  check_interval = 1m
  retry_interval = 30s
}

template Service "ct0-service" {
  max_check_attempts = 3
  check_interval = 5m
  retry_interval = 1m
}
"""


def render(node: Node, wishes: Wishes) -> str:
    parts = ["/* " + MADE.format(format="icinga2", node=node.name) + " */"]
    parts.append(ct0(node, wishes))
    for service in OF_CT0:
        lines = [f"host_name = {quoted(node.name)}", f"check_command = {quoted(service.command)}"]
        if "procs" in service.plugin:
            lines.append("vars.procs_nokthreads = true")
        head = f"object Service {quoted(service.description)}"
        parts.append(block(head, *imported(wishes.service_template), *lines, *there(wishes)))
    if not node.guests:
        return "\n\n".join(parts) + "\n"  # an apply rule that matches nowhere is a warning

    parts += [guest_host(guest, node, wishes) for guest in node.guests]
    mine = f"assign where host.vars.ct0 == {quoted(node.name)}"
    for service in node.used():
        lines = [f"check_command = {quoted(service.command)}", *there(wishes), unjudged(), mine]
        if service.engines:
            engines = ", ".join(map(quoted, service.engines))
            lines[-1] += f" && host.vars.ct_engine in [ {engines} ]"
        head = f"apply Service {quoted(service.description)}"
        parts.append(block(head, *imported(wishes.service_template), *lines))
    parts.append(
        block(
            'apply Dependency "ct0" to Host',
            f"parent_host_name = {quoted(node.name)}",
            "disable_checks = true",
            "disable_notifications = true",
            mine,
        )
    )
    return "\n\n".join(parts) + "\n"


def ct0(node: Node, wishes: Wishes) -> str:
    lines = [*imported(wishes.node_template), f"address = {quoted(node.address)}"]
    if wishes.via == AGENT:
        lines += [
            'check_command = "cluster-zone"',
            f"vars.cluster_zone = {quoted(wishes.endpoint)}",
        ]
    else:
        lines.append('check_command = "dummy"')  # Icinga runs there, so it is up
    return block(f"object Host {quoted(node.name)}", *lines)


def guest_host(guest: Guest, node: Node, wishes: Wishes) -> str:
    name = "ct_id" if guest.option == "--ct" else "ct_include"
    return block(
        f"object Host {quoted(guest.name)}",
        *imported(wishes.ct_template),
        f"display_name = {quoted(guest.display)}",
        f"check_command = {quoted(STATE.command)}",
        *there(wishes),
        f"vars.ct0 = {quoted(node.name)}",
        f"vars.ct_engine = {quoted(guest.engine)}",
        f"vars.{name} = {quoted(guest.value)}",
    )


def there(wishes: Wishes) -> list[str]:
    """Where a check is run."""
    return [f"command_endpoint = {quoted(wishes.endpoint)}"] if wishes.via == AGENT else []


def unjudged() -> str:
    return f"vars.ct_unjudged = {quoted(UNJUDGED)}"


def imported(template: str) -> list[str]:
    return [f"import {quoted(template)}"]


def block(head: str, *lines: str) -> str:
    return "\n".join([f"{head} {{", *(f"  {line}" for line in lines), "}"])


def quoted(text: str) -> str:
    """A text as Icinga's language has it: with JSON's escapes, save for those of other characters
    than ASCII, which stand for themselves."""
    return json.dumps(text, ensure_ascii=False)


def definitions(wishes: Wishes, commands: Sequence[Command]) -> str:
    """The shipped file: templates, and a CheckCommand for each plugin."""
    parts = [TEMPLATES % wishes.plugins]
    for command in commands:
        lines = [f'command = [ Ct0PluginDir + "/{command.service.plugin}" ]', "timeout = 30s"]
        lines += ["arguments = {"]
        for option in command.options:
            lines += [f"  {line}" for line in argument(option)]
        lines.append("}")
        lines += [f"vars.{key} = {quoted(value)}" for key, value in command.defaults.items()]
        head = f"object CheckCommand {quoted(command.service.command)}"
        parts.append(block(head, *lines) + "\n")
    return "\n".join(parts)


def argument(option: Option) -> list[str]:
    key = "set_if" if option.kind == FLAG else "value"
    lines = [f"{quoted(option.word)} = {{", f'  {key} = "${option.variable}$"']
    if option.kind == REPEATED:
        lines.append("  repeat_key = true")
    return [*lines, f"  description = {quoted(option.help)}", "}"]
