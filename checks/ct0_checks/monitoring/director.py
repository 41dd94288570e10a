"""Icinga Director: hosts as rows for an import source, commands and templates as a basket.

The rows are what a "File" import source (fileshipper) reads as JSON, one flat object for each host;
a sync rule makes hosts of them. The basket goes in by `icingacli director basket restore`.

A service that the Director applies runs on its host's own agent, or on one endpoint for all. A CT
has no agent, and each CT0's is another: so services and the dependency are rules for Icinga itself
(ct0-services.conf), which go by the variables of the rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ct0_checks.monitoring.fleet import Node, has
from ct0_checks.monitoring.icinga2 import block, quoted, unjudged
from ct0_checks.monitoring.option import FLAG, REPEATED, Option
from ct0_checks.monitoring.options import Command
from ct0_checks.monitoring.services import OF_CT, OF_CT0, STATE
from ct0_checks.monitoring.wishes import AGENT, Wishes

HOSTS = re.compile(r'"ct0": "')
TYPES = "Icinga\\Module\\Director\\DataType\\DataType"


def render(node: Node, wishes: Wishes) -> str:
    endpoint = wishes.endpoint if wishes.via == AGENT else None
    ct0 = {
        "object_name": node.name,
        "display_name": node.name,
        "address": node.address,
        "import": wishes.node_template,
        "check_command": "cluster-zone" if endpoint else "dummy",
        "command_endpoint": None,
        "cluster_zone": endpoint,
        "ct0": None,
        "ct_engine": None,
        "ct_id": None,
        "ct_include": None,
        "ct_services": None,
        "ct0_endpoint": None,
    }
    rows = [ct0]
    for guest in node.guests:
        chosen: dict[str, str | None] = {"ct_id": None, "ct_include": None}
        chosen["ct_id" if guest.option == "--ct" else "ct_include"] = guest.value
        rows.append(
            {
                "object_name": guest.name,
                "display_name": guest.display,
                "address": None,
                "import": wishes.ct_template,
                "check_command": STATE.command,
                "command_endpoint": endpoint,
                "cluster_zone": None,
                "ct0": node.name,
                "ct_engine": guest.engine,
                **chosen,
                "ct_services": ",".join(each.command for each in node.used() if has(each, guest)),
                "ct0_endpoint": endpoint,
            }
        )
    return json.dumps(rows, indent=2) + "\n"


SERVICES = """\
/* For the master's zone, beside the Director: the services of the CTs that it has as hosts, run on
   their CT0s, and their dependency on them. By the variables that `ct0 monitoring generate
   --director` has for each host: ct0, ct0_endpoint, ct_services. */
"""


def services(wishes: Wishes) -> str:
    """The shipped rules for Icinga itself."""
    parts = [SERVICES]
    for service in OF_CT:
        known = f'{quoted(service.command)} in host.vars.ct_services.split(",")'
        parts.append(
            block(
                f"apply Service {quoted(service.description)}",
                f"import {quoted(wishes.service_template)}",
                f"check_command = {quoted(service.command)}",
                unjudged(),
                "if (host.vars.ct0_endpoint) { command_endpoint = host.vars.ct0_endpoint }",
                f"assign where host.vars.ct_services && {known}",
            )
            + "\n"
        )
    parts.append(
        block(
            'apply Dependency "ct0" to Host',
            "parent_host_name = host.vars.ct0",
            "disable_checks = true",
            "disable_notifications = true",
            "assign where host.vars.ct0",
        )
        + "\n"
    )
    return "\n".join(parts)


def definitions(wishes: Wishes, commands: Sequence[Command]) -> str:
    """The basket: a command for each plugin with a field for each variable, and templates."""
    fields: dict[str, dict[str, Any]] = {}
    basket = {
        "Command": {each.service.command: command(each, wishes, fields) for each in commands},
        "HostTemplate": {
            name: template(name, check_interval="60", retry_interval="30", max_check_attempts="3")
            for name in (wishes.node_template, wishes.ct_template)
        },
        "ServiceTemplate": {
            wishes.service_template: template(
                wishes.service_template,
                check_interval="300",
                retry_interval="60",
                max_check_attempts="3",
            ),
            **{
                f"{wishes.service_template}-{service.command}": template(
                    f"{wishes.service_template}-{service.command}",
                    check_command=service.command,
                    imports=[wishes.service_template],
                )
                for service in (*OF_CT, *OF_CT0)
            },
        },
        "Datafield": fields,
    }
    return json.dumps(basket, indent=2) + "\n"


def command(each: Command, wishes: Wishes, fields: dict[str, dict[str, Any]]) -> dict[str, Any]:
    used = []
    for option in each.options:
        number = next((n for n, f in fields.items() if f["varname"] == option.variable), "")
        if not number:
            number = str(len(fields) + 1)
            fields[number] = field(option, number)
        used.append({"datafield_id": int(number), "is_required": "n", "var_filter": None})
    return {
        "arguments": {option.word: argument(option) for option in each.options},
        "command": f"{wishes.plugins}/{each.service.plugin}",
        "disabled": False,
        "fields": used,
        "imports": [],
        "is_string": None,
        "methods_execute": "PluginCheck",
        "object_name": each.service.command,
        "object_type": "object",
        "timeout": "30",
        "vars": dict(each.defaults),
        "zone": None,
    }


def argument(option: Option) -> dict[str, Any]:
    text = f"${option.variable}$"
    made: dict[str, Any] = {"set_if": text} if option.kind == FLAG else {"value": text}
    if option.kind == REPEATED:
        made["repeat_key"] = True
    return {**made, "description": option.help}


def field(option: Option, number: str) -> dict[str, Any]:
    kind = {FLAG: "Boolean", REPEATED: "Array"}.get(option.kind, "String")
    return {
        "varname": option.variable,
        "caption": option.variable.replace("_", " "),
        "description": option.help,
        "datatype": f"{TYPES}{kind}",
        "format": None,
        "originalId": number,
        "settings": {"visibility": "visible"} if kind == "String" else {},
    }


def template(name: str, **more: Any) -> dict[str, Any]:
    return {
        "disabled": False,
        "fields": [],
        "imports": [],
        "object_name": name,
        "object_type": "template",
        "vars": {},
        **more,
    }
