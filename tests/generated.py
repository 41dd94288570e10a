"""Hosts with any number of LXC CTs and every file the exporter reads of them, version 1 or 2.

The texts are as Linux 6.18 writes them; the numbers differ from CT to CT.
"""

from __future__ import annotations

import os
from pathlib import Path

from planted import process

MOUNT = "/sys/fs/cgroup"
V1 = ("cpu", "cpuacct", "cpuset", "memory", "blkio", "pids", "hugetlb", "freezer", "devices")
MOUNTS = {
    1: "".join(f"cgroup {MOUNT}/{name} cgroup rw,{name} 0 0\n" for name in V1),
    2: f"cgroup2 {MOUNT} cgroup2 rw,nosuid,nodev,noexec,relatime 0 0\n",
}
SLICES = ("init.scope", "system.slice", "user.slice")

MEMORY_STAT_2 = """\
anon {anon}
file {file}
kernel 3719168
kernel_stack 163840
pagetables 569344
sec_pagetables 0
percpu 2880
sock 4096
vmalloc 0
shmem {shmem}
zswap 0
zswapped 0
file_mapped 8765440
file_dirty 135168
file_writeback 0
swapcached 0
anon_thp 0
file_thp 0
shmem_thp 0
inactive_anon {anon}
active_anon 139264
inactive_file {inactive}
active_file 7520256
unevictable 0
slab_reclaimable 1474568
slab_unreclaimable 1180344
slab 2654912
workingset_refault_anon 0
workingset_refault_file 12
workingset_activate_anon 0
workingset_activate_file 0
workingset_restore_anon 0
workingset_restore_file 0
workingset_nodereclaim 0
pgscan 0
pgsteal 0
pgscan_kswapd 0
pgscan_direct 0
pgsteal_kswapd 0
pgsteal_direct 0
pgfault {faults}
pgmajfault 17
pgrefill 0
pgactivate 1543
pgdeactivate 0
pglazyfree 0
pglazyfreed 0
thp_fault_alloc 0
thp_collapse_alloc 0
"""
MEMORY_STAT_1 = """\
cache 0
rss 0
mapped_file 0
dirty 0
pgfault 0
pgmajfault 0
inactive_file 0
active_file 0
hierarchical_memory_limit 536870912
hierarchical_memsw_limit 9223372036854771712
total_cache {file}
total_rss {anon}
total_rss_huge 0
total_shmem {shmem}
total_mapped_file 25350144
total_dirty 135168
total_writeback 0
total_swap 0
total_swapcached 0
total_pgpgin 154973877
total_pgpgout 154772201
total_pgfault {faults}
total_pgmajfault 17
total_inactive_anon {anon}
total_active_anon 139264
total_inactive_file {inactive}
total_active_file 7520256
total_unevictable 0
"""
NO_LIMIT = "9223372036854771712\n"
DEVICES = (
    "8:0 Read 18042880\n8:0 Write 40960\n8:0 Sync 0\n8:0 Async 0\n8:0 Total 18083840\nTotal 1\n"
)
COLUMNS = "bytes packets errs drop fifo frame compressed multicast"
NET_DEV = (
    f"Inter-|   Receive   |  Transmit\n face |{COLUMNS}|{COLUMNS}\n"
    "    lo:    9000      90    0    0    0     0          0         0     9000      90"
    "    0    0    0     0       0          0\n"
    "  eth0: {received}    4321    1    2    0     0          0         0 {sent}    1234"
    "    3    4    0     0       0          0\n"
)


def numbers(number: int) -> dict[str, int]:
    return {
        "anon": 52_428_800 + 4096 * number,
        "file": 104_857_600 + 4096 * number,
        "shmem": 8192 * number,
        "inactive": 20_971_520,
        "faults": 1_000_000 + number,
        "usage": 180_000_000 + 4096 * number,
        "cpu": 62_471_000 + 1_000_003 * number,
        "received": 123_456_789 + number,
        "sent": 98_765_432 + number,
    }


