"""Network traffic of a container by interface, from /proc/PID/net/dev of its init.

Anybody may read it, and nothing enters the CT's namespace. It is the CT's side: `receive` is what
came in to the CT. proc_pid_net(5):

    Inter-|   Receive                                                |  Transmit
     face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs ...
        lo:       0       0    0    0    0     0          0         0        0       0    0 ...
    venet0:       0       0    0    0    0     0          0         0        0       0    0 ...

A CT in CT0's own network namespace (docker run --network=host) shows CT0's interfaces there: its
traffic is not known, and `shares_host` says so.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ct0.cgroup_files import LARGE, Cgroups, read_cgroup
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host


class Interface(NamedTuple):
    """Counters since the interface was made."""

    receive_bytes: int
    receive_packets: int
    receive_errors: int
    receive_drop: int
    transmit_bytes: int
    transmit_packets: int
    transmit_errors: int
    transmit_drop: int


class Network(NamedTuple):
    interfaces: dict[str, Interface]  # the names are the CT's choice: not safe to print raw
    shares_host: bool | None  # None: nothing told


def read_network(cgroups: Cgroups, ct: CT) -> Network:
    """Raises Unavailable when the CT does not run or its init is not known; Malformed."""
    host = cgroups.host
    if not ct.init_pid:
        raise Unavailable(f"{ct.engine} {ct.ctid} has no init here")
    path = f"{host.proc}/{ct.init_pid}/net/dev"
    interfaces = parse_net_dev(read_cgroup(path, LARGE), path)
    return Network(interfaces, shares_host(cgroups, ct.init_pid))


def shares_host(cgroups: Cgroups, pid: int) -> bool | None:
    """Whether a process is in CT0's network namespace, which is PID 1's.

    On a live host by the inode number of net/dev, which each namespace has its own of and anybody
    may look up; the links ns/net, which a recorded host has, take CAP_SYS_PTRACE.
    """
    own, its = cgroups.shared(own_namespace), namespace(cgroups.host, pid)
    return None if own is None or its is None else own == its


def own_namespace(host: Host) -> int | str | None:
    return namespace(host, 1)


def namespace(host: Host, pid: int) -> int | str | None:
    try:
        if host.live:
            return os.stat(f"{host.proc}/{pid}/net/dev").st_ino
        return os.readlink(f"{host.proc}/{pid}/ns/net")
    except OSError:
        return None  # gone, or a recorded host without the links


def parse_net_dev(text: str, path: str = "") -> dict[str, Interface]:
    """Interface -> its counters. A name may hold a colon (an alias of old): the last one counts."""
    lines = text.split("\n")
    if len(lines) < 3 or "|" not in lines[0] or "|" not in lines[1]:
        raise Malformed(path, text)
    found = {}
    for line in lines[2:]:
        if not line:
            continue
        name, colon, counters = line.rpartition(":")
        words = counters.split()
        if not colon or len(words) < 16 or not all(map(str.isdecimal, words)):
            raise Malformed(path, line)
        found[name.strip()] = Interface(*map(int, words[:4] + words[8:12]))
    return found
