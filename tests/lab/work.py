"""Known work for a CT to do, and what it needs: a cgroup of its own, a network, a signal to end."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from .command import attempt, call, wait_for
from .ct import CT
from .processes import all_pids
from .run import Run

MIB = 1 << 20
STOP = "/tmp/ct0-stop"
UNTIL_TOLD = f"while [ ! -e {STOP} ]; do sleep 0.1; done"

# Not in /tmp, which nspawn keeps in memory.
# Direct: what the kernel writes back by itself, on a busy machine much of it before any fsync,
# version 1 charges to nobody's cgroup.
WRITE = "dd if=/dev/zero of=/ct0-written bs=1048576 count={count} oflag=direct conv=fsync"

# The shell asks the scheduler how long it ran, in ns: `ulimit -t` goes by ticks, which miss a fifth
# on a busy machine. Nothing is forked, so that nothing else uses time.
BURN = """\
ns=0
while [ "$ns" -lt {seconds}000000000 ]; do
    i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done
    read -r ns rest </proc/$$/schedstat || exit 1
done
"""


def hold(size: int) -> str:
    """A block that dd has read whole and cannot write is that much anonymous memory."""
    return f"dd if=/dev/zero bs={size} count=1 iflag=fullblock | {{ {UNTIL_TOLD}; }}"


def fork(count: int) -> str:
    start = f"i=0; pids=; while [ $i -lt {count} ]; do"
    each = 'sleep 300 & pids="$pids $!"; i=$((i+1)); done'
    return f"{start} {each}; {UNTIL_TOLD}; kill $pids"


@contextmanager
def inside(cts: Sequence[CT], script: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The script in all of them at once; at the end they are told to stop, and awaited."""
    running = [
        subprocess.Popen(
            [*ct.enter, "/bin/sh", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for ct in cts
    ]
    try:
        yield running
    finally:
        for ct in cts:
            ct.run(["/bin/sh", "-c", f": >{STOP}"])
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for ct in cts:
            ct.run(["/bin/sh", "-c", f"rm -f {STOP} /ct0-written"])


@contextmanager
def own_cgroup(ct: CT) -> Iterator[CT]:
    """Put a CT that was started without machined where machined would have put it:
    /machine.slice/machine-NAME.scope/payload, in every hierarchy. What is run in it goes there."""
    path = f"machine.slice/machine-{ct.name}.scope/payload"
    folders = [Path("/sys/fs/cgroup", name, path) for name in hierarchies()]
    enter = ct.enter
    fresh = [each.parents[1] for each in folders if not each.parents[1].exists()]
    try:
        for folder in folders:
            folder.mkdir(parents=True)
        copy_cpuset(folders)
        moved: set[int] = set()
        # Again for whoever was started by one that had not been moved yet.
        while found := set(filter(ct.belongs, all_pids())) - moved:
            for pid in found:
                for folder in folders:
                    (folder / "cgroup.procs").write_text(str(pid))
            moved |= found
        script = 'for f in $1; do echo $$ >"$f/cgroup.procs" || exit 9; done; shift; exec "$@"'
        ct.enter = ["sh", "-c", script, "sh", " ".join(map(str, folders)), *enter]
        yield ct
    finally:
        ct.enter = enter
        ct.stop()
        for folder in folders:
            wait_for(f"{folder} to be empty", lambda folder=folder: emptied(folder), 15)  # type: ignore[misc]
            for each in (folder, folder.parent):
                each.rmdir()
        for folder in fresh:
            folder.rmdir()


def hierarchies() -> list[str]:
    """Below /sys/fs/cgroup: a folder for each; "" for version 2 alone."""
    root = Path("/sys/fs/cgroup")
    if (root / "cgroup.procs").exists():
        return [""]
    return sorted(each.name for each in root.iterdir() if (each / "cgroup.procs").exists())


def copy_cpuset(folders: list[Path]) -> None:
    """A cpuset without CPUs takes no process, and on version 1 a new one has none."""
    for folder in folders:
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (folder / name).exists() and (folder / "cpuset.sched_load_balance").exists():
                whole = (folder.parents[2] / name).read_text()
                for each in (folder.parents[1], folder.parent, folder):
                    (each / name).write_text(whole)


def emptied(folder: Path) -> bool:
    return not (folder / "cgroup.procs").read_text().strip()


@contextmanager
def wired(run: Run, cts: Sequence[CT], device: str) -> Iterator[list[str]]:
    """A veth pair for each CT, `device` inside; yields CT0's addresses on them."""
    with ExitStack() as stack:
        addresses = []
        for number, ct in enumerate(cts):
            outer = f"{run.prefix}v{number}"
            ours, theirs = f"10.213.{number}.1", f"10.213.{number}.2"
            call([*ct.host, "ip", "link", "add", outer, "type", "veth", "peer", "name", device,
                  "netns", str(ct.init)])  # fmt: skip
            stack.callback(attempt, [*ct.host, "ip", "link", "delete", outer])
            call([*ct.host, "ip", "address", "add", f"{ours}/30", "dev", outer])
            call([*ct.host, "ip", "link", "set", outer, "up"])
            there = [*ct.host, "nsenter", f"--net=/proc/{ct.init}/ns/net", "ip"]
            call([*there, "address", "add", f"{theirs}/30", "dev", device])
            call([*there, "link", "set", device, "up"])
            addresses.append(ours)
        yield addresses


def count_block_io(run: Run) -> None:
    """Have the kernel count version 1's block I/O: since Linux 6.10 it does so on a disk only after
    some cgroup was given a limit there, and from then on for all cgroups."""
    blkio = Path("/sys/fs/cgroup/blkio")
    if not (blkio / "blkio.throttle.io_service_bytes").exists():
        return
    device = os.stat(run.folder).st_dev
    disk = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if (disk / "partition").exists():
        disk = disk.parent
    number = (disk / "dev").read_text(encoding="ascii").strip()
    folder = blkio / f"{run.prefix}-io"
    folder.mkdir()
    (folder / "blkio.throttle.write_bps_device").write_text(f"{number} {1 << 50}")
    folder.rmdir()


# On CT0: listens, has somebody in the CT's network send, and says how many bytes came.
SEND = """
import socket, subprocess, sys
init, address, size = sys.argv[1:]
with socket.create_server((address, 0)) as server:
    server.settimeout(30)
    to = f"/dev/tcp/{address}/{server.getsockname()[1]}"
    sender = ["bash", "-c", f"head -c {size} /dev/zero >{to}"]
    with subprocess.Popen(["nsenter", f"--net=/proc/{init}/ns/net", *sender]):
        connection, _ = server.accept()
        print(sum(iter(lambda: len(connection.recv(1 << 20)), 0)))
"""


def send(ct: CT, address: str, size: int) -> int:
    """Send that many bytes from the CT's network to CT0 and return how many came."""
    argv = [*ct.host, "python3", "-c", SEND, str(ct.init), address, str(size)]
    return int(call(argv).stdout)


def started(ct: CT) -> float:
    """When the CT's init started, in seconds since the epoch, told without ct0."""
    words = call([*ct.host, "cat", f"/proc/{ct.init}/stat"]).stdout.rpartition(")")[2].split()
    boot = call([*ct.host, "grep", "btime", "/proc/stat"]).stdout.split()[1]
    return int(boot) + int(words[19]) / os.sysconf("SC_CLK_TCK")
