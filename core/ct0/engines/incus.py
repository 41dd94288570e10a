"""Incus and LXD: LXC underneath, so the cgroup marks are LXC's."""

from __future__ import annotations

from ct0.engines.mark import Mark


def payload(controllers: str, parts: list[str]) -> Mark | None:
    return None  # lxc.payload finds them; which engine it is, their configuration tells
