"""CPU time of the whole machine, from /proc/stat.

    cpu  1201 3 840 99120 77 0 12 0 0 0      user nice system idle iowait irq softirq steal guest

In ticks of USER_HZ. Guest time is in user already.
"""

from __future__ import annotations

import os

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.text import plain

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
IDLE = ("idle", "iowait", "steal")  # steal: another machine's


def mode_seconds(host: Host) -> dict[str, float]:
    """Mode -> seconds since boot, all CPUs together. Raises Unavailable, Malformed."""
    path = f"{host.proc}/stat"
    words = read_cgroup(path).partition("\n")[0].split()
    ticks = words[1 : len(MODES) + 1]
    if words[:1] != ["cpu"] or len(ticks) < 4 or not all(map(str.isdecimal, ticks)):
        raise Malformed(path, " ".join(words))
    hertz = os.sysconf("SC_CLK_TCK") if host.live else 100
    return {mode: int(value) / hertz for mode, value in zip(MODES, ticks)}


def busy_seconds(host: Host) -> float:
    """What was used at all."""
    return sum(value for mode, value in mode_seconds(host).items() if mode not in IDLE)


def host_name(host: Host) -> str:
    try:
        return plain(read_cgroup(f"{host.proc}/sys/kernel/hostname").strip())
    except Unavailable:
        return "host"
