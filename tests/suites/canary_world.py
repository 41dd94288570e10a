"""A CT0 and its containers where canaries live and die, without any process."""

from __future__ import annotations

import json
import re
from typing import Any

from ct0_suites.records import CT, CT0, Subject, Unreachable
from ct0_suites.resources.shims import FILE, KNOWN
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Output

HEALTHY = {
    "installed": True,
    "damaged": [],
    "hooks": {
        "/lib/lsb/init-functions.d/99-ct0": "active",
        "/etc/sysconfig/init": "not of this system",
    },
    "bypasses": [],
}


class World:
    """A CT0 and its containers, with the processes that live there: PID -> (place, name)."""

    def __init__(self, shims: bool = True, functions: bool = True) -> None:
        self.shims = shims
        self.functions = functions
        self.processes: dict[int, tuple[str, str]] = {}
        self.status: dict[str, Any] | None = HEALTHY if shims else None
        self.got = {name: FILE if shims else f"/usr/bin/{name}" for name in KNOWN}
        self.killproc_by_name = True
        self.signalled: list[str] = []
        self.began = 0
        self.folders: set[tuple[str, str]] = set()

    def ct0(self, *cts: Target, kind: str = CT0) -> Target:
        target = Target(Subject("node1", kind, "lxc"), Place(self, "ct0"))
        target.containers = list(cts)
        return target

    def ct(self, name: str, engine: str = "lxc", state: str = "running", **more: Any) -> Target:
        return Target(Subject("node1", CT, engine, name, name), Place(self, name, **more), state)


class Place:
    """One place of it, as a transport."""

    def __init__(
        self, world: World, name: str, can_hold: bool = True, breaks_after: int = 1000
    ) -> None:
        self.world, self.name = world, name
        self.can_hold, self.left = can_hold, breaks_after

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        self.left -= 1
        if self.left < 0:
            raise Unreachable(f"{self.name}: connection lost")
        return Output(0, self.said(command).encode(), b"")

    def said(self, command: str) -> str:
        world = self.world
        name = (re.findall(r"ct0c[0-9a-f]{10}", command) or [""])[0]
        living = [pid for pid, each in world.processes.items() if each == (self.name, name)]
        if "mkdir" in command:
            return self.start(name)
        if "kill -KILL" in command:
            for pid in living:
                del world.processes[pid]
            world.folders.discard((self.name, name))
            return ""
        if "while alive" in command or (name and "&& echo yes" in command):
            gone = "while alive" in command
            return "yes\n" if bool(living) != gone else "no\n"
        if "status --json" in command:
            return "none\n" if world.status is None else json.dumps(world.status)
        if "&& echo yes" in command:
            return "yes\n" if world.functions else ""
        if "for c in" in command:
            lines = [f"{key} {value}" for key, value in world.got.items()]
            by_name = "__pids_pidof" if world.killproc_by_name else ""
            lines += [f"__pids_pidof {by_name}", f"= {'/x' if world.shims else ''}"]
            return "\n".join(lines) + "\n"
        assert "exec env -i" in command
        verb = re.findall(r"([a-z]+)[)\"]* ct0c", command)[0]
        return self.act(verb, name)

    def start(self, name: str) -> str:
        if not self.can_hold:
            return ""
        pid = 100 + self.world.began
        self.world.began += 1
        self.world.processes[pid] = (self.name, name)
        self.world.folders.add((self.name, name))
        return f"{pid} /run/{name}\n"

    def act(self, verb: str, name: str) -> str:
        """What a command of CT0's does, with the shims or without."""
        assert self.name == "ct0"
        seen = {
            pid: place
            for pid, (place, called) in self.world.processes.items()
            if called == name and (place == "ct0" or not self.world.shims)
        }
        if verb.startswith("pidof"):
            return " ".join(map(str, seen)) + "\n"
        self.world.signalled.append(name)
        for pid in seen:
            del self.world.processes[pid]
        return ""
