"""OpenVZ 6 and Virtuozzo 7 to 9.

    1:freezer,devices,name=container:/101                     OpenVZ 6; CT0 is "/" or "/0"
    14:ve:/3fb1ae42-7d7f-4e2f-9a39-c5a4b1a0f6d1               Virtuozzo
    6:memory:/machine.slice/3fb1ae42-...[.scope]

`envID:` in /proc/PID/status is the first evidence; the cgroups serve where a kernel lacks it.
"""

from __future__ import annotations

from ct0.engines.mark import HEX, Mark

HIERARCHIES = frozenset(
    ("ve", "beancounter", "name=container", "name=beancounter", "name=fairsched")
)


def payload(controllers: str, parts: list[str]) -> Mark | None:
    if parts and not HIERARCHIES.isdisjoint(controllers.split(",")):
        return Mark(1, parts[0]) if is_ctid(parts[0]) and parts[0] != "0" else None
    for depth, part in enumerate(parts, 1):
        if part == "machine.slice" and depth < len(parts):
            name = parts[depth]
            name = name[:-6] if name.endswith(".scope") else name
            return Mark(depth + 1, name) if is_ctid(name) else None
    return None


def is_ctid(name: str) -> bool:
    """A number, or a UUID as Virtuozzo writes them."""
    if name.isdigit():
        return True
    groups = name.split("-")
    return [len(group) for group in groups] == [8, 4, 4, 4, 12] and all(
        HEX.issuperset(group) for group in groups
    )
