"""Which containers run, from the cgroup folders: at a cost that does not grow with processes.

`ct0.containers.scan` asks every process of the host whose it is. Here the folders are looked
through for the engines' marks, and a process or two of each CT is asked: its init. What was found
is remembered, so that the next look only asks whether that init still lives.

    /sys/fs/cgroup/lxc.payload.web1/                      an LXC mark
    /sys/fs/cgroup/lxc.payload.web1/init.scope/cgroup.procs   4711: NSpid 4711 1, its init
"""

from __future__ import annotations

import os

from ct0.cgroup_mounts import cgroup_mounts
from ct0.containers import FAMILY, Group, add
from ct0.engines.openvz import HIERARCHIES
from ct0.errors import Malformed
from ct0.host import Host
from ct0.owner import CONTAINER, Ownership, outermost
from ct0.proc_cgroup import Membership
from ct0.proc_stat import parse_stat
from ct0.process import Process

Key = tuple[str, str]  # engine family and CTID

# One of version 1's hierarchies is enough: engines that use cgroups at all use each of these.
VERSION1 = ("memory", "pids", "cpuacct", "freezer", "blkio")
# These have CTs that no other hierarchy shows: nspawn's without controllers, OpenVZ's.
ALONE = ("", "name=systemd", *sorted(HIERARCHIES))


DEEPEST = 32  # levels of cgroups that are searched


class Running:
    """The running CTs of one host, look after look."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._known: dict[str, Group] = {}  # folder of the CT's outer cgroup -> what was found
        self._weak: dict[str, bool | None] = {}  # folder -> mark: weak, strong, or none
        self._own: dict[str, list[str]] = {}

    def look(self) -> dict[Key, Group] | None:
        """Family and CTID -> the CT's cgroups and init; `count` is not known and 0.

        None where the folders cannot tell (no cgroups, an OpenVZ kernel without its hierarchies):
        `ct0.containers.scan` can. Raises Unavailable as Ownership does.
        """
        ownership = Ownership(self.host)
        if ownership.cgroups != self._own:
            self._own = ownership.cgroups
            self._known.clear()
            self._weak.clear()
        tops = self._tops(ownership)
        if not tops:
            return None
        look = Look(self, ownership)
        for top, controllers in tops.items():
            look.below(top, controllers, [])
        self._known = look.known
        self._weak = look.weak
        return {(FAMILY.get(g.engine, g.engine), g.ctid): g for g in look.known.values()}

    def _tops(self, ownership: Ownership) -> dict[str, str]:
        """Mount point -> its controllers, as /proc/PID/cgroup writes them."""
        mounts = cgroup_mounts(self.host)
        written = {name: key for key in ownership.cgroups for name in key.split(",")}
        wanted = [name for name in ALONE if name in mounts]
        if ownership.env_id is not None and HIERARCHIES.isdisjoint(wanted):
            return {}
        wanted += [name for name in VERSION1 if name in mounts][:1]
        paths = {self.host.path(mounts[name]): written.get(name, name) for name in wanted}
        return {top: key for top, key in paths.items() if os.path.exists(f"{top}/cgroup.procs")}


class Look:
    """One walk through the folders."""

    def __init__(self, running: Running, ownership: Ownership) -> None:
        self.host = running.host
        self.ownership = ownership
        self.before = running._known
        self.known: dict[str, Group] = {}
        self.marks_before = running._weak
        self.weak: dict[str, bool | None] = {}
        self.seen: set[tuple[str, str]] = set()  # (controllers, cgroup) of CTs found

    def below(self, folder: str, controllers: str, parts: list[str]) -> None:
        """Look through the folders in this one."""
        for name in subfolders(folder):
            inner = f"{folder}/{name}"
            mine = [*parts, name]
            if (controllers, "/" + "/".join(mine)) in self.seen:
                continue  # the CT was found in another hierarchy
            if self.marked(inner, controllers, mine) is None:
                self.below(inner, controllers, mine)
                continue
            group = self.before.get(inner)
            if group is None or not alive(self.host, group):
                group = self.search(inner, controllers, mine, None)
            if group is None:
                continue
            outer = group.cgroups.get(controllers, "")
            if outer == "/" + "/".join(mine):
                self.take(inner, group)
            else:
                # Kubernetes' slices look like pods' until one sees what is in them.
                self.below(inner, controllers, mine)

    def take(self, folder: str, group: Group) -> None:
        self.known[folder] = group
        self.seen.update(group.cgroups.items())

    def marked(self, folder: str, controllers: str, parts: list[str]) -> bool | None:
        """Whether the mark is weak; None: there is none."""
        if folder in self.marks_before:
            weak = self.marks_before[folder]
        else:
            own = self.ownership.cgroups.get(controllers, [])
            marked = outermost(Membership(controllers, parts), own)
            weak = marked.weak if marked else None
        self.weak[folder] = weak
        return weak

    def search(
        self, folder: str, controllers: str, parts: list[str], group: Group | None
    ) -> Group | None:
        """The CT whose processes are in this folder or below, as soon as its init was met."""
        for pid in pids(folder):
            try:
                with Process(self.host, pid) as process:
                    owner = self.ownership.owner(process)
                    if owner.kind != CONTAINER:
                        continue
                    if group is None:
                        group = Group(owner.engine, owner.ctid)
                    elif (group.engine, group.ctid) != (owner.engine, owner.ctid):
                        continue
                    add(group, process, self.ownership)
            except (ProcessLookupError, PermissionError, Malformed):
                continue  # gone, hidden from this caller, or no process at all
            if group.inits:
                break
        # A container may nest cgroups by the thousand; its init is not found at the bottom of them.
        look_below = len(parts) < DEEPEST and (group is None or not group.inits)
        for name in subfolders(folder) if look_below else ():
            group = self.search(f"{folder}/{name}", controllers, [*parts, name], group)
            if group is not None and group.inits:
                break
        if group is not None:
            group.count = 0
        return group


def alive(host: Host, group: Group) -> bool:
    """Whether the process that the group was known by is the same still."""
    known = min(group.inits) if group.inits else group.oldest
    if known is None:
        return False
    path = f"{host.proc}/{known[1]}/stat"
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            stat = parse_stat(os.read(file, 4096), path)
        finally:
            os.close(file)
    except (OSError, Malformed):
        return False  # gone, or hidden from this caller
    return stat.starttime == known[0] and stat.state not in "ZX"


def pids(folder: str) -> list[int]:
    """Of the processes in this very cgroup; none in a threaded one, whose parent lists them."""
    try:
        with open(f"{folder}/cgroup.procs", encoding="ascii") as file:
            return [int(word) for word in file.read().split() if word != "0"]
    except (OSError, ValueError):
        return []


def subfolders(folder: str) -> list[str]:
    """Sorted names. A folder with two links has none, which saves listing its many files."""
    try:
        if os.stat(folder).st_nlink == 2:
            return []
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    except OSError:
        return []  # gone meanwhile