def files2(number: int) -> dict[str, str]:
    """File -> text of a CT's outer cgroup, version 2."""
    n = numbers(number)
    pressure = "some avg10=0.00 avg60=0.12 avg300=0.05 total={}\n" + (
        "full avg10=0.00 avg60=0.00 avg300=0.01 total={}\n"
    )
    return {
        "cgroup.events": "populated 1\nfrozen 0\n",
        "cgroup.procs": "",
        "cpu.stat": f"usage_usec {n['cpu']}\nuser_usec {n['cpu'] - 999}\nsystem_usec 999\n"
        "nice_usec 0\ncore_sched.force_idle_usec 0\nnr_periods 820\nnr_throttled 17\n"
        "throttled_usec 1200345\nnr_bursts 0\nburst_usec 0\n",
        "cpu.max": "150000 100000\n" if number % 2 else "max 100000\n",
        "cpu.weight": "100\n",
        "cpuset.cpus.effective": "0-3\n",
        "cpu.pressure": pressure.format(59816 + number, 59139),
        "memory.pressure": pressure.format(1816 + number, 139),
        "io.pressure": pressure.format(816 + number, 39),
        "memory.current": f"{n['usage']}\n",
        "memory.stat": MEMORY_STAT_2.format(**n),
        "memory.max": "536870912\n",
        "memory.high": "483183820\n" if number % 2 else "max\n",
        "memory.min": "0\n",
        "memory.peak": f"{n['usage'] + 4096}\n",
        "memory.swap.current": "0\n",
        "memory.swap.max": "1073741824\n" if number % 2 else "max\n",
        "memory.events": "low 0\nhigh 0\nmax 14\noom 2\noom_kill 2\noom_group_kill 0\n",
        "memory.events.local": "low 0\nhigh 0\nmax 14\noom 2\noom_kill 0\noom_group_kill 0\n",
        "pids.current": "42\n",
        "pids.max": "1024\n" if number % 2 else "max\n",
        "io.stat": f"8:0 rbytes={n['file']} wbytes=40960 rios=248 wios=10 dbytes=0 dios=0\n",
        "io.max": "8:0 rbps=10485760 wbps=20971520 riops=1000 wiops=500\n" if number % 2 else "",
        "hugetlb.2MB.current": "2097152\n",
        "hugetlb.2MB.max": "4194304\n" if number % 2 else "max\n",
    }


def files1(number: int) -> dict[str, str]:
    """CONTROLLER/FILE -> text of a CT's outer cgroups, version 1."""
    n = numbers(number)
    return {
        "cpu/cpu.stat": "nr_periods 820\nnr_throttled 17\nthrottled_time 1200345000\n",
        "cpu/cpu.cfs_quota_us": "150000\n" if number % 2 else "-1\n",
        "cpu/cpu.cfs_period_us": "100000\n",
        "cpu/cpu.shares": "1024\n",
        "cpuacct/cpuacct.usage": f"{n['cpu']}000\n",
        "cpuacct/cpuacct.stat": f"user {n['cpu'] // 10000}\nsystem 17\n",
        "cpuset/cpuset.cpus": "0-3\n",
        "cpuset/cpuset.effective_cpus": "0-3\n",
        "memory/memory.usage_in_bytes": f"{n['usage']}\n",
        "memory/memory.stat": MEMORY_STAT_1.format(**n),
        "memory/memory.limit_in_bytes": "536870912\n",
        "memory/memory.max_usage_in_bytes": f"{n['usage'] + 4096}\n",
        "memory/memory.memsw.usage_in_bytes": f"{n['usage'] + 8192}\n",
        "memory/memory.memsw.limit_in_bytes": NO_LIMIT,
        "memory/memory.kmem.usage_in_bytes": "3719168\n",
        "memory/memory.failcnt": "14\n",
        "memory/memory.oom_control": "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n",
        "pids/pids.current": "42\n",
        "pids/pids.max": "1024\n" if number % 2 else "max\n",
        "blkio/blkio.throttle.io_service_bytes_recursive": DEVICES,
        "blkio/blkio.throttle.io_serviced_recursive": DEVICES,
        "blkio/blkio.throttle.read_bps_device": "8:0 10485760\n" if number % 2 else "",
        "blkio/blkio.throttle.write_bps_device": "",
        "blkio/blkio.throttle.read_iops_device": "",
        "blkio/blkio.throttle.write_iops_device": "",
        "hugetlb/hugetlb.2MB.usage_in_bytes": "2097152\n",
        "hugetlb/hugetlb.2MB.limit_in_bytes": NO_LIMIT,
        "freezer/freezer.state": "THAWED\n",
        "devices/devices.list": "a *:* rwm\n",
    }


