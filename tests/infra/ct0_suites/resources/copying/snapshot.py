"""A target's processes and its engines' files, copied here as a recorded host, so that core reads
them as it reads any other.

Whatever is read is somebody else's: it is written below a private folder, never outside it, and no
link is made but those between PID namespaces, which lead nowhere.
"""

from __future__ import annotations

import errno
import os
import re
import shlex
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ct0.cgroup_mounts import cgroup_mounts
from ct0.containers import FREEZERS, Group, scan
from ct0.engines.docker import data_roots
from ct0.engines.lxc import monitored
from ct0.errors import Unavailable
from ct0.hidepid import hidepid
from ct0.host import Host
from ct0.inventory import FOLDERS
from ct0.text import read_text, settings
from ct0_suites.resources.copying.fetching import Fetched, command, parse
from ct0_suites.transport import Transport

TIMEOUT = 60.0  # seconds for one command

# Where engines keep who exists. Globs are the shell's; what is not there costs nothing.
FILES = (
    "/proc/stat",
    "/proc/uptime",
    "/proc/mounts",
    "/proc/filesystems",
    "/etc/vz/vz.conf",
    "/etc/vz/conf/*.conf",
    "/etc/pve/lxc/*.conf",
    "/var/lib/lxc/*/config",
    "/etc/systemd/nspawn/*.nspawn",
    "/run/systemd/machines/*",
    "/etc/docker/daemon.json",
    "/var/lib/docker/containers/*/config.v2.json",
    "/var/lib/docker/containers/*/hostconfig.json",
    "/var/lib/docker/image/*/layerdb/mounts/*/mount-id",
    "/var/lib/containers/storage/*-containers/*containers.json",
    "/run/containerd/io.containerd.runtime.v2.task/*/*/config.json",
    "/run/containerd/io.containerd.runtime.v2.task/*/*/init.pid",
)
# Of these only the names say something.
NAMES = (
    "/var/lib/incus/containers/*",
    "/var/lib/lxd/containers/*",
    "/var/snap/lxd/common/lxd/containers/*",
    "/var/lib/machines/*",
    "/etc/systemd/system/machines.target.wants/*.service",
)
DUMPS = "/vz/dump"
MEMORY = "/dev/shm"


class Snapshot(Host):
    """A recorded host whose processes' executables are known, as far as they may be read."""

    __slots__ = ("caller", "executables", "trouble")

    def __init__(self, root: str, fetched: Fetched) -> None:
        super().__init__(root)
        self.caller = fetched.caller  # PID of the shell that looked
        self.executables = fetched.executables
        # Folders of engines that do not answer: who does not run may be missing.
        self.trouble = list(fetched.trouble)


@contextmanager
def snapshot(transport: Transport) -> Iterator[Snapshot]:
    """The processes of a machine or container and its engines' files, as a recorded host.

    Raises Unreachable; Unavailable when its processes or files cannot be seen.
    """
    first = parse(transport.run(command(True, FILES, NAMES, FOLDERS), timeout=TIMEOUT).stdout)
    with tempfile.TemporaryDirectory(prefix="ct0-", dir=place(first)) as root:
        lay_out(root, first)
        host = Snapshot(root, first)
        if not os.path.exists(f"{host.proc}/1/status"):
            option = hidepid(host)
            why = (
                f"/proc is mounted with {option}: be root" if option else "is /proc mounted there?"
            )
            raise Unavailable(f"its processes cannot be seen: {why}")
        files, names = further(host)
        if files or names:
            more = transport.run(command(False, files, names), timeout=TIMEOUT)
            lay_out(root, parse(more.stdout))
        yield host


def place(fetched: Fetched) -> str | None:
    """In memory if there is plenty: ten thousands of small files take 5 times as long elsewhere."""
    needed = sum(4096 + len(content) for content in fetched.files.values())
    try:
        room = os.statvfs(MEMORY)
    except OSError:
        return None
    is_given = any(name in os.environ for name in ("TMPDIR", "TEMP", "TMP"))
    fits = room.f_bavail * room.f_frsize > 4 * needed and os.access(MEMORY, os.W_OK)
    return MEMORY if fits and not is_given else None


def further(host: Host) -> tuple[list[str], list[str]]:
    """Globs of files and names that the first ones point at: where the engines were told to keep
    theirs, and whether a running container is frozen."""
    groups, commands = scan(host)
    files, names = [], []
    elsewhere = [path for path in data_roots(host, commands) if path != "/var/lib/docker"]
    for folder in map(shlex.quote, filter(is_plain, elsewhere)):
        files += [
            f"{folder}/containers/*/config.v2.json",
            f"{folder}/containers/*/hostconfig.json",
            f"{folder}/image/*/layerdb/mounts/*/mount-id",
        ]
    for folder in filter(is_plain, monitored(commands)):
        files.append(f"{shlex.quote(folder)}/*/config")
        if folder.endswith("/containers"):
            names.append(f"{shlex.quote(folder)}/*")
    if os.path.isdir(host.path("/etc/vz")):
        names.append(f"{shlex.quote(dumps(host))}/*")
    files += [shlex.quote(path) for path in freezers(host, groups.values())]
    return files, names


def freezers(host: Host, groups: Iterable[Group]) -> Iterator[str]:
    mounts = cgroup_mounts(host)
    for group in groups:
        for controllers, path in group.cgroups.items():
            for controller in controllers.split(","):
                if controller in FREEZERS and controller in mounts:
                    yield f"{mounts[controller]}{path}/{FREEZERS[controller][0]}"


def dumps(host: Host) -> str:
    try:
        folder = settings(read_text(host.path("/etc/vz/vz.conf"))).get("DUMPDIR", DUMPS)
    except Unavailable:
        return DUMPS
    return folder if is_plain(folder) else DUMPS


def is_plain(path: str) -> bool:
    """An absolute path that names one place and nothing else."""
    return re.fullmatch(r"(/(?!\.\.?(/|$))[^/\0\n]+)+", path) is not None


def lay_out(root: str, fetched: Fetched) -> None:
    """Write it all below a folder. What is no plain path is nobody's and is passed over."""
    gone = set()
    for path, content in fetched.files.items():
        folder, _, name = path.rpartition("/")
        if folder.startswith("/proc/") and name == "status" and not content:
            gone.add(folder)  # ended while it was read, or hidden from the caller
    made = {""}
    for path, content in fetched.files.items():
        folder = path.rpartition("/")[0]
        if not is_plain(path) or folder in gone:
            continue
        if folder in made or make(root + folder):
            made.add(folder)
            write(root + path, content)
    for path in filter(is_plain, fetched.names):
        make(root + path)
    for pid, namespace in fetched.namespaces.items():
        here = f"{root}/proc/{pid}"
        if os.path.isdir(here) and re.fullmatch(r"pid:\[[0-9]{1,20}\]", namespace):
            os.makedirs(f"{here}/ns", exist_ok=True)
            os.symlink(namespace, f"{here}/ns/pid")


def make(folder: str) -> bool:
    """Whether it is there now. A name may be a file's and a folder's at once, or too long."""
    try:
        os.makedirs(folder, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        return False
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False
    return True


def write(path: str, content: bytes) -> None:
    """A file of thousands, in few system calls."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except (FileExistsError, IsADirectoryError):
        return  # as above
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return
    try:
        while content:
            content = content[os.write(file, content) :]
    finally:
        os.close(file)
