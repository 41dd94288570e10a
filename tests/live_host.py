"""A made-up host whose counters a test moves on between two looks at it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

import ct0.live
import ct0.look
import planted
from cgroup_hosts import write
from ct0.container import CT, RUNNING
from ct0.host import Host

BOOT = 1_700_000_000
HOSTILE = "<img src=x onerror=alert(1)>|';--"
DEV = """Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo
    lo: 999 9 0 0 0 0 0 0 999 9 0 0 0 0 0 0
  eth0: {received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0
"""


class LiveHost:
    """Version 2 of cgroups, two CPUs, 8 GiB. `cts` is what a list of containers gives."""

    def __init__(self, root: Path, clock: SimpleNamespace | None = None) -> None:
        self.root = root
        self.host = Host(str(root))
        self.clock = clock
        self.cts: list[CT] = []
        planted.process(root, 1, "systemd", nspid="1", cgroup="0::/init.scope\n")
        mount = "cgroup2 /sys/fs/cgroup cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n"
        write(root, "proc/mounts", mount)
        write(root, "proc/uptime", "5000.00 100.00\n")
        write(root, "proc/sys/kernel/hostname", "node7\n")
        write(root, "proc/loadavg", "1.50 1.00 0.50 2/130 4000\n")
        memory = "MemTotal: 8388608 kB\nMemFree: 4194304 kB\nMemAvailable: 6291456 kB\n"
        write(root, "proc/meminfo", memory + "SwapTotal: 0 kB\nSwapFree: 0 kB\n")
        write(root, "proc/net/dev", DEV.format(received=0, sent=0))
        write(root, "sys/class/net/eth0/device/vendor", "")
        self.machine(0)

    def machine(self, seconds: float, waiting: float = 0.0) -> None:
        """Set the CPU time all have used."""
        cpus = "cpu0 0 0 0 0\ncpu1 0 0 0 0\n"
        write(self.root, "proc/stat", f"cpu  {seconds * 100:.0f} 0 0 0 0\n{cpus}btime {BOOT}\n")
        total = f"some avg10=0.00 avg60=0.00 avg300=0.00 total={waiting * 1e6:.0f}\n"
        write(self.root, "proc/pressure/io", total)

    def later(self, seconds: float) -> None:
        assert self.clock is not None
        self.clock.now += seconds

    def ct(self, name: str, pid: int, engine: str = "lxc", state: str = RUNNING) -> CT:
        """Another container; one of the same engine and CTID goes."""
        cgroup = f"/{engine}.payload.{pid}"
        running = state == RUNNING
        new = CT(
            engine,
            f"ct{pid}" if name == HOSTILE else name,
            name,
            state,
            init_pid=pid if running else 0,
            processes=3 if running else 0,
            started=BOOT + pid if running else 0.0,
            cgroups={"": cgroup} if running else {},
        )
        self.cts = [ct for ct in self.cts if (ct.engine, ct.ctid) != (engine, new.ctid)] + [new]
        if running:
            self.uses(new, 0)
        return new

    def uses(
        self,
        ct: CT,
        cpu: float,
        *,
        memory: int = 100 << 20,
        limit: str = "max",
        received: int = 0,
        sent: int = 0,
        waiting: float = 0.0,
        throttled: int = 0,
        oom: int = 0,
    ) -> None:
        """Set a container's counters: seconds, bytes, counts."""
        folder = f"sys/fs/cgroup{ct.cgroups['']}"
        stat = f"usage_usec {cpu * 1e6:.0f}\nnr_periods 100\nnr_throttled {throttled}\n"
        files = {
            "cpu.stat": stat.replace("100\n", f"{100 + throttled * 2}\n", 1),
            "cpu.max": "max 100000\n",
            "memory.current": f"{memory + (50 << 20)}\n",
            "memory.stat": f"inactive_file {50 << 20}\n",
            "memory.max": f"{limit}\n",
            "memory.events": f"max {oom * 7}\noom_kill {oom}\n",
            "cpu.pressure": f"some avg10=0.00 avg60=0.00 avg300=0.00 total={waiting * 1e6:.0f}\n",
            "pids.current": "12\n",
            "pids.max": "max\n",
        }
        for name, text in files.items():
            write(self.root, f"{folder}/{name}", text)
        dev = DEV.format(received=received, sent=sent)
        write(self.root, f"proc/{ct.init_pid}/net/dev", dev)


def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The clock of ct0.live and ct0.look: it goes on when a test says so."""
    clock = SimpleNamespace(now=1000.0)
    clock.monotonic = lambda: clock.now
    clock.sleep = lambda seconds: None
    monkeypatch.setattr(ct0.look, "time", clock)
    monkeypatch.setattr(ct0.live, "time", clock)
    return clock


def hostile_host(root: Path) -> Path:
    """A whole host, as ct0 finds it by itself: LXC's `web1`, one of a hostile name, a stopped one
    and sixty more, so that there is something to sort and to scroll."""
    node = LiveHost(root)
    names = ["web1", HOSTILE, "\u202egnorw", *(f"customer{number:02}" for number in range(60))]
    for number, name in enumerate(names):
        pid = 200 + number
        write(root, f"var/lib/lxc/{name}/config", f"lxc.uts.name = {name}\n")
        cgroup = f"/lxc.payload.{name}"
        planted.process(
            root,
            pid,
            "init",
            starttime=1000 + number,
            cgroup=f"0::{cgroup}\n",
            nspid=f"{pid}\t1",
            namespace="pid:[2]",
        )
        running = CT("lxc", name, name, RUNNING, init_pid=pid, cgroups={"": cgroup})
        memory = ((number * 37 % 61 + 1) << 20) + 12345  # no figure is halfway
        node.uses(running, 0, memory=memory, limit=str(64 << 20), oom=number % 3)
    write(root, "var/lib/lxc/stopped/config", "lxc.uts.name = stopped\n")
    return root
