"""What CT0 needs to stay in charge of its containers: daemons, locks, room, a clock."""

from __future__ import annotations

from typing import Callable, NamedTuple, TypeVar

from ct0.cgroup_files import Cgroups, optional, read_cgroup, read_number
from ct0.clock import Clock, read_clock
from ct0.container import CT
from ct0.errors import Malformed, Unavailable, reason
from ct0.filesystem import Filesystem, Question, measured, read_own_mounts
from ct0.host import Host
from ct0.locks import Lock, read_locks
from ct0.services import Service, read_services
from ct0.statvfs_apart import Answer

T = TypeVar("T")

# Where engines keep containers, and where CT0 itself writes. What does not exist is on "/".
PLACES = (
    "/",
    "/home",
    "/tmp",
    "/var",
    "/var/lib/containerd",
    "/var/lib/containers",
    "/var/lib/docker",
    "/var/lib/incus",
    "/var/lib/lxc",
    "/var/lib/lxd",
    "/var/lib/machines",
    "/var/lib/vz",
    "/var/log",
    "/var/snap/lxd/common/lxd",
    "/vz",
)
# hidepid= as kernels before 5.8 write it.
NUMBERS = {"0": "", "off": "", "1": "noaccess", "2": "invisible", "4": "ptraceable"}


class Health(NamedTuple):
    """`troubles` has in words what could not be read, by field."""

    services: list[Service] = []  # noqa: RUF012 - those in use
    locks: list[Lock] = []  # noqa: RUF012
    disks: list[Filesystem] = []  # noqa: RUF012 - CT0's own
    clock: Clock | None = None
    tasks_limit: int | None = None  # of all processes and threads together
    hidepid: str = ""  # how /proc hides others' processes: noaccess, invisible; "": it does not
    troubles: dict[str, str] = {}  # noqa: RUF012


def read_health(
    cgroups: Cgroups, cts: list[CT], ask: Callable[[dict[str, str]], dict[str, Answer]]
) -> Health:
    """`ask` gives answers to paths and their devices: ct0.statvfs_apart.ask_all."""
    host = cgroups.host
    troubles: dict[str, str] = {}

    def tried(name: str, read: Callable[[], T], nothing: T) -> T:
        try:
            return read()
        except (Unavailable, Malformed, OSError) as error:
            troubles[name] = reason(error)
            return nothing

    none: list[Filesystem] = []
    disks = tried("disks", lambda: read_disks(cgroups, ask, troubles), none)
    return Health(
        services=tried("services", lambda: read_services(host, cts), []),
        locks=read_locks(host, cts),
        disks=disks,
        clock=tried("clock", lambda: read_clock(host), None),
        tasks_limit=read_tasks_limit(host),
        hidepid=read_hidepid(host),
        troubles=troubles,
    )


def read_disks(
    cgroups: Cgroups,
    ask: Callable[[dict[str, str]], dict[str, Answer]],
    troubles: dict[str, str],
) -> list[Filesystem]:
    """Those that PLACES are mount points of."""
    if not cgroups.host.live:
        raise Unavailable("a recorded host's disks cannot be asked")
    mounts = {
        mount.mountpoint: mount
        for each in cgroups.shared(read_own_mounts).values()
        for mount in each
    }
    places: dict[str, Question] = {}
    for place in PLACES:
        mount = mounts.get(place)
        if mount is not None and mount.device not in {q.mount.device for q in places.values()}:
            places[place] = Question(mount, place, False)
    answers = ask({place: question.mount.device for place, question in places.items()})
    found = []
    for place, question in places.items():
        answer = answers[place]
        if isinstance(answer, str):
            troubles["disks"] = f"{place}: {answer}"
        elif answer.f_blocks:
            found.append(measured(question, answer))
    return found


def read_tasks_limit(host: Host) -> int | None:
    paths = (f"{host.proc}/sys/kernel/{name}" for name in ("pid_max", "threads-max"))
    found = [value for value in (optional(read_number, path) for path in paths) if value]
    return min(found, default=None)


def read_hidepid(host: Host) -> str:
    text = optional(read_cgroup, f"{host.proc}/mounts") or ""
    return parse_hidepid(text)


def parse_hidepid(text: str) -> str:
    """Of /proc/mounts: the last mount on /proc counts, the earlier ones are hidden below it."""
    found = ""
    for line in text.split("\n"):
        words = line.split(" ")
        if len(words) > 3 and words[1:3] == ["/proc", "proc"]:
            values = [each[8:] for each in words[3].split(",") if each.startswith("hidepid=")]
            found = NUMBERS.get(values[-1], values[-1]) if values else ""
    return found
