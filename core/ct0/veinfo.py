"""/proc/vz/veinfo: OpenVZ's running containers, their tasks and addresses; VE0 ("0") comes last.

           103     0     4      10.1.0.103
           102     0     6      10.1.0.112      10.1.0.102
             0     0    56

CTID, class, number of tasks, then the venet addresses, the newest first; a CT on a bridge (veth)
has none here. Root alone may read it. kernel/ve/vecalls.c, veinfo_seq_show.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed
from ct0.host import Host


class VEInfo(NamedTuple):
    tasks: int
    addresses: tuple[str, ...] = ()


def read_veinfo(host: Host) -> dict[str, VEInfo]:
    """CTID -> its line. Raises Unavailable: no OpenVZ kernel, or not root; Malformed."""
    path = f"{host.proc}/vz/veinfo"
    return parse_veinfo(read_cgroup(path), path)


def parse_veinfo(text: str, path: str = "") -> dict[str, VEInfo]:
    found = {}
    for line in text.split("\n"):
        words = line.split()
        if not words:
            continue
        if len(words) < 3 or not (words[1].isdecimal() and words[2].isdecimal()):
            raise Malformed(path, line)
        found[words[0]] = VEInfo(int(words[2]), tuple(words[3:]))
    return found
