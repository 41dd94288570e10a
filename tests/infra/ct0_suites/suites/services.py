"""services: whether a service runs, and whether the next boot starts it.

services:
  - id: cron
    name: cron
    enabled: true
  - id: no-telnet
    name: inetd
    running: false
    enabled: false
  - id: nobody-starts-apache
    for: {kind: ct0}
    name: apache2
    masked: true
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ct0.errors import Unavailable
from ct0.text import plain
from ct0_suites.records import KINDS
from ct0_suites.resources.services.reading import NAME, list_running, read_service
from ct0_suites.resources.services.record import INITS, SYSTEMD, Service
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

SCHEMA = {
    "name": {
        "description": "Of the unit or of the init script: cron, ssh.socket, getty@tty1.",
        "type": "string",
        "pattern": f"^{NAME.pattern}$",
    },
    "running": {
        "description": "Whether it runs. A oneshot unit of systemd runs when it did its work; an"
        " init script is believed when a process of the target's own backs it. True is expected"
        " when neither running nor enabled nor masked is given.",
        "type": "boolean",
    },
    "enabled": {
        "description": "Whether the next boot starts it: a static unit that something wants is, an"
        " init script's link that insserv does not know is not.",
        "type": "boolean",
    },
    "masked": {
        "description": "Whether systemd refuses to start it at all.",
        "type": "boolean",
    },
    "init": {
        "description": "The init system that must be in charge of it.",
        "enum": list(INITS),
    },
}
REQUIRED = ("name",)


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    name = want["name"]
    service = read_service(target, name)
    running, enabled, masked = (want.get(key) for key in ("running", "enabled", "masked"))
    if running is None and enabled is None and masked is None:
        running = True
    if "init" in want and service.init != want["init"]:
        yield f"{name}: {service.init} is in charge here, not {want['init']}"
    if not service.exists:
        if running or enabled or masked:
            yield f"{name}: there is no such service ({service.state} of {service.init}'s)"
        return
    if masked is not None:
        yield from judge_masked(service, masked)
    if enabled is not None:
        yield from judge_enabled(service, enabled)
    if running is not None:
        yield from judge_running(service, running)


def judge_masked(service: Service, wanted: bool) -> Iterator[str]:
    if wanted and not service.masked:
        how = "it is not" if service.init == SYSTEMD else f"{service.init} has no masks"
        yield f"{service.name}: should be masked, {how}"
    elif service.masked and not wanted:
        yield f"{service.name}: is masked, so nothing can start it"


def judge_enabled(service: Service, wanted: bool) -> Iterator[str]:
    if service.enabled is None:
        raise Unavailable(f"{service.name}: whether it is enabled: {plain(service.enabling)}")
    if service.enabled != wanted:
        what = "does not start" if wanted else "starts"
        how = "masked" if service.masked else service.enabling
        yield f"{service.name}: the next boot {what} it ({plain(how)})"


def judge_running(service: Service, wanted: bool) -> Iterator[str]:
    if service.running is None:
        raise Unavailable(f"{service.name}: whether it runs: {plain(service.state)}")
    if service.running != wanted:
        what = "does not run" if wanted else "runs"
        yield f"{service.name}: {what}: {plain(service.state)}"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    """Each that runs, and whether the next boot starts it; those that cannot be told are left."""
    for name in list_running(target):
        if not NAME.fullmatch(name):
            continue
        try:
            service = read_service(target, name)
        except Unavailable:
            continue
        if service.running and service.enabled is not None:
            yield {"name": name, "running": True, "enabled": service.enabled}
