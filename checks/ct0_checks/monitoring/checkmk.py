"""Checkmk: the hosts, for its REST API.

    POST .../domain-types/host_config/actions/bulk-create/invoke

CT0 is asked by the Checkmk agent there; its local check (checks/checkmk/ct0) brings the containers'
services as piggyback, under the names that the hosts have here.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

from ct0_checks.monitoring.fleet import Node
from ct0_checks.monitoring.services import OF_CT, OF_CT0, STATE, UNJUDGED
from ct0_checks.monitoring.wishes import Wishes

HEAD = """\
#!/bin/sh
# For /usr/lib/check_mk_agent/local on CT0: what each plugin says of CT0, and of each container as a
# host of its own (piggyback). check_procs, which has Nagios' format alone, is for mrpe.cfg:"""

LOCAL_CHECK = """
# The agent runs as root, which takes no directory of user nagios.
states=${CT0_STATE_DIR:-/var/lib/ct0/checkmk}
mkdir -p -m 0700 "$states"
"""

HOSTS = re.compile(r'"tag_piggyback": "piggyback"')


def render(node: Node, wishes: Wishes) -> str:
    entries = [entry(node.name, {"ipaddress": node.address} if is_address(node.address) else {})]
    for guest in node.guests:
        attributes = {
            "alias": guest.display,
            "parents": [node.name],
            "tag_address_family": "no-ip",
            "tag_agent": "no-agent",
            "tag_piggyback": "piggyback",
        }
        entries.append(entry(guest.name, attributes))
    return json.dumps({"entries": entries}, indent=2) + "\n"


def definitions(wishes: Wishes) -> str:
    """The local check: each plugin in Checkmk's own format, one after the other."""
    lines = [LOCAL_CHECK]
    for service in (*OF_CT0, STATE, *OF_CT):
        words = [f"{wishes.plugins}/{service.plugin}"]
        if service.plugin == "check_procs":
            words += [service.arguments]
            lines.insert(0, f"#     {service.description} {' '.join(words)}")
        else:
            words += ["--format=checkmk", f"--service={shlex.quote(service.description)}"]
            words += [f"--unjudged={UNJUDGED}"] if service in OF_CT else []
            lines.append(" ".join([*words, '--state-dir="$states"']))
    return "\n".join([HEAD, *lines, "exit 0", ""])


def entry(name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"host_name": name, "folder": "/", "attributes": attributes}


def is_address(text: str) -> bool:
    """Whether it is an IPv4 address: a name Checkmk looks up by itself."""
    return re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", text) is not None
