"""The mark a container leaves in its processes' cgroup path.

Patterns and their traps: lxc.container.conf(5) (lxc.cgroup.dir), systemd's "Control Group APIs and
Delegation", `podman run --cgroups`, the kubelet's cgroup driver; seen on real CTs in tests/hosts/.
"""

from __future__ import annotations

HEX = frozenset("0123456789abcdef")


class Mark:
    """`parts[:depth]` is the CT's outer cgroup, `ctid` its identifier.

    A weak mark convicts only a process in a PID namespace of its own: the same path also holds
    helpers of CT0's (an LXC monitor, nspawn's supervisor).
    """

    __slots__ = ("ctid", "depth", "weak")

    def __init__(self, depth: int, ctid: str, weak: bool = False) -> None:
        self.depth = depth
        self.ctid = ctid
        self.weak = weak


def is_id(text: str) -> bool:
    """A full container ID of Docker, Podman, containerd or CRI-O: 64 lower-case hex digits."""
    return len(text) == 64 and HEX.issuperset(text)


def scope_id(part: str, prefix: str) -> str | None:
    """The ID in `PREFIX<64 hex>.scope` (systemd's driver) or `PREFIX<64 hex>` (cgroupfs driver)."""
    if not part.startswith(prefix):
        return None
    name = part[len(prefix) :]
    if name.endswith(".scope"):
        name = name[:-6]
    return name if is_id(name) else None
