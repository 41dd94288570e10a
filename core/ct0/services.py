"""The engines' daemons that this host has in use, and whether they live.

In use is what a unit or an init script starts at boot, what running containers need, and what has
its file system mounted still. Alive is a process of that name of CT0's own and root's: a container
may have a dockerd too, which is not ours.

    dockerd     2 docker containers run             no process: nobody can manage them
    lxcfs       mounted on /var/lib/lxcfs           no process: /proc/meminfo in all CTs fails
    lxc monitor web1 (lxc web1)                     its init has CT0's init for a parent
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ct0.cgroup_files import optional, read_cgroup
from ct0.container import CT, FROZEN, RUNNING
from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import OWN, Ownership
from ct0.process import Process
from ct0.text import entries, plain

TARGETS = "/etc/systemd/system"
RUNLEVELS = ("/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d")


class Daemon(NamedTuple):
    """`names`: comm of its process, any of them; `units`: what starts it at boot; `engines`: whose
    running CTs need it; `filesystem`: its type in mounts, and where."""

    names: tuple[str, ...]
    units: tuple[str, ...]
    engines: tuple[str, ...] = ()
    filesystem: tuple[str, str] = ("", "")


DAEMONS = (
    Daemon(("dockerd",), ("docker",), ("docker",)),
    Daemon(("containerd",), ("containerd",), ("docker", "containerd")),
    Daemon(("incusd", "lxd"), ("incus", "lxd", "snap.lxd.daemon"), ("incus",)),
    Daemon(("lxcfs",), ("lxcfs",), filesystem=("fuse.lxcfs", "")),
    Daemon(("pmxcfs",), ("pve-cluster",), filesystem=("fuse", "/etc/pve")),
    Daemon(("pvestatd",), ("pvestatd",)),
    Daemon(("vzeventd",), ("vzeventd",)),
    Daemon(("prl_disp_servic",), ("prl-disp",)),
    # Enabled, it ends by itself when it has nothing to do.
    Daemon(("libvirtd", "virtlxcd"), (), ("libvirt",)),
)
# What holds a running CT: its init's parent, until it dies.
MONITORS = {
    "lxc": "lxc monitor",
    "proxmox": "lxc monitor",
    "incus": "lxc monitor",
    "docker": "containerd-shim",
    "containerd": "containerd-shim",
    "podman": "conmon",
    "libvirt": "libvirt_lxc",
}


class Service(NamedTuple):
    """One that is in use. Texts are safe to print."""

    name: str
    reason: str  # why it is in use
    alive: bool


def read_services(host: Host, cts: list[CT]) -> list[Service]:
    """Raises Unavailable when /proc is not the caller's, OSError when it cannot be listed."""
    alive = living(host, {name for daemon in DAEMONS for name in daemon.names})
    mounts = read_mounts(host)
    running = [ct for ct in cts if ct.state in (RUNNING, FROZEN)]
    found = []
    for daemon in DAEMONS:
        why = reason_for(host, daemon, running, mounts)
        if why:
            lives = not alive.isdisjoint(daemon.names)
            found.append(Service(name_of(daemon, alive), why, lives))
    return found + kernel(host, cts) + monitors(host, running)


def name_of(daemon: Daemon, alive: set[str]) -> str:
    """Of two that do the same, the one that is there."""
    return next((name for name in daemon.names if name in alive), " or ".join(daemon.names))


def reason_for(host: Host, daemon: Daemon, running: list[CT], mounts: list[tuple[str, str]]) -> str:
    needing = [ct for ct in running if ct.engine in daemon.engines]
    if needing:
        which = f"{len(needing)} {'/'.join(sorted({ct.engine for ct in needing}))} container"
        return f"{which} runs" if len(needing) == 1 else f"{which}s run"
    fstype, place = daemon.filesystem
    for mountpoint, kind in mounts:
        if fstype and kind == fstype and place in ("", mountpoint):
            return f"mounted on {plain(mountpoint)}"
    for unit in daemon.units:
        if enabled(host, unit):
            return f"{unit} starts at boot"
    return ""


def enabled(host: Host, unit: str) -> bool:
    """Whether systemd or an init script starts it at boot."""
    for target in entries(host.path(TARGETS)):
        wants = host.path(f"{TARGETS}/{target}/{unit}.service")
        if target.endswith((".wants", ".requires")) and os.path.lexists(wants):
            return True
    return any(
        name[:1] == "S" and name[1:3].isdigit() and name[3:] == unit
        for folder in RUNLEVELS
        for name in entries(host.path(folder))
    )


def kernel(host: Host, cts: list[CT]) -> list[Service]:
    """OpenVZ's service is its kernel: booted with another, none of its CTs can start."""
    count = sum(ct.engine == "openvz" for ct in cts)
    if not count:
        return []
    why = f"{count} openvz container{'' if count == 1 else 's'}"
    return [Service("OpenVZ's kernel", why, os.path.exists(f"{host.proc}/vz"))]


def monitors(host: Host, running: list[CT]) -> list[Service]:
    """Those that are gone: the CT runs on, and nobody can stop it, attach to it or see it end."""
    found = []
    for ct in running:
        if ct.engine not in MONITORS or not ct.init_pid:
            continue
        try:
            with Process(host, ct.init_pid) as process:
                parent = process.stat().ppid
        except (OSError, Malformed):
            continue  # it has just ended
        if parent == 1:
            # 64 hex digits are cut as `docker ps` does.
            ctid = ct.ctid[:12] if len(ct.ctid) == 64 else plain(ct.ctid, 60)
            name = plain(ct.name, 60) if ct.name not in ("", ct.ctid) else ctid
            found.append(Service(MONITORS[ct.engine], f"{name} ({ct.engine} {ctid})", False))
    return found


def living(host: Host, names: set[str]) -> set[str]:
    """Which of these names CT0's own processes of root have."""
    found: set[str] = set()
    ownership = Ownership(host)
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                name = process.comm()
                if name not in names or name in found or process.stat().state in "ZX":
                    continue
                if 0 not in process.status().uids[1:2]:
                    continue  # any user may call his process lxcfs
                if (process.cmdline() or [""])[0].startswith("[lxc monitor]"):
                    continue  # lxd's children have its name
                if ownership.owner(process).kind == OWN:
                    found.add(name)
        except (OSError, Malformed):
            continue  # gone, or hidden from this caller
    return found


def read_mounts(host: Host) -> list[tuple[str, str]]:
    """(mount point, type), as PID 1 sees them, or this process where that is hidden."""
    for name in ("1/mounts", "mounts"):
        text = optional(read_cgroup, f"{host.proc}/{name}")
        if text:
            lines = map(str.split, text.split("\n"))
            return [(words[1], words[2]) for words in lines if len(words) > 3]
    return []
