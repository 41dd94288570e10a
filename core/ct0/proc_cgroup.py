"""/proc/PID/cgroup: one line for each cgroup hierarchy, cgroups(7).

    4:memory:/lxc.payload.web1          version 1: number:controllers:path
    1:name=systemd:/lxc.payload.web1    version 1 without a controller: a named hierarchy
    0::/lxc.payload.web1                version 2: always number 0 and no controllers

A path may hold ":" (split twice only), "/../" (outside of my cgroup namespace) and, at its end,
" (deleted)" (the cgroup was removed while the process still runs in it).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Membership:
    """One line: in which cgroup of which hierarchy; `controllers` is "" for version 2."""

    __slots__ = ("controllers", "parts")

    def __init__(self, controllers: str, parts: list[str]) -> None:
        self.controllers = controllers
        self.parts = parts

    @property
    def path(self) -> str:
        return "/" + "/".join(self.parts)


def parse_cgroup(text: str) -> list[Membership]:
    """Parse the file; a line that is none is passed over, since a path may hold a newline."""
    return list(memberships(text))


def memberships(text: str) -> Iterator[Membership]:
    """The same, one by one: most often the first line tells whose a process is."""
    for line in text.split("\n"):
        fields = line.split(":", 2)
        if len(fields) < 3 or not fields[0].isdigit() or not fields[2].startswith("/"):
            continue
        path = fields[2]
        if path.endswith(" (deleted)"):
            path = path[:-10]
        yield Membership(fields[1], [part for part in path.split("/") if part])
