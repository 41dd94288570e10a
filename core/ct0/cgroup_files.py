"""Where a container's cgroup files are, and reading them.

A controller is on one hierarchy at a time: with version 1 mounts it is there, without them on
version 2; on a hybrid host (version 1 controllers, an empty version 2) the version 2 cgroup still
offers what needs no controller: cpu.stat and the pressure files. `Cgroups` finds the folders of a
CT's *outer* cgroup, the one that counts everything inside, below it and its engine's limits.

Formats, from the kernel's admin-guide/cgroup-v2.rst ("Core Interface Files") and cgroup-v1/:

    2097152                         a number; version 2 writes "max" for no limit
    usage_usec 62471                flat keyed: one key and one value a line
    some avg10=0.00 total=59816     nested keyed: a key, then KEY=VALUE
    0-3,8                           a list of CPUs

The readers of one noun (ct0.cpu, ct0.memory, ...) take a `Cgroups` and a CT. What is not offered
raises Unavailable: no such file, a cgroup that went away meanwhile (ENODEV), a controller that is
switched off (EOPNOTSUPP), no right to read. What cannot be parsed raises Malformed.
"""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Iterable
from typing import Callable, TypeVar

from ct0.cgroup_mounts import cgroup_mounts
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host

T = TypeVar("T")

# What a first read asks for. Most of a host's thousands of files hold a number or a few lines: up
# to 479 bytes Python has the memory at hand, for more it asks malloc. LARGE is for what is known to
# be longer: memory.stat of version 2 has about 1.6 kB.
SMALL, LARGE = 479, 4064
REST = 16384
WHOLE = 2048
# These say nothing of the file read but that this process is in trouble: its caller must hear.
TROUBLE = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EBADF, errno.EFAULT}
# Version 1's "no limit" is PAGE_COUNTER_MAX pages in bytes, 9223372036854771712 with 4 KiB pages,
# and LONG_MAX before Linux 3.19. No machine has half as much.
UNLIMITED = 1 << 62


class Cgroups:
    """The cgroup folders of one host's CTs, for one look at them all.

    Make a new one for every scrape: mount points, and the files that are one for all CTs
    (`shared`), are read once and kept.
    """

    __slots__ = ("_folders", "_shared", "host", "mounts")

    def __init__(self, host: Host) -> None:
        self.host = host
        self.mounts = {name: host.path(path) for name, path in cgroup_mounts(host).items()}
        self._folders: dict[tuple[str, str], tuple[dict[str, str], dict[str, str]]] = {}
        self._shared: dict[object, tuple[object, Exception | None]] = {}

    def again(self, cts: Iterable[CT]) -> Cgroups:
        """For the next look at the same host: nothing that was read is kept, but where the folders
        of these CTs are, as long as nothing is mounted elsewhere."""
        new = Cgroups(self.host)
        if new.mounts == self.mounts:
            keys = [(ct.engine, ct.ctid) for ct in cts]
            new._folders = {key: self._folders[key] for key in keys if key in self._folders}
        return new

    def folder(self, ct: CT, controller: str) -> tuple[int, str] | None:
        """The cgroup version and folder in which `controller` has its files for this CT.

        None: the CT does not run, the controller is not mounted, or CT and host share the cgroup.
        """
        folders = self.folders(ct)
        if controller in self.mounts:
            path = folders.get(controller)
            return None if path is None else (1, path)
        path = folders.get("")
        return None if path is None else (2, path)

    def version1(self, ct: CT, controller: str) -> str | None:
        """The folder of a version 1 controller (`cpu`, `name=systemd`) for this CT, or None."""
        return self.folders(ct).get(controller)

    def version2(self, ct: CT) -> str | None:
        """The CT's folder in version 2, None where there is none. On a hybrid host it has no
        controllers, yet cpu.stat, the pressure files and cgroup.events are there."""
        return self.folders(ct).get("")

    def folders(self, ct: CT) -> dict[str, str]:
        """Controller ("" is version 2) -> folder, for those in which the CT is by itself."""
        known = self._folders.get((ct.engine, ct.ctid))
        if known is not None and known[0] is ct.cgroups:
            return known[1]
        own = own_paths(ct)
        found = {}
        for controllers, path in own.items():
            for controller in controllers.split(","):
                mount = self.mounts.get(controller)
                if mount is not None:
                    found[controller] = mount + path
        self._folders[ct.engine, ct.ctid] = ct.cgroups, found
        return found

    def shared(self, read: Callable[[Host], T]) -> T:
        """What `read(host)` returns or raises; it is called once in the life of this object.

        For files that hold all CTs at once: cgroups.shared(read_vestat)["101"].
        """
        if read not in self._shared:
            try:
                self._shared[read] = read(self.host), None
            except (Unavailable, Malformed) as error:
                self._shared[read] = None, error
        value, reason = self._shared[read]
        if reason is not None:
            raise reason.with_traceback(None)  # else it grows with each raise
        return value  # type: ignore[return-value]


