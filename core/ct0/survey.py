"""All that a plugin judges of a host, read once, in one record that survives being written down.

    {"version": 1, "survey": {"time": 1764080000.5, "boot_id": "…", "host": "node1", "cts": [
      {"ct": {"engine": "lxc", "ctid": "web1", "state": "running", …}, "memory": {"usage": 4096, …}

Read by root and judged by somebody with less rights: the root reader prints it, the plugins load
it. One container's trouble costs that one its field, and is kept in words.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Callable, NamedTuple, TypeVar

from ct0.beancounters import Beancounter, read_beancounters, read_resources
from ct0.cgroup_files import Cgroups, optional, read_cgroup
from ct0.clock import Clock
from ct0.container import CT, FROZEN, RUNNING
from ct0.cpu import CPU, read_cpu
from ct0.errors import Malformed, Unavailable, reason
from ct0.fairsched import Load, read_load
from ct0.filesystem import Filesystem, Question, measured, questions
from ct0.health import Health, read_health
from ct0.host import Host
from ct0.inventory import Inventory, unreadable
from ct0.locks import Lock
from ct0.machine import Machine, read_machine, read_time
from ct0.memory import Memory, read_memory
from ct0.network import Interface, Network, read_network
from ct0.pressure import Averages, Pressure, read_pressure
from ct0.records import Reader, parse_json, to_json
from ct0.services import Service
from ct0.statvfs_apart import Answer, ask_all, dead_devices
from ct0.tasks import Tasks, read_tasks

T = TypeVar("T")

VERSION = 1
LIMIT = 32 << 20  # bytes of a survey; 1000 containers have about 2 MB
# What may be asked for, by the names of Surveyed's fields; and CT0's own health. Who and in which
# state is always told.
PARTS = (
    "cpu",
    "memory",
    "pressure",
    "tasks",
    "network",
    "load",
    "filesystems",
    "beancounters",
    "health",
)
DEADLINE = 2.0  # seconds for all file systems together
INTERFACES = 64  # of one CT that are told of: it may make as many as it likes


class Surveyed(NamedTuple):
    """One CT. What is not offered, or was not asked for, has its default; `troubles` has in words
    what could not be read, by field, and `broken` those of them that are there and yet could not
    (malformed, no right), not merely not offered here. Texts are not safe to print raw
    (`ct0.text.plain`)."""

    ct: CT
    cpu: CPU = CPU()
    memory: Memory = Memory()
    pressure: Pressure = Pressure()
    tasks: Tasks = Tasks()
    network: Network = Network({}, None)
    load: Load | None = None  # OpenVZ alone; elsewhere no kernel counts it
    filesystems: list[Filesystem] = []  # noqa: RUF012 - its root first
    beancounters: dict[str, Beancounter] = {}  # noqa: RUF012 - with swappages
    troubles: dict[str, str] = {}  # noqa: RUF012
    broken: list[str] = []  # noqa: RUF012

    @property
    def runs(self) -> bool:
        return self.ct.state in (RUNNING, FROZEN)


class Survey(NamedTuple):
    """`time` is when it was made, in seconds since the epoch; on a recorded host when that was
    recorded. Counters are of one `boot_id` ("": not known)."""

    time: float
    boot_id: str
    host: str
    machine: Machine
    cts: list[Surveyed]
    own_beancounters: dict[str, Beancounter] = {}  # noqa: RUF012 - OpenVZ: CT0's own processes
    health: Health | None = None  # not asked for
    # What of CT0 could not be read, in words: "engines" when one's folder could not be listed.
    troubles: dict[str, str] = {}  # noqa: RUF012


READER = Reader(
    Averages,
    Beancounter,
    CPU,
    CT,
    Clock,
    Filesystem,
    Health,
    Interface,
    Load,
    Lock,
    Machine,
    Memory,
    Network,
    Pressure,
    Service,
    Survey,
    Surveyed,
    Tasks,
)


def survey(
    host: Host,
    parts: Collection[str] = PARTS,
    *,
    list_containers: Callable[[Host], list[CT]] = lambda host: Inventory(host).containers(),
    deadline: float = DEADLINE,
) -> Survey:
    """Read a host. `parts` of PARTS are read of each CT that runs.

    Raises Unavailable: /proc is not the caller's, or cannot be read; OSError when it cannot be
    listed; Malformed when /proc/stat or /proc/meminfo does not read as documented.
    """
    cts = list_containers(host)
    cgroups = Cgroups(host)
    troubles: dict[str, str] = {}
    hidden = unreadable(host)
    if hidden:
        troubles["engines"] = hidden
    counters = beancounters_of_all(cgroups, troubles) if "beancounters" in parts else {}
    found = [read(cgroups, ct, parts, counters) for ct in cts]

    def ask(devices: dict[str, str]) -> dict[str, Answer]:
        return ask_all(devices, deadline, known=dead_devices(host))

    if "filesystems" in parts:
        found = with_filesystems(cgroups, found, ask)
    machine = read_machine(host)
    boot_id = optional(read_cgroup, f"{host.proc}/sys/kernel/random/boot_id")
    return Survey(
        time=read_time(host),
        boot_id=(boot_id or "").strip(),
        host=machine.name,
        machine=machine,
        cts=found,
        own_beancounters=counters.get("0", {}),
        health=read_health(cgroups, cts, ask) if "health" in parts else None,
        troubles=troubles,
    )


def read(
    cgroups: Cgroups,
    ct: CT,
    parts: Collection[str],
    counters: dict[str, dict[str, Beancounter]],
) -> Surveyed:
    """One CT, its filesystems left out."""
    if ct.state not in (RUNNING, FROZEN):
        return Surveyed(ct)
    troubles: dict[str, str] = {}
    broken: list[str] = []

    def offered(part: str, reader: Callable[[Cgroups, CT], T], nothing: T) -> T:
        return tried(part, lambda: reader(cgroups, ct), nothing, troubles, parts, broken)

    return Surveyed(
        ct,
        offered("cpu", read_cpu, CPU()),
        offered("memory", read_memory, Memory()),
        offered("pressure", read_pressure, Pressure()),
        offered("tasks", read_tasks, Tasks()),
        told_of(offered("network", read_network, Network({}, None)), troubles, broken),
        offered("load", read_load, None),
        beancounters=with_swap(cgroups.host, ct, counters),
        troubles=troubles,
        broken=broken,
    )


def told_of(network: Network, troubles: dict[str, str], broken: list[str]) -> Network:
    """The first INTERFACES of them: no CT makes the survey of all too large."""
    more = len(network.interfaces) - INTERFACES
    if more <= 0:
        return network
    troubles["network"] = f"{more} interfaces more than the {INTERFACES} that are looked at"
    broken.append("network")
    return network._replace(interfaces=dict(list(network.interfaces.items())[:INTERFACES]))


def tried(
    part: str,
    read: Callable[[], T],
    nothing: T,
    troubles: dict[str, str],
    parts: Collection[str] = PARTS,
    broken: list[str] | None = None,
) -> T:
    """What `read` returns; `nothing` where it was not asked for or fails, which is noted."""
    if part not in parts:
        return nothing
    try:
        return read()
    except (Unavailable, Malformed, OSError) as error:
        troubles[part] = reason(error)
        # Forbidden is not absent either: EACCES on a figure that all may read is no usual host.
        absent = isinstance(error, Unavailable) and not isinstance(error.__cause__, PermissionError)
        if broken is not None and not absent:
            broken.append(part)
        return nothing


def beancounters_of_all(
    cgroups: Cgroups, troubles: dict[str, str]
) -> dict[str, dict[str, Beancounter]]:
    """CTID -> resource -> counter; {} without OpenVZ, which is no trouble."""
    try:
        return cgroups.shared(read_beancounters)
    except Unavailable as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            troubles["beancounters"] = str(error)
    except Malformed as error:
        troubles["beancounters"] = str(error)
    return {}


def with_swap(
    host: Host, ct: CT, counters: dict[str, dict[str, Beancounter]]
) -> dict[str, Beancounter]:
    """The CT's counters; swappages is in a file of its own."""
    found = counters.get(ct.ctid, {}) if ct.engine == "openvz" else {}
    if not found or "swappages" in found:
        return found
    try:
        return {**found, **read_resources(host, ct.ctid)}
    except (Unavailable, Malformed):
        return found  # the common file has all but swappages


