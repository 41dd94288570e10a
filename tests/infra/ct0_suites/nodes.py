"""A URL made into a machine whose containers are known and can be entered."""

from __future__ import annotations

import shutil
import socket
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from fnmatch import fnmatchcase
from typing import NamedTuple

from ct0.container import CT, RUNNING
from ct0.containers import containers
from ct0.errors import Unavailable
from ct0.host import Host
from ct0.text import plain, read_text
from ct0_suites import records
from ct0_suites.entering import COMMANDS, PATH, entering
from ct0_suites.records import Subject, Unreachable
from ct0_suites.resources.copying.snapshot import snapshot
from ct0_suites.running import Node
from ct0_suites.target import Target
from ct0_suites.transport import TIMEOUT, Inside, Local, Output, Ssh, Transport
from ct0_suites.urls import SCHEMES, Address, parse_url

# Who has one of these can have containers. `lxc` alone is a stub on Ubuntu, and podman, docker's
# client and systemd-nspawn come with desktops: those need a container to be seen.
ENGINES = {
    "vzctl": "openvz",
    "prlctl": "openvz",
    "pct": "proxmox",
    "lxc-attach": "lxc",
    "incus": "incus",
}


class Machine:
    """The way to a machine with what a URL says of its commands: by sudo, and for how long."""

    def __init__(self, way: Transport, address: Address, name: str) -> None:
        if address.sudo:
            way = Inside(way, lambda text: ["sudo", "-n", "/bin/sh", "-c", text], name)
        self.way = way
        self.patience = address.timeout / TIMEOUT if address.timeout else 1.0

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        # Who logs in without a login shell has no sbin, and LXD of a snap is in /snap/bin.
        text = f"PATH=$PATH:{PATH}:/snap/bin; export PATH\n{command}"
        return self.way.run(text, stdin, timeout * self.patience)


class Closed:
    """A container that cannot be entered, and why."""

    def __init__(self, why: str) -> None:
        self.why = why

    def run(self, command: str, stdin: bytes = b"", timeout: float = TIMEOUT) -> Output:
        raise Unreachable(self.why)


class Found(NamedTuple):
    """A machine as it was found."""

    machine: Target
    cts: Sequence[CT]  # all of them, of all engines
    systemd: frozenset[tuple[str, str]]  # engine and CTID of those in which it can start a command
    pids: frozenset[int]  # all processes
    present: frozenset[str]  # its commands, of those that enter containers
    root: bool  # whether its commands are run by root
    silent: Sequence[str] = ()  # folders of engines that do not answer: who is stopped is missing


def node_of(url: str, kind: str = "", name: str = "") -> Node:
    """A node to judge; `kind` and `name` are an inventory's own words for it. Raises Wrong."""
    address = parse_url(url)
    called = name or name_of(address)

    def opened() -> AbstractContextManager[Sequence[Target]]:
        return targets(address, called, kind)

    return Node(called, opened)


def name_of(address: Address) -> str:
    return address.name or plain(socket.gethostname())


@contextmanager
def targets(address: Address, name: str, kind: str = "") -> Iterator[Sequence[Target]]:
    """The machine first, where it is meant. Raises Unreachable, Unavailable, Malformed, OSError."""
    with way_to(address, name) as way:
        found = look(way, name, kind)
        cts = [target for _, target in members(found, address)]
        if not address.alone:
            cts += [missing(found, folder) for folder in found.silent]
        yield [found.machine, *cts] if address.alone or not address.pattern else cts


@contextmanager
def way_to(address: Address, name: str) -> Iterator[Transport]:
    """The transport of an address's machine, closed at the end."""
    if not address.host:
        yield Machine(Local(), address, name)
        return
    # A socket's path has 107 bytes: a long TMPDIR would not do.
    folder = tempfile.mkdtemp(prefix="ct0-", dir="/tmp")
    ssh = Ssh(address.destination, folder, ssh_options(address))
    try:
        yield Machine(ssh, address, name)
    finally:
        ssh.close()
        shutil.rmtree(folder, ignore_errors=True)


def ssh_options(address: Address) -> tuple[str, ...]:
    options: list[str] = []
    if address.ssh_config:
        options += ["-F", address.ssh_config]
    if address.ssh_identity_file:
        options += ["-i", address.ssh_identity_file, "-o", "IdentitiesOnly=yes"]
    if address.port:
        options += ["-p", str(address.port)]
    return tuple(options)


