"""Podman: libpod's containers, in system and user sessions.

/machine.slice/libpod-<64 hex>.scope[/container]          systemd driver
/libpod_parent/libpod-<64 hex>                            cgroupfs driver
/system.slice/web.service/libpod-payload-<64 hex>         --cgroups=split, Quadlet
/machine.slice/libpod-conmon-<64 hex>.scope               the monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark, scope_id


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        found = scope_id(part, "libpod-payload-") or scope_id(part, "libpod-")
        if found:
            return Mark(depth, found)
    return None
