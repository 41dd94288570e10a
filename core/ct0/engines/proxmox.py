"""Proxmox VE: LXC underneath, with /etc/pve/lxc/CTID.conf as the configuration.

/lxc/101/ns[/...]
"""

from __future__ import annotations

from ct0.engines.mark import Mark


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts):
        if part == "lxc" and parts[depth + 2 : depth + 3] == ["ns"] and parts[depth + 1].isdigit():
            return Mark(depth + 2, parts[depth + 1])
    return None
