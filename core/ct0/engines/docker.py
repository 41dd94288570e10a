"""Docker: dockerd's containers, rootless ones too.

/system.slice/docker-<64 hex>.scope                       systemd driver
/docker/<64 hex>                                          cgroupfs driver
/user.slice/.../user.slice/docker-<64 hex>.scope          rootless
/any/parent/<64 hex>                                      --cgroup-parent, cgroupfs driver
"""

from __future__ import annotations

from ct0.engines.mark import Mark, is_id, scope_id


def payload(controllers: str, parts: list[str]) -> Mark | None:
    for depth, part in enumerate(parts, 1):
        found = scope_id(part, "docker-") or (part if is_id(part) else None)
        if found:
            return Mark(depth, found)
    return None
