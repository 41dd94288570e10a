"""Whose process stands behind a service: one of the machine's own, or a container's that only has
the same name.

`pidof named` on a CT0 finds the containers' named too, so an init script whose `status` looks for a
name answers 0 for as long as any container runs one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import NamedTuple

from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, Ownership
from ct0.process import Process
from ct0.text import plain
from ct0_suites.resources.copying.snapshot import snapshot
from ct0_suites.target import Target

# A name that says nothing of what runs.
COMMON = frozenset(
    ("sh", "bash", "dash", "env", "nice", "su", "sudo", "perl", "ruby", "python", "python3", "java")
)


class Who(NamedTuple):
    pid: int
    comm: str
    arguments: tuple[str, ...]
    whose: str  # "" is the machine's own; else "lxc web1", "a sandbox"

    def is_called(self, names: Iterable[str]) -> bool:
        """By the kernel's name, which has 15 characters, by its program's, or its script's."""
        words = [os.path.basename(word).rstrip(":") for word in self.arguments[:2]]
        if words and words[0] not in COMMON:
            del words[1:]
        return any(name[:15] == self.comm or name in words for name in names)

    @property
    def text(self) -> str:
        return plain(f"PID {self.pid} ({self.comm})")


def everybody(target: Target) -> dict[int, Who]:
    """All processes but dead ones, read once for a target. Raises Unavailable, Unreachable."""

    def read() -> dict[int, Who]:
        with snapshot(target.transport) as host:
            return read_all(host)

    return target.once("backing", read)


def read_all(host: Host) -> dict[int, Who]:
    ownership = Ownership(host)
    found = {}
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                if process.stat().state in "ZX":
                    continue
                owner = ownership.owner(process)
                whose = ""
                if owner.kind == CONTAINER:
                    whose = plain(f"{owner.engine} {owner.ctid}")
                elif owner.kind != OWN:
                    whose = f"a {owner.kind}" if owner.kind != "unknown" else "nobody known"
                found[pid] = Who(pid, process.comm(), tuple(process.cmdline()[:4]), whose)
        except (ProcessLookupError, Malformed):
            continue  # gone while it was copied
    return found
