"""The node: CT0 itself inside a CT, with its own CTs 101 and 102 nested in it.

Whole-machine tests run in here: killall5, stopping services, replaced binaries. The node is an LXC
CT with Debian 12, systemd or sysvinit, LXC, and the incumbents; its CTs run sysvinit and are
defined in its own /var/lib/lxc. Seen from the node `pidof` shows its CTs' processes: the bug, real.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from .command import LabError, wait_for
from .ct import CT
from .lxc import CONFIG, LxcCT, is_up, lxc_ct
from .overlay import root_of
from .processes import all_pids, cgroups, numbers
from .recipes import NODE_CT, NODE_SYSTEMD, Recipe, rootfs
from .run import Run

CTIDS = ("101", "102")

# LXC wants every hierarchy of /proc/self/cgroup mounted alone; systemd makes links of some,
# sysvinit mounts none.
MOUNT_CGROUPS = """\
mountpoint -q /sys/fs/cgroup || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
mount -o remount,rw /sys/fs/cgroup
while IFS=: read -r number name path; do
    case $name in
        name=systemd) place=/sys/fs/cgroup/systemd options=none,name=systemd type=cgroup ;;
        "") place=/sys/fs/cgroup/unified options=rw type=cgroup2 ;;
        *) place=/sys/fs/cgroup/$name options=$name type=cgroup ;;
    esac
    mountpoint -q "$place" && [ ! -L "$place" ] && continue
    [ ! -L "$place" ] || rm "$place"
    mkdir -p "$place"
    mount -t $type -o $options cgroup "$place" || exit 1
done </proc/self/cgroup
"""


class Node(LxcCT):
    """CT0 in a CT. `pids` are its own processes only, numbered as in the lab's /proc."""

    def ct(self, ctid: str) -> NestedCT:
        """The running CT 101 or 102."""
        return NestedCT(self, ctid)

    def inside(self, pid: int) -> int:
        """How the node numbers a process of its own or of its CTs', given by the lab's number."""
        return numbers(pid)[1]

    def outside(self, number: int) -> int:
        """The lab's PID of the process the node calls `number`."""
        for pid in all_pids():
            if numbers(pid)[1:2] == [number] and f"/lxc.payload.{self.name}" in cgroups(pid):
                return pid
        raise LabError(f"{self!r}: has no process {number}")

    def replace(self, path: str) -> None:
        """Put a new file under an old name, as a package upgrade does: processes that run the old
        one get " (deleted)" in their exe link."""
        done = self.run(["sh", "-ec", 'cp -p "$1" "$1.new"; mv "$1.new" "$1"', "sh", path])
        if done.returncode != 0:
            raise LabError(f"{self!r}: cannot replace {path}: {done.stderr.strip()}")

    def start_ct(self, ctid: str) -> NestedCT:
        """Start a defined CT that was stopped."""
        done = self.run(["lxc-start", "-n", ctid, "-l", "INFO"])
        if done.returncode != 0:
            log = self.run(["grep", "-m1", "ERROR", f"/var/log/lxc/{ctid}.log"]).stdout.strip()
            raise LabError(f"{self!r}: cannot start CT {ctid}: {log or done.stderr.strip()}")
        self.run(["lxc-wait", "-n", ctid, "-s", "RUNNING", "-t", "15"])
        ct = self.ct(ctid)
        wait_for(f"{ct!r}: its init to be done", lambda: is_up(ct))
        return ct


class NestedCT(CT):
    """A CT of the node's; `pids` are in the lab's own /proc, as everywhere."""

    def __init__(self, node: Node, ctid: str) -> None:
        said = node.run(["lxc-info", "-n", ctid, "-p", "-H"]).stdout.strip()
        if not said.isdigit():
            raise LabError(f"{node!r}: CT {ctid} does not run")
        self._node = node
        super().__init__(
            "lxc",
            ctid,
            ctid,
            node.outside(int(said)),
            [*node.enter, "lxc-attach", "-n", ctid, "--clear-env", "--"],
        )

    def stop(self) -> None:
        """Kill the CT's processes; it stays defined in the node."""
        self._node.run(["lxc-stop", "-n", self.ctid, "-k"])


@contextmanager
def node_ct(
    run: Run,
    recipe: Recipe = NODE_SYSTEMD,
    cts: Mapping[str, Recipe] = dict.fromkeys(CTIDS, NODE_CT),
    keys: Sequence[str] = (),
    names: Mapping[str, str] = {},
    name: str = "",
) -> Iterator[Node]:
    """A running node with CTs running in it; `recipe=NODE_SYSVINIT` for the other init.

    `cts` are its CTs' recipes and `names` their host names by CTID, `keys` more of its own
    configuration; `name` tells it from another of the recipe. The CTs' root file systems are
    mounted outside and bound into the node: an overlay cannot lie on an overlay.
    """
    name = name or recipe.name
    with ExitStack() as stack:
        binds = []
        for ctid, inner in cts.items():
            root = stack.enter_context(root_of(run, f"{run.prefix}-{name}-{ctid}", rootfs(inner)))
            home = f"var/lib/lxc/{ctid}/rootfs"
            binds.append(f"lxc.mount.entry = {root} {home} none bind,create=dir 0 0")
        host = stack.enter_context(lxc_ct(run, name, recipe, [*binds, *keys]))
        node = Node(host.engine, host.lxcpath, host.ctid, host.name, host.root)
        mounted = node.run(["sh", "-c", MOUNT_CGROUPS])
        if mounted.returncode != 0:
            raise LabError(f"{node!r}: cannot mount its cgroups: {mounted.stderr.strip()}")
        # Nothing configures networks in here, and rndc talks to named over the loopback.
        node.run(["ip", "link", "set", "lo", "up"])
        for ctid in cts:
            home = f"/var/lib/lxc/{ctid}"
            log = f"/var/log/lxc/{ctid}.log"
            hostname = names.get(ctid, f"ct{ctid}")
            text = CONFIG.format(root=f"{home}/rootfs", hostname=hostname, log=log)
            node.write(f"{home}/config", text)
            node.start_ct(ctid)
        yield node
