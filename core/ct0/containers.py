"""Every container of a host, running and stopped.

Two sources, joined by CTID: the process table (who runs, in which cgroup, since when) and each
engine's files on CT0 (who exists, under which name). No engine's daemon is asked, and nothing below
a container's root is opened.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from ct0.cgroup_files import read_cgroup
from ct0.cgroup_mounts import cgroup_mounts
from ct0.container import CT, FROZEN, RUNNING, STOPPED
from ct0.engines import ENGINES
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.owner import CONTAINER, OWN, SANDBOX, Ownership, outermost
from ct0.proc_cgroup import parse_cgroup
from ct0.process import Process
from ct0.text import read_text

# LXC's cgroups serve three engines; which one, only their files tell.
FAMILY = {"proxmox": "lxc", "incus": "lxc"}

# Controller -> the file that tells whether a cgroup is frozen, and the line that says so.
FREEZERS = {"freezer": ("freezer.state", "FROZEN"), "": ("cgroup.events", "frozen 1")}


class Group:
    """The processes of one running CT."""

    __slots__ = ("cgroups", "count", "ctid", "engine", "inits", "oldest", "shares_pids")

    def __init__(self, engine: str, ctid: str) -> None:
        self.engine = engine
        self.ctid = ctid
        self.count = 0
        self.inits: list[tuple[int, int]] = []  # (start time, PID) of those that are PID 1 inside
        self.oldest: tuple[int, int] | None = None
        self.cgroups: dict[str, str] = {}
        self.shares_pids = True


def containers(host: Host) -> list[CT]:
    """All CTs, sorted by engine and CTID (numbers as numbers).

    Raises Unavailable when /proc is not the caller's, OSError when it cannot be listed.
    """
    groups, commands = scan(host)
    return merge(host, groups, configured(host, commands))


def configured(host: Host, commands: list[list[str]]) -> Iterator[CT]:
    """Every CT that the engines' files name, and those named by their daemons' command lines."""
    for engine in ENGINES.values():
        yield from engine.configured(host, commands)


def merge(host: Host, running: dict[tuple[str, str], Group], named: Iterable[CT]) -> list[CT]:
    """What runs, by (engine family, CTID), joined with what the engines' files name."""
    groups = dict(running)
    found: dict[tuple[str, str], CT] = {}
    clock = boot_time(host), ticks_per_second(host)
    mounts = cgroup_mounts(host)

    for ct in named:
        family = FAMILY.get(ct.engine, ct.engine)
        if (family, ct.ctid) in found:
            continue  # Proxmox's CTs have an LXC configuration too: the first engine has them
        group = groups.pop((family, ct.ctid), None)
        found[family, ct.ctid] = join(host, ct, group, clock, mounts)

    for (family, ctid), group in groups.items():
        # LXC calls a cgroup web1-1 when a dead web1's was left behind.
        base, _, number = ctid.rpartition("-")
        known = found.get((family, base)) if family == "lxc" and number.isdigit() else None
        if known is not None and known.state == STOPPED:
            found[family, base] = join(host, known, group, clock, mounts)
        else:
            found[family, ctid] = join(host, CT(group.engine, ctid, ctid), group, clock, mounts)
    return sorted(found.values(), key=order)


def order(ct: CT) -> tuple[str, int, str]:
    return ct.engine, int(ct.ctid) if ct.ctid.isdigit() and len(ct.ctid) < 19 else 1 << 62, ct.ctid


def scan(host: Host) -> tuple[dict[tuple[str, str], Group], list[list[str]]]:
    """The running CTs by (engine family, CTID), and the command lines of root's (and the caller's)
    own processes on CT0, in which the engines find their daemons and monitors."""
    ownership = Ownership(host)
    groups: dict[tuple[str, str], Group] = {}
    commands: list[list[str]] = []
    for pid in host.pids():
        try:
            with Process(host, pid) as process:
                owner = ownership.owner(process)
                if owner.kind == OWN:
                    if is_believed(host, process):
                        commands.append(process.cmdline())
                    continue
                if owner.kind != CONTAINER:
                    continue
                if process.stat().state in "ZX":
                    continue  # dead, and waiting for somebody to look: nothing runs there
                key = FAMILY.get(owner.engine, owner.engine), owner.ctid
                group = groups.setdefault(key, Group(owner.engine, owner.ctid))
                add(group, process, ownership)
        except (ProcessLookupError, PermissionError, Malformed):
            continue  # gone, hidden from this caller, or no process at all
    return groups, commands


