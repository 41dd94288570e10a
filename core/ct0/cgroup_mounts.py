"""Where the cgroup hierarchies are mounted, from /proc/mounts.

cgroup2 /sys/fs/cgroup/unified cgroup2 rw,nosuid 0 0
cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0
container /proc/vz/container cgroup rw,relatime,freezer,devices,name=container 0 0
"""

from __future__ import annotations

from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import read_text

# Mount options that are no controller's name.
FLAGS = {"rw", "ro", "nosuid", "nodev", "noexec", "relatime", "noatime", "nodiratime"}
FLAGS |= {"clone_children", "xattr", "noprefix"}


def cgroup_mounts(host: Host) -> dict[str, str]:
    """Controller (`freezer`, `name=systemd`, "" for version 2) -> its mount point on the host."""
    try:
        return parse_mounts(read_text(f"{host.proc}/mounts"))
    except Unavailable:
        return {}


def parse_mounts(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.split("\n"):
        words = line.split(" ")
        if len(words) < 4:
            continue
        if words[2] == "cgroup2":
            found.setdefault("", words[1])
        elif words[2] == "cgroup":
            for option in words[3].split(","):
                if option not in FLAGS and not option.startswith("release_agent="):
                    found.setdefault(option, words[1])
    return found