def with_filesystems(
    cgroups: Cgroups, cts: list[Surveyed], ask: Callable[[dict[str, str]], dict[str, Answer]]
) -> list[Surveyed]:
    """All file systems are asked at once: a dead one costs its CT's numbers and no more time."""
    told: list[Filesystem | None] = []
    asked: list[list[Question]] = []
    for each in cts:
        known: Filesystem | None = None
        several: list[Question] = []
        if each.runs or each.ct.engine == "openvz":  # ploop leaves its figures of stopped ones
            known, several = tried(
                "filesystems",
                lambda ct=each.ct: questions(cgroups, ct),  # type: ignore[misc]
                (known, several),
                each.troubles if each.runs else {},
                broken=each.broken if each.runs else [],
            )
        told.append(known)
        asked.append(several)
    devices = {question.path: question.mount.device for some in asked for question in some}
    answers = ask(devices) if devices else {}
    return [
        each._replace(filesystems=[known]) if known else answered(each, several, answers)
        for each, known, several in zip(cts, told, asked)
    ]


def answered(each: Surveyed, asked: list[Question], answers: dict[str, Answer]) -> Surveyed:
    found = []
    for question in asked:
        answer = answers[question.path]
        if isinstance(answer, str):
            each.troubles["filesystems"] = f"{question.mount.mountpoint}: {answer}"
            each.broken.append("filesystems")
        else:
            found.append(measured(question, answer))
    return each._replace(filesystems=found)


def dump(survey: Survey) -> str:
    """One line of JSON, ASCII."""
    return json.dumps({"version": VERSION, "survey": to_json(survey)}, allow_nan=False) + "\n"


def load(text: str, path: str = "") -> Survey:
    """What `dump` wrote. Raises Malformed for all else; `path` is where it came from."""
    if len(text) > LIMIT:
        raise Unreadable(path, f"more than {LIMIT} bytes")
    try:
        whole = parse_json(text)
        if type(whole) is not dict or whole.keys() != {"version", "survey"}:
            raise ValueError("no survey")
        if whole["version"] != VERSION:
            raise ValueError(f"of version {whole['version']!r:.20}, not {VERSION}")
        found = READER.record(Survey, whole["survey"])
    except ValueError as error:
        raise Unreadable(path, str(error)) from None
    assert isinstance(found, Survey)
    return found


class Unreadable(Malformed):
    """A survey that is none; says what is wrong where Malformed says what was read."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(path, "")
        self.args = (f"{path}: not a survey: {why}",)