def is_believed(host: Host, process: Process) -> bool:
    """Whether its command line may point at files, which a process writes itself: root's may, and
    the caller's. A recorded host's files may all be whose who recorded it: there, status tells."""
    if process.uid() not in (0, os.geteuid()):
        return False
    return host.live or process.status().uids[1:2] == (0,)


def add(group: Group, process: Process, ownership: Ownership) -> None:
    stat, status = process.stat(), process.status()
    group.count += 1
    mine = stat.starttime, process.pid
    if group.oldest is None or mine < group.oldest:
        group.oldest = mine
    inside = status.nspid[-1] if status.nspid else status.vpid
    if inside == 1 and (not status.nspid or len(status.nspid) == 2):
        group.inits.append(mine)
    if status.nspid is None or len(status.nspid) > 1:
        group.shares_pids = False
    if not group.cgroups:
        for line in parse_cgroup(process.cgroup()):
            marked = outermost(line, ownership.cgroups.get(line.controllers, []))
            group.cgroups[line.controllers] = marked.cgroup if marked else line.path


def join(
    host: Host, ct: CT, group: Group | None, clock: tuple[float, int], mounts: dict[str, str]
) -> CT:
    """What the engine's files say of a CT, with what the process table says."""
    if group is None:
        return by_leader(host, ct, clock)
    start, pid = min(group.inits) if group.inits else group.oldest or (0, 0)
    frozen = ct.state == FROZEN or is_frozen(host, group.cgroups, mounts)
    return ct._replace(
        state=FROZEN if frozen else RUNNING,
        init_pid=pid,
        processes=group.count,
        started=clock[0] + start / clock[1] if clock[0] else 0.0,
        cgroups=group.cgroups,
        shares_pids=group.shares_pids,
    )


def by_leader(host: Host, ct: CT, clock: tuple[float, int]) -> CT:
    """A CT none of whose processes carries a mark (nspawn --keep-unit in a unit of another name):
    it runs if the PID its engine wrote down is alive in a PID namespace of its own."""
    if not ct.init_pid:
        return ct._replace(state=STOPPED if ct.state in (RUNNING, FROZEN) else ct.state)
    try:
        with Process(host, ct.init_pid) as process:
            status = process.status()
            if Ownership(host).owner(process).kind == SANDBOX and (status.nspid or (1,))[-1] == 1:
                start = process.stat().starttime / clock[1]
                cgroups = {m.controllers: m.path for m in parse_cgroup(process.cgroup())}
                return ct._replace(
                    state=RUNNING, processes=1, started=clock[0] + start, cgroups=cgroups
                )
    except (ProcessLookupError, PermissionError, Malformed):
        pass  # the file outlived its CT
    return ct._replace(state=STOPPED, init_pid=0)


def is_frozen(host: Host, cgroups: dict[str, str], mounts: dict[str, str]) -> bool:
    """Asks the freezer: freezer.state of version 1, cgroup.events of version 2."""
    for controllers, path in cgroups.items():
        for controller in controllers.split(","):
            if controller not in FREEZERS or controller not in mounts:
                continue
            name, sign = FREEZERS[controller]
            try:
                if sign in read_cgroup(host.path(f"{mounts[controller]}{path}/{name}")).split("\n"):
                    return True
            except Unavailable:
                continue  # version 2 before 5.2, or no such cgroup in this namespace
    return False


def boot_time(host: Host) -> float:
    """Seconds since the epoch, `btime` of /proc/stat; 0 when it cannot be read."""
    try:
        lines: Iterable[str] = read_text(f"{host.proc}/stat").split("\n")
    except Unavailable:
        return 0.0
    times = [line.split()[1] for line in lines if line.startswith("btime ")]
    return float(times[0]) if times and times[0].isdigit() else 0.0


def ticks_per_second(host: Host) -> int:
    """The unit of start times; a recorded host's is 1/100 s, as nearly everywhere."""
    return os.sysconf("SC_CLK_TCK") if host.live else 100
