"""/proc/vz/venetstat and venetstat_v6: bytes of OpenVZ's containers over venet by traffic class.

    101                 18446/               20133                    0/                   0 ...

CTID, then "in/out" of each of 16 classes, as the CT sees it; CT0 defines them in
/etc/vz/conf/networks_classes, and 0 is what fits none. Veth traffic is not in. A stopped CT's
counters stay until `vznetstat -r`. Needs the module vznetstat, and root.
kernel/ve/vznetstat/vznetstat.c, stat_seq_show_common; not seen on a real host yet.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

FAMILIES = {"ipv4": "venetstat", "ipv6": "venetstat_v6"}


class Traffic(NamedTuple):
    """Counters; received is what came in to the CT."""

    received_bytes: int
    transmitted_bytes: int


# (family, class) -> its traffic.
Venetstat = dict[tuple[str, int], Traffic]


def read_venetstat(host: Host) -> dict[str, Venetstat]:
    """CTID -> (family, class) -> its bytes. Raises Unavailable when neither file is there."""
    found: dict[str, Venetstat] = {}
    reasons = []
    for family, name in FAMILIES.items():
        path = f"{host.proc}/vz/{name}"
        try:
            text = read_cgroup(path)
        except Unavailable as error:
            reasons.append(error)
            continue
        for ctid, classes in parse_venetstat(text, path).items():
            mine = found.setdefault(ctid, {})
            mine.update({(family, number): traffic for number, traffic in enumerate(classes)})
    if len(reasons) == len(FAMILIES):
        raise reasons[0]
    return found


def parse_venetstat(text: str, path: str = "") -> dict[str, list[Traffic]]:
    """CTID -> its classes in order."""
    found = {}
    for line in text.split("\n"):
        # Twenty columns each: only a full one has no blank after the slash.
        words = line.replace("/", " ").split()
        if not words:
            continue
        values = words[1:]
        if len(values) % 2 or not all(map(str.isdecimal, values)):
            raise Malformed(path, line)
        numbers = list(map(int, values))
        found[words[0]] = [Traffic(*pair) for pair in zip(numbers[::2], numbers[1::2])]
    return found
