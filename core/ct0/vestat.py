"""/proc/vz/vestat: CPU time and scheduling latency of OpenVZ's running containers; VE0 is not in.

    Version: 2.2
      VEID user nice system uptime        idle strv     uptime       used maxlat totlat numsched
       103 1011    0    362   3462  5101771466    0 3476988490 1580064698      0      0        0

user, nice, system and the first uptime are in jiffies of the *kernel's* HZ (1000 on every OpenVZ
kernel for RHEL), not in USER_HZ; idle, the second uptime, used and the latencies are in
nanoseconds, on 2.6.18 kernels in CPU cycles (kernel/ve/vecalls.c, vestat_seq_show). Both units are
in /proc/vz/stats where the kernel has it:

    cycles_per_jiffy: 1000000
    jiffies_per_second: 1000

Where it is missing, the two uptimes of a line tell: jiffies and nanoseconds of the same time.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import read_cgroup
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

HEADER = "VEID user nice system uptime idle strv uptime used maxlat totlat numsched"
COLUMNS = 12
# Values of CONFIG_HZ. x86 has 100, 250, 300 and 1000; 1024 is Alpha's and IA-64's.
HERTZ = (100, 250, 300, 1000, 1024)


class VEStat(NamedTuple):
    """One CT since its start. Times in seconds; they are None where the file's unit is unknown."""

    user_seconds: float | None  # without niced processes
    nice_seconds: float | None
    system_seconds: float | None
    uptime_seconds: float | None
    idle_seconds: float | None
    used_seconds: float | None  # CPU time; the scheduler's own count, finer than the three above
    latency_max_seconds: float | None  # longest wait for a CPU in the kernel's last interval: gauge
    latency_seconds: float | None  # all waits for a CPU: counter
    scheduled: int  # how often it waited


def read_vestat(host: Host) -> dict[str, VEStat]:
    """CTID -> its line. Raises Unavailable: no OpenVZ kernel, or not root; Malformed."""
    path = f"{host.proc}/vz/vestat"
    text = read_cgroup(path)
    try:
        rates = parse_rates(read_cgroup(f"{host.proc}/vz/stats"))
    except Unavailable:
        rates = None
    return parse_vestat(text, path, rates)


def parse_rates(text: str) -> tuple[int, int] | None:
    """(jiffies per second, cycles or nanoseconds per second) of /proc/vz/stats; None if unsaid."""
    found = {}
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        if value.strip().isdecimal():
            found[key.strip()] = int(value)
    hertz, cycles = found.get("jiffies_per_second", 0), found.get("cycles_per_jiffy", 0)
    return (hertz, hertz * cycles) if hertz and cycles else None


def parse_vestat(
    text: str, path: str = "", rates: tuple[int, int] | None = None
) -> dict[str, VEStat]:
    """All lines; `rates` as `parse_rates` gives them, else they are worked out of the lines."""
    lines = [line.split() for line in text.split("\n") if line.strip()]
    if not lines or lines[0][0] != "Version:":
        raise Malformed(path, text)
    if len(lines) < 2:
        return {}  # the header is printed on VE0's line; a reader inside a CT has its own
    if " ".join(lines[1]) != HEADER:
        raise Malformed(path, " ".join(lines[1]))
    rows: dict[str, list[int]] = {}
    for words in lines[2:]:
        if len(words) != COLUMNS or not all(map(str.isdecimal, words[1:])):
            raise Malformed(path, " ".join(words))
        rows[words[0]] = [int(word) for word in words[1:]]
    hertz, cycles = rates or derived_rates(list(rows.values())) or (0, 0)

    found = {}
    for ctid, row in rows.items():
        user, nice, system, uptime = [value / hertz if hertz else None for value in row[:4]]
        idle, _, _, used, maxlat, totlat = [
            value / cycles if cycles else None for value in row[4:10]
        ]
        found[ctid] = VEStat(user, nice, system, uptime, idle, used, maxlat, totlat, row[10])
    return found


def derived_rates(rows: list[list[int]]) -> tuple[int, int] | None:
    """HZ from the uptimes of the CT that has been up longest, where its error is smallest.

    uptime in jiffies / uptime in nanoseconds is HZ, up to the few milliseconds that pass between
    the two clocks at a CT's start. No HZ near: the second uptime is in CPU cycles of unknown rate
    (2.6.18, before /proc/vz/stats told), and neither unit can be known from here.
    """
    jiffies, nanoseconds = max(
        [(row[3], row[6]) for row in rows if row[3] and row[6]], default=(0, 0)
    )
    if not nanoseconds:
        return None
    measured = jiffies * 1e9 / nanoseconds
    # 300 and 250 are the nearest neighbours but 1000 and 1024: half of 2.4 % is the finest call.
    nearest = min(HERTZ, key=lambda hertz: abs(hertz - measured))
    return (nearest, 10**9) if abs(nearest - measured) < nearest * 0.012 else None
