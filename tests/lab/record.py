"""Records hosts for tests/hosts: `python -m tests.lab.record tests/hosts [HOST...]`.

One node with systemd and every engine is built; each engine gets one running and one stopped CT in
it, is recorded as files by snapshot.py, and goes again. As it all happens in a node, names and PIDs
are those of an ordinary host and nothing of the machine around it is seen.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import packages
from .command import LabError, wait_for
from .hosts import HOSTS, Host
from .lxc import lxc_ct
from .node import MOUNT_CGROUPS, Node
from .recipes import NODE_HOOKS, SYSTEMD, Recipe, app_rootfs
from .run import Run, lab_run

ENGINES = (
    "busybox-static",
    "containerd",
    "docker.io",
    "lxc",
    "lxd",
    "podman",
    "psmisc",
    "python3",
    "runc",
    "systemd-container",
    "sysvinit-utils",
)
# Started by the recording, one after the other, so that one host shows one engine.
DISABLED = 'chroot "$1" systemctl mask docker.service docker.socket containerd lxd lxd.socket'
RECORDED = Recipe(
    "record", "bookworm", SYSTEMD.packages + ENGINES, (*SYSTEMD.hooks, *NODE_HOOKS, DISABLED)
)

# overlayfs does not lie on overlayfs: what engines keep goes to memory.
STORES = ("containerd", "containers", "docker", "lxd")

INIT = "#!/bin/sh\ntrap exit TERM PWR\n/usr/sbin/appd 86400 &\nwait\n"


def main(argv: list[str]) -> int:
    """Record every host, or those named; returns 1 with one line when one cannot be recorded."""
    target, *names = argv
    unknown = set(names) - set(HOSTS)
    if unknown:
        print(f"record: no such host: {' '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    try:
        packages.ensure()
        for name in names or HOSTS:
            with lab_run() as run, recorder(run) as node:
                record(node, HOSTS[name], Path(target) / name, run)
            print(
                f"{name}: {sum(len(files) for _, _, files in os.walk(Path(target) / name))} files"
            )
    except LabError as reason:
        print(f"record: {reason}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def recorder(run: Run) -> Iterator[Node]:
    """A node with every engine installed and none running, and CT0's own appd in its unit."""
    keys = [f"lxc.mount.entry = tmpfs var/lib/{name} tmpfs create=dir 0 0" for name in STORES]
    with lxc_ct(run, "record", RECORDED, keys) as host:
        node = Node(host.engine, host.lxcpath, host.ctid, host.name, host.root)
        node.copy_in(app_rootfs(), "/srv/app")
        for place in ("/usr/sbin", "/srv/app/usr/sbin"):
            node.copy_in("/usr/bin/sleep", f"{place}/appd")
        node.write("/srv/app/sbin/init", INIT)
        _inside(node, MOUNT_CGROUPS)
        _inside(node, "hostname node1 && ip link set lo up && mkdir -p /var/lib/machines")
        _inside(node, "systemd-run --quiet --unit=appd /usr/sbin/appd 86400")
        yield node


def record(node: Node, host: Host, target: Path, run: Run) -> None:
    """Set the host up, snapshot it, and store it with a README."""
    _inside(node, host.setup)
    wait_for("the CTs' appd to run", lambda: len(_appd(node)) > host.running)
    pids = sorted({1} | _appd(node) | _parents(node) | _named(node, host.processes))
    node.copy_in(Path(__file__).with_name("snapshot.py"), "/srv/snapshot.py")
    wanted = ",".join(map(str, pids))
    command = ["python3", "/srv/snapshot.py", "/srv/out", wanted, *host.files]
    done = node.run(command)
    if done.returncode != 0:
        raise LabError(f"snapshot of {target.name}: {done.stderr.strip().splitlines()[-1]}")
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(f"/proc/{node.init}/root/srv/out", target)
    _scrub(target, run)
    (target / "README.md").write_text(_readme(node, host, target.name), encoding="utf-8")


def _appd(node: Node) -> set[int]:
    """PIDs, as the node numbers them, of CT0's and the CTs' appd."""
    found = node.run(["pidof", "appd"]).stdout.split()
    return {int(pid) for pid in found}


def _parents(node: Node) -> set[int]:
    """Of each CT's appd: the CT's first process, and what holds that on CT0."""
    found: set[int] = set()
    for pid in _appd(node):
        for _ in range(2):
            stat = node.run(["cat", f"/proc/{pid}/stat"]).stdout
            pid = int(stat.rpartition(")")[2].split()[1])
            if pid > 1:
                found.add(pid)
            else:
                break
    return found


def _named(node: Node, names: tuple[str, ...]) -> set[int]:
    return {int(pid) for name in names for pid in node.run(["pidof", name]).stdout.split()}


def _inside(node: Node, script: str) -> None:
    done = node.run(["sh", "-ec", script], timeout=180)
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()[-1]
        raise LabError(f"{script.strip().splitlines()[0]} …: exit {done.returncode}: {said}")


def _scrub(target: Path, run: Run) -> None:
    """The lab's own traces: the overlay the node lives on, and names of the run."""
    mounts = target / "proc/mounts"
    lines = [
        "/dev/vda1 / ext4 rw,relatime 0 0" if line.split()[1] == "/" else line
        for line in mounts.read_text(encoding="utf-8").splitlines()
    ]
    mounts.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for path in target.rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            clean = re.sub(rb"[^ \"]*%s[^ ,\"]*" % run.id.encode(), b"/", text)
            if clean != text:
                path.write_bytes(clean)


README = """\
# {name}

{story}

Recorded by tests/lab/record.py on {date} in a Debian 12 node with systemd, itself a container:
{versions};
kernel {kernel}, cgroup v1 with each controller mounted alone and an empty cgroup2 (hybrid).

Links of /proc (`exe`, `root`, `cwd`, `ns/*`) and other symbolic links are text files that hold the
target. Only these processes are in the tree: PID 1, `appd` on CT0 and in the CTs, each CT's first
process, what holds it on CT0, and the engine's daemons.
"""


def _readme(node: Node, host: Host, name: str) -> str:
    query = ["dpkg-query", "-W", "-f", "${Package} ${Version}, ", *host.packages]
    return README.format(
        name=name,
        story=host.story,
        date=time.strftime("%Y-%m-%d"),
        versions=node.run(query).stdout.rstrip(", "),
        kernel=".".join(os.uname().release.split(".")[:2]),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
