"""LXC, and the cgroup layout it shares with LXD, Incus and Proxmox VE.

/lxc.payload.web1[/...]         LXC 4 and later, LXD, Incus
/lxc.payload/web1               LXC 3.1
/lxc/web1                       before; the monitor sat in it as well, so the mark is weak
/lxc/101/ns                     Proxmox VE (lxc.cgroup.dir.container.inner = ns)
/lxc.monitor.web1, /lxc.monitor/101     the monitor: CT0's own
"""

from __future__ import annotations

from ct0.engines.mark import Mark


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        if part.startswith("lxc.payload.") and len(part) > 12:
            return Mark(depth, part[12:])
        if part == "lxc.payload" and depth < len(parts):
            return Mark(depth + 1, parts[depth])
        if part == "lxc" and depth < len(parts):
            inner = parts[depth + 1 : depth + 2] == ["ns"]
            return Mark(depth + 1, parts[depth], weak=not inner)
    return None
