"""Hosts made up of a few cgroup files: version 1, version 2, or both as systemd mounts them."""

from __future__ import annotations

from pathlib import Path

from ct0.cgroup_files import Cgroups
from ct0.container import CT
from ct0.host import Host

CONTROLLERS = ("cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "hugetlb", "freezer")
V1 = "".join(f"cgroup /sys/fs/cgroup/{name} cgroup rw,{name} 0 0\n" for name in CONTROLLERS)
MOUNTS = {
    "version 1": V1,
    "version 2": "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n",
    "hybrid": "cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0\n" + V1,
}
OUTER = "/lxc.payload.web1"


def cgroup_host(
    root: Path, kind: str, files: dict[str, str], cgroups: dict[str, str] | None = None
) -> tuple[Cgroups, CT]:
    """A host with the LXC CT `web1`. `files`: `memory/memory.stat` on version 1, `memory.stat` on
    version 2, `unified/cpu.stat` for version 2 of a hybrid one; all in the CT's outer cgroup."""
    write(root, "proc/mounts", MOUNTS[kind])
    for name, text in files.items():
        mount, slash, file = name.rpartition("/")
        write(root, f"sys/fs/cgroup/{mount}{slash}{OUTER[1:]}/{file}", text)
    if cgroups is None:
        names = ("",) if kind == "version 2" else CONTROLLERS + ("",) * (kind == "hybrid")
        cgroups = dict.fromkeys(names, OUTER)
    return Cgroups(Host(str(root))), CT("lxc", "web1", state="running", cgroups=cgroups)


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
