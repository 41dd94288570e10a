"""The list of containers again and again, for a program that stays: an exporter, a monitor.

What `ct0.containers.containers` says, at a fraction of its cost: who runs is asked of the cgroup
folders (`ct0.running`), and the engines' files are read again only when one of them, or a folder
they are in, has changed, or who runs has.
"""

from __future__ import annotations

import errno
import os
import time

from ct0.container import CT
from ct0.containers import configured, containers, is_believed, merge
from ct0.engines.openvz import mount_points
from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import OWN, Ownership
from ct0.process import Process
from ct0.running import Key, Running

# Where a CT shows up that nobody has heard of yet. What engines put elsewhere is found when it
# runs, and at the latest after STALE seconds.
FOLDERS = (
    "/etc/pve/lxc",
    "/etc/systemd/nspawn",
    "/etc/vz/conf",
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/systemd/machines",
    "/var/lib/containers/storage/overlay-containers",
    "/var/lib/docker/containers",
    "/var/lib/incus/containers",
    "/var/lib/lxc",
    "/var/lib/lxd/containers",
    "/var/lib/machines",
    "/var/snap/lxd/common/lxd/containers",
    "/vz/dump",
)
STALE = 60.0

# The engine is not here, or its folder is not for this caller.
HIDDEN = (errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM)

# The processes of CT0's whose command lines say where engines keep what, or whom they hold.
DAEMONS = (b"[lxc monitor]", b"dockerd", b"conmon")

Stamp = tuple[int, int, int]


class Inventory:
    """One host's list. Not for several threads at once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._running = Running(host)
        self._named: list[CT] = []
        self._keys: set[Key] = set()
        self._stamps: dict[str, Stamp | None] = {}
        self._mounted: set[str] = set()
        self._read = 0.0

    def containers(self) -> list[CT]:
        """All CTs, sorted; `processes` is 0, for they are not counted.

        Raises Unavailable when /proc is not the caller's, OSError when it cannot be listed.
        """
        groups = self._running.look()
        if groups is None:
            return containers(self.host)
        if groups.keys() != self._keys or self._changed():
            self._named = list(configured(self.host, daemons(self.host)))
            self._keys = set(groups)
            self._read = time.monotonic()
            self._watch()
        return merge(self.host, groups, self._named)

    def _changed(self) -> bool:
        if time.monotonic() - self._read > STALE:
            return True
        if any(stamp(self.host, path) != before for path, before in self._stamps.items()):
            return True
        return self._has_openvz() and mount_points(self.host) != self._mounted

    def _watch(self) -> None:
        """Remember how the files are now from which the list was made."""
        paths = set(FOLDERS)
        for ct in self._named:
            if ct.config:
                folder = os.path.dirname(ct.config)
                paths |= {ct.config, folder, os.path.dirname(folder)}
        self._stamps = {path: stamp(self.host, path) for path in paths}
        # Whether a CT's root is mounted, no file's time tells.
        self._mounted = mount_points(self.host) if self._has_openvz() else set()

    def _has_openvz(self) -> bool:
        return any(ct.engine == "openvz" for ct in self._named)


def unreadable(host: Host) -> str:
    """An engine's folder that is there and cannot be listed, and why, in words; "" if none is.

    "/etc/pve/lxc: Transport endpoint is not connected": whom it names and who does not run is then
    missing from the list. What this caller has no right to is not told.
    """
    for folder in FOLDERS:
        try:
            with os.scandir(host.path(folder)) as names:
                next(names, None)
        except OSError as error:
            if error.errno not in HIDDEN:
                return f"{folder}: {error.strerror}: containers that do not run may be missing"
    return ""


def stamp(host: Host, path: str) -> Stamp | None:
    """What changes with a file or a folder's entries; None when it is absent or hidden."""
    try:
        status = os.stat(host.path(path))
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def daemons(host: Host) -> list[list[str]]:
    """Command lines of the engines' daemons and monitors, root's (or the caller's) and CT0's own.

    The list that `ct0.containers.scan` makes is of all processes; whose each is takes longest.
    """
    found = []
    ownership = Ownership(host)
    for pid in host.pids():
        try:
            with open(f"{host.proc}/{pid}/cmdline", "rb") as file:
                words = file.read(4096)
                if not any(name in words for name in DAEMONS):
                    continue
            with Process(host, pid) as process:
                if is_believed(host, process) and ownership.owner(process).kind == OWN:
                    found.append(process.cmdline())
        except (OSError, Malformed):
            continue  # gone, hidden from this caller, or no process at all
    return found