def look(way: Transport, name: str, kind: str = "") -> Found:
    """The machine at the end of a way, with all its containers."""
    present, user = probe(way)
    with snapshot(way) as host:
        cts = containers(host)
        systemd = frozenset((ct.engine, ct.ctid) for ct in cts if has_systemd(ct, host))
        pids, silent = frozenset(host.pids()), tuple(host.trouble)
    engines = Counter(ct.engine for ct in cts)
    first = next((engine for command, engine in ENGINES.items() if command in present), "")
    engine = engines.most_common(1)[0][0] if engines else first
    kind = kind or (records.CT0 if engine else records.HOST)
    machine = Target(Subject(name, kind, engine if kind == records.CT0 else ""), way)
    found = Found(machine, cts, systemd, pids, present, user == "0", silent)
    machine.containers = [inside(ct, found, ()) for ct in cts]
    return found


def probe(way: Transport) -> tuple[frozenset[str], str]:
    """The machine's commands that enter containers, and the user who would run them."""
    text = f"for c in {' '.join(COMMANDS)}; do command -v $c >/dev/null && echo $c; done; id -u"
    lines = way.run(text).text.split()
    if not lines or not lines[-1].isdigit():
        raise Unavailable("no id: it does not say who its user is")
    return frozenset(lines[:-1]).intersection(COMMANDS), lines[-1]


def members(found: Found, address: Address) -> list[tuple[CT, Target]]:
    """The containers that an address means. Raises Unavailable when it means some and there are
    none."""
    if address.alone:
        return []
    if not found.root:
        raise Unavailable("only root sees and enters its containers: log in as root, or sudo=true")
    if address.scheme == "nsenter":
        cts = [process(found, int(address.pattern))]
    else:
        cts = chosen(found.cts, SCHEMES[address.scheme][0], address.pattern)
    return [(ct, inside(ct, found, SCHEMES[address.scheme][1])) for ct in cts]


def missing(found: Found, folder: str) -> Target:
    """In place of those whom a folder that does not answer would have named: never judged OK."""
    node = found.machine.subject.node
    why = f"{node}: {folder} does not answer: who does not run there is not known"
    return Target(Subject(node, records.CT, "", folder), Closed(why), RUNNING, found.machine)


def chosen(everybody: Sequence[CT], engine: str, pattern: str) -> list[CT]:
    cts = [ct for ct in everybody if ct.engine == engine or not engine]
    if not pattern:
        return cts
    exact = [ct for ct in cts if pattern in (ct.name, ct.ctid)]
    found = exact or [ct for ct in cts if any(fnmatchcase(x, pattern) for x in (ct.name, ct.ctid))]
    if not found:
        raise Unavailable(f"no container matches {plain(pattern)}")
    return found


def process(found: Found, pid: int) -> CT:
    """The CT whose init a PID is; of any other process, itself."""
    if pid not in found.pids:
        raise Unavailable(f"no process {pid}")
    known = [ct for ct in found.cts if ct.init_pid == pid]
    return known[0] if known else CT("", str(pid), state=RUNNING, init_pid=pid)


def has_systemd(ct: CT, host: Host) -> bool:
    """Whether a CT's init is a systemd that machined knows the way to."""
    try:
        return read_text(f"{host.proc}/{ct.init_pid}/comm").strip() == "systemd" and bool(
            read_text(host.path(f"/run/systemd/machines/{ct.ctid}"))
        )
    except Unavailable:
        return False


def inside(ct: CT, found: Found, only: Sequence[str]) -> Target:
    """A container as a target: its state as its CT0 sees it, whether it can be entered or not."""
    machine = found.machine
    subject = Subject(machine.subject.node, records.CT, ct.engine, ct.ctid, ct.name)
    present = found.present
    if (ct.engine, ct.ctid) not in found.systemd:
        present -= {"systemd-run"}
    way: Transport
    try:
        way = Inside(machine.transport, entering(ct, present, only), subject.id)
    except Unavailable as error:
        way = Closed(f"{plain(subject.id)}: {error}")
    return Target(subject, way, ct.state, machine, ct.init_pid)