def generate(root: Path, version: int, cts: int) -> Path:
    """A host with `cts` running CTs, ct1 ..., and one that is stopped; returns `root`."""
    machine(root, version)
    tops = [""] if version == 2 else list(V1)
    for top in tops:
        for name in ("", *SLICES):
            write(root, f"{MOUNT}/{top}/{name}/cgroup.procs", "")
    if version == 2:
        for name in SLICES:
            for file, text in files2(3).items():
                write(root, f"{MOUNT}/{name}/{file}", text)

    for number in range(1, cts + 1):
        name, pid = f"ct{number}", 1000 + number
        outer = f"/lxc.payload.{name}"
        if version == 2:
            cgroup = f"0::{outer}/init.scope\n"
            for file, text in files2(number).items():
                write(root, f"{MOUNT}{outer}/{file}", text)
        else:
            cgroup = "".join(f"{at}:{top}:{outer}/init.scope\n" for at, top in enumerate(V1, 1))
            for file, text in files1(number).items():
                top, _, file = file.partition("/")
                write(root, f"{MOUNT}/{top}{outer}/{file}", text)
        for top in tops:
            write(root, f"{MOUNT}/{top}{outer}/cgroup.procs", "")
            write(root, f"{MOUNT}/{top}{outer}/init.scope/cgroup.procs", f"{pid}\n")
        folder = process(
            root,
            pid,
            "systemd",
            exe="/usr/lib/systemd/systemd",
            cgroup=cgroup,
            nspid=f"{pid} 1",
            namespace=f"pid:[{4026540000 + number}]",
            starttime=1000 + number,
        )
        os.symlink(f"net:[{4026550000 + number}]", folder / "ns/net")
        write(root, f"/proc/{pid}/net/dev", NET_DEV.format(**numbers(number)))
        write(root, f"/proc/{pid}/statm", "5000 2500 1500 40 0 700 0\n")
        for descriptor in range(3):
            write(root, f"/proc/{pid}/fd/{descriptor}", "")
        write(root, f"/var/lib/lxc/{name}/config", config(name))
    write(root, "/var/lib/lxc/old1/config", config("old1"))
    return root


def config(name: str) -> str:
    return (
        "lxc.include = /usr/share/lxc/config/debian.common.conf\nlxc.arch = linux64\n"
        f"lxc.rootfs.path = dir:/var/lib/lxc/{name}/rootfs\nlxc.uts.name = {name}\n"
        "lxc.net.0.type = veth\nlxc.net.0.link = lxcbr0\nlxc.net.0.flags = up\n"
        "lxc.cgroup2.memory.max = 512M\nlxc.cgroup2.cpu.max = 150000 100000\n"
    )


def machine(root: Path, version: int) -> None:
    """What is of the host itself."""
    for number in (0, 1, 2, 3):
        write(root, f"/sys/devices/system/cpu/cpu{number}/online", "1\n")
    cpus = "".join(f"cpu{number} 300 1 210 24780 19 0 3 0 0 0\n" for number in range(4))
    write(
        root,
        "/proc/stat",
        f"cpu  1201 3 840 99120 77 0 12 0 0 0\n{cpus}intr 1\nctxt 2\nbtime 1700000000\n",
    )
    write(root, "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "16\n")
    write(root, "/proc/loadavg", "0.23 0.05 0.02 1/70 375\n")
    write(
        root,
        "/proc/meminfo",
        "MemTotal: 16384000 kB\nMemFree: 4096000 kB\nMemAvailable: 8192000 kB\n"
        "SwapTotal: 2048000 kB\nSwapFree: 2048000 kB\n",
    )
    write(root, "/proc/sys/kernel/hostname", "node1\n")
    write(root, "/proc/partitions", "major minor  #blocks  name\n\n   8        0   41943040 sda\n")
    write(root, "/proc/mounts", "/dev/sda1 / ext4 rw,relatime 0 0\n" + MOUNTS[version])
    hierarchies = ["0::"] if version == 2 else [f"{at}:{top}:" for at, top in enumerate(V1, 1)]
    cgroup = "".join(f"{each}/init.scope\n" for each in hierarchies)
    one = process(root, 1, "systemd", exe="/usr/lib/systemd/systemd", cgroup=cgroup, nspid="1")
    os.symlink("net:[4026531840]", one / "ns/net")


def write(root: Path, path: str, text: str) -> None:
    file = Path(f"{root}{path}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def crowd(root: Path, processes: int, first: int = 100_000) -> None:
    """More processes of CT0's own, in one service."""
    pids = range(first, first + processes)
    for pid in pids:
        process(root, pid, cgroup="0::/system.slice/crowd.service\n", nspid=str(pid))
    for top in {path.parent for path in root.glob("sys/fs/cgroup/**/system.slice")}:
        folder = f"/{top.relative_to(root)}/system.slice/crowd.service"
        write(root, f"{folder}/cgroup.procs", "".join(f"{pid}\n" for pid in pids))
