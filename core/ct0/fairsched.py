"""OpenVZ's fair scheduler: load average and CPU weight of its containers.

`cpu.proc.loadavg` of a CT's cpu cgroup (/proc/vz/fairsched/101/ on OpenVZ 6, the cpu controller's
machine.slice/CTID/ on 7) is in the format of /proc/loadavg. Not every OpenVZ 6 kernel has it:
042stab141 does not. For other engines' CTs no kernel counts a load average, and a loadavg below a
CT's root (lxcfs, or whatever its root user put there) is not CT0's to read.

    0.23 0.05 0.02 1/70 375

/proc/fairsched, readable by anybody, OpenVZ 6:

    Version: 2.6 debug
          veid         id     parent weight  rate tasks   run cpus flg ready  start_tag value delay
             0        101          0    500     0     6     0    2  ..     0          0     0     0
           101          1          0    500     0     6     0    2  ..     0          0     0     0
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import Cgroups, read_cgroup
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

VE0 = "2147483647"  # the scheduling node of CT0 itself
COLUMNS = "veid id parent weight rate tasks run cpus flg ready start_tag value delay"


class Load(NamedTuple):
    """Load averages over 1, 5 and 15 minutes; then tasks that run now, and all."""

    load1: float
    load5: float
    load15: float
    running: int
    tasks: int


class Node(NamedTuple):
    """One CT in the scheduler of OpenVZ 6."""

    weight: int  # 500000 / CPUUNITS: the smaller, the more CPU
    rate: int  # the limit in 1/1024 CPU, 0 is none
    tasks: int
    running: int
    cpus: int


def read_load(cgroups: Cgroups, ct: CT) -> Load:
    """Raises Unavailable for all but OpenVZ's running CTs, and on kernels without it; Malformed."""
    found = cgroups.folder(ct, "cpu") if ct.engine == "openvz" else None
    if found is None:
        raise Unavailable(f"no load average of {ct.engine} {ct.ctid} here")
    path = f"{found[1]}/cpu.proc.loadavg"
    return parse_load(read_cgroup(path), path)


def parse_load(text: str, path: str = "") -> Load:
    try:
        one, five, fifteen, tasks = text.split()[:4]
        running, total = tasks.split("/")
        return Load(float(one), float(five), float(fifteen), int(running), int(total))
    except ValueError:
        raise Malformed(path, text) from None


def read_fairsched(host: Host) -> dict[str, Node]:
    """CTID -> its node; "0" is CT0's own. Raises Unavailable where there is none; Malformed."""
    path = f"{host.proc}/fairsched"
    return parse_fairsched(read_cgroup(path), path)


def parse_fairsched(text: str, path: str = "") -> dict[str, Node]:
    """The rows of CT0 (veid 0) that carry a CT's number are the CTs' nodes; the CTs' own rows
    repeat them as a CT sees them."""
    lines = [line.split() for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or lines[0][0] != "Version:" or " ".join(lines[1]) != COLUMNS:
        raise Malformed(path, text)
    found = {}
    for words in lines[2:]:
        if len(words) != 13 or not all(map(str.isdecimal, words[:8])):
            raise Malformed(path, " ".join(words))
        veid, node = words[:2]
        if veid == "0" and node != "0":
            weight, rate, tasks, running, cpus = map(int, words[3:8])
            found["0" if node == VE0 else node] = Node(weight, rate, tasks, running, cpus)
    return found