def own_paths(ct: CT) -> dict[str, str]:
    """Those of the CT's cgroups that hold no other's processes.

    A runtime that does not manage a controller leaves its CT where the caller was, in the root or
    in a session of somebody: what is read there is not the CT's. If any path names the CT, then
    those that do not are not its own.
    """
    paths = {key: path for key, path in ct.cgroups.items() if path != "/"}
    names = tuple(filter(None, (ct.ctid, ct.name)))
    named = {}
    for key, path in paths.items():
        last = path.rpartition("/")[2].replace("\\x2d", "-")  # systemd-escape(1)
        if last.endswith(".slice") or last.startswith("session-"):
            continue  # whatever its name, it is no one CT's
        if any(name in last for name in names):
            named[key] = path
    return named or paths


def read_cgroup(path: str, likely: int = SMALL) -> str:
    """A file of the kernel as text, whole, whatever `likely` says of its size. Raises Unavailable;
    OSError if this process is out of descriptors or memory."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = os.read(file, likely)
            # One read gives what was asked for, or whole records, as many as fit a page: when it
            # gave less than both there is no more (no record but a file of its own is as long as
            # half a page). Else the end is where nothing comes. A second read of each costs a
            # scrape 15 %.
            if len(text) == likely or len(text) >= WHOLE:
                while part := os.read(file, REST):
                    text += part
        finally:
            os.close(file)
    except OSError as error:
        if error.errno in TROUBLE:
            raise
        raise Unavailable(f"{path}: {error.strerror}") from error
    return text.decode("ascii", "replace")


def optional(read: Callable[[str], T], path: str) -> T | None:
    """What `read(path)` returns; None where the file is not offered."""
    try:
        return read(path)
    except Unavailable:
        return None


def read_number(path: str) -> int:
    """A count that has no "max": memory.current, pids.current, cpu.weight."""
    text = read_cgroup(path)
    try:
        return int(text)
    except ValueError:
        raise Malformed(path, text) from None


def read_limit(path: str) -> float:
    """A limit; no limit is math.inf, whichever way the kernel writes it."""
    return parse_limit(read_cgroup(path), path)


def read_flat(path: str) -> dict[str, int]:
    """A flat keyed file: cpu.stat, memory.events."""
    return parse_flat(read_cgroup(path), path)


def read_long_flat(path: str) -> dict[str, int]:
    """A flat keyed file of many lines: memory.stat."""
    return parse_flat(read_cgroup(path, LARGE), path)


def read_nested(path: str) -> dict[str, dict[str, str]]:
    """A nested keyed file: io.stat, cpu.pressure."""
    return parse_nested(read_cgroup(path), path)


def parse_limit(text: str, path: str = "") -> float:
    """`max`, a negative number and version 1's PAGE_COUNTER_MAX are math.inf."""
    if text in ("max\n", "max"):
        return math.inf
    try:
        value = int(text)
    except ValueError:
        raise Malformed(path, text) from None
    return math.inf if value < 0 or value >= UNLIMITED else value


def parse_flat(text: str, path: str = "") -> dict[str, int]:
    """Keys and values. An empty file is {}."""
    words = text.split()
    if len(words) % 2:
        raise Malformed(path, text)
    try:
        return dict(zip(words[::2], map(int, words[1::2])))
    except ValueError:
        raise Malformed(path, text) from None


def parse_nested(text: str, path: str = "") -> dict[str, dict[str, str]]:
    """First word -> its KEY=VALUE pairs. Words without "=" are passed over: io.stat of a device
    that never did anything is its number alone, and newer kernels may say more."""
    found = {}
    for line in text.split("\n"):
        if not line:
            continue
        words = line.split()
        if not words or "=" in words[0]:
            raise Malformed(path, line)
        found[words[0]] = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    return found


def parse_cpus(text: str, path: str = "") -> int:
    """How many CPUs a list like 0-3,8 names; 0 for an empty list."""
    count = 0
    for part in text.strip().split(","):
        if not part:
            continue
        first, dash, last = part.partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise Malformed(path, text)
        count += int(last) - int(first) + 1 if dash else 1
    return count
