"""/proc/vz/vestat: CPU time and scheduling latency of OpenVZ's running containers; VE0 is not in.

    Version: 2.2
      VEID user nice system uptime        idle strv     uptime       used maxlat totlat numsched
       103 1011    0    362   3462  5101771466    0 3476988490 1580064698      0      0        0

user, nice, system and the first uptime are in jiffies of the *kernel's* HZ (1000 on RHEL's kernels,
250 on Debian's), not in USER_HZ. idle, the second uptime, used and the latencies are nanoseconds;
kernels before 2.6.24 count CPU cycles there. kernel/ve/vecalls.c, vestat_seq_show.

Where the module vzmon is loaded, /proc/vz/stats has both units:

    cycles_per_jiffy: 1000000
    jiffies_per_second: 1000

Elsewhere the two uptimes of a line tell HZ: jiffies and nanoseconds of the same time.
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import optional, read_cgroup
from ct0.errors import Malformed
from ct0.host import Host

HEADER = "VEID user nice system uptime idle strv uptime used maxlat totlat numsched"
COLUMNS = 12
HERTZ = (100, 250, 300, 1000)  # what CONFIG_HZ can be on x86


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
    return parse_vestat(text, path, read_rates(host))


def read_rates(host: Host) -> tuple[int, int]:
    """Jiffies a second, and nanoseconds or cycles a second; 0 for what is not known."""
    stats = optional(read_cgroup, f"{host.proc}/vz/stats")
    rates = parse_rates(stats or "")
    if rates[0]:
        return rates
    release = optional(read_cgroup, f"{host.proc}/sys/kernel/osrelease") or ""
    old = release.startswith("2.6.") and leading_number(release[4:]) < 24
    return 0, 0 if old else 10**9


def leading_number(text: str) -> int:
    """32-042stab141 -> 32; 0 without digits."""
    digits = text[: len(text) - len(text.lstrip("0123456789"))]
    return int(digits or "0")


def parse_rates(text: str) -> tuple[int, int]:
    """The same from /proc/vz/stats; (0, 0) if it does not say both."""
    found = {}
    for line in text.split("\n"):
        key, _, value = line.partition(":")
        if value.strip().isdecimal():
            found[key.strip()] = int(value)
    hertz, cycles = found.get("jiffies_per_second", 0), found.get("cycles_per_jiffy", 0)
    return (hertz, hertz * cycles) if hertz and cycles else (0, 0)


def parse_vestat(
    text: str, path: str = "", rates: tuple[int, int] = (0, 10**9)
) -> dict[str, VEStat]:
    """All lines; `rates` as `read_rates` gives them. HZ of 0 is worked out of the lines, if those
    have nanoseconds."""
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
    hertz, cycles = rates
    if not hertz and cycles == 10**9:
        hertz = derived_hertz([(row[3], row[6]) for row in rows.values()])

    found = {}
    for ctid, row in rows.items():
        user, nice, system, uptime = [value / hertz if hertz else None for value in row[:4]]
        idle, _, _, used, maxlat, totlat = [
            value / cycles if cycles else None for value in row[4:10]
        ]
        found[ctid] = VEStat(user, nice, system, uptime, idle, used, maxlat, totlat, row[10])
    return found


def derived_hertz(uptimes: list[tuple[int, int]]) -> int:
    """HZ from (jiffies, nanoseconds) of the CTs; 0 if no CT tells.

    The two clocks start some milliseconds apart (15 ms on the recorded host), so the CT that has
    been up longest tells best, and one just started tells nothing.
    """
    for jiffies, nanoseconds in sorted(uptimes, key=lambda pair: pair[1], reverse=True):
        seconds = nanoseconds / 1e9
        if seconds < 0.5:
            break
        nearest = min(HERTZ, key=lambda hertz: abs(jiffies / hertz - seconds))
        if abs(jiffies / nearest - seconds) < 0.05 + seconds / 1000:
            return nearest
    return 0
