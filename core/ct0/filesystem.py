"""How full a container's filesystems are, without ever looking at a path below its root.

vzquota   OpenVZ's simfs: what ct0.vzquota says of the CT
statvfs   the same filesystem where CT0 has it mounted, by /proc/PID/mountinfo of the CT's init
          and of CT0's; or /proc/PID/root itself where only the CT has it mounted (LXC on LVM)
ploop     <private area>/root.hdd/.statfs, which ploop leaves behind when it unmounts an image

    number, parent, major:minor, root, mount point; after " - " type and source:
    600 599 182:1 / / rw,relatime - ext4 /dev/ploop0p1 rw

A CT whose root is a folder of CT0's own filesystem, an overlay or a btrfs subvolume has no size of
its own: `shared` says so, and only `du` could tell what it uses, which nothing here runs.
"""

from __future__ import annotations

import os
import stat
import struct
from typing import NamedTuple

from ct0.cgroup_files import Cgroups, optional, read_cgroup
from ct0.container import CT
from ct0.errors import Malformed, Unavailable
from ct0.host import Host
from ct0.statvfs import DEADLINE, Size, statvfs
from ct0.text import read_text, settings
from ct0.vzquota import read_vzquota

# Their statvfs is that of a filesystem below or around them.
SHARING = {"overlay", "aufs", "btrfs", "fuse.fuse-overlayfs", "ecryptfs"}
# Filesystems with files on a disk or a server; the rest is memory or the kernel's own.
DISK = {"ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "jfs", "reiserfs", "simfs"}

MOUNTS = 1 << 18  # bytes of a CT's mountinfo that are looked at: some 1500 mounts


class Filesystem(NamedTuple):
    """Bytes and inodes. None: not offered here (inodes of btrfs)."""

    size: int
    avail: int  # for a user without privileges, as df has it
    used: int
    files: int | None = None
    files_free: int | None = None
    mountpoint: str = "/"  # in the CT, which chose the name: not safe to print raw
    fstype: str = ""  # ext4, overlay, simfs
    source: str = ""  # what told: statvfs, vzquota, ploop
    shared: bool = False  # it holds others' files too: these numbers are everybody's


class Mount(NamedTuple):
    """A line of mountinfo."""

    device: str  # 182:1
    root: str  # the folder of the filesystem that is mounted; "/" is the whole
    mountpoint: str
    fstype: str
    number: str = ""
    parent: str = ""  # the number of the mount it is mounted on


class Question(NamedTuple):
    """A mount of a CT's, and the path on CT0 to ask for it."""

    mount: Mount
    path: str
    shared: bool


def read_filesystem(cgroups: Cgroups, ct: CT, deadline: float = DEADLINE) -> list[Filesystem]:
    """The CT's root filesystem, then other disks mounted whole in it that CT0 sees too.

    Raises Unavailable when nothing tells, or statvfs did not answer within `deadline` seconds.
    """
    told, asked = questions(cgroups, ct)
    if told is not None:
        return [told]
    root, *others = asked
    found = [measured(root, statvfs(root.path, deadline))]
    for question in others:
        try:
            found.append(measured(question, statvfs(question.path, deadline)))
        except Unavailable:
            continue  # it costs its own numbers and no others
    return found


def questions(cgroups: Cgroups, ct: CT) -> tuple[Filesystem | None, list[Question]]:
    """What is known of the CT's disk without asking, or whom to ask: its root, then other disks
    mounted whole in it that CT0 sees too. Raises Unavailable when nothing tells; Malformed."""
    host = cgroups.host
    quota = from_vzquota(cgroups, ct) if ct.engine == "openvz" else None
    if quota is not None:
        return quota, []
    if not ct.init_pid or not host.live:
        # Only the running machine can be asked; of a recorded one there are the files.
        if ct.engine == "openvz":
            return read_ploop(host, ct), []
        raise Unavailable(f"{ct.engine} {ct.ctid} has no mounted filesystem here")
    path = f"{host.proc}/{ct.init_pid}/mountinfo"
    roots, others = sorted_out(parse_mountinfo(read_beginning(path), path))
    if not roots:
        raise Unavailable(f"{path}: no root filesystem")
    outside = cgroups.shared(read_own_mounts)
    root = roots[-1]  # a later mount hides an earlier one
    places = {at.mountpoint for at in outside.get(root.device, []) if at.root == "/"}
    # CT0's own "/" may be a CT's root as well: systemd-nspawn --directory=/.
    shared = root.root != "/" or "/" in places
    place = min(places, default=f"{host.proc}/{ct.init_pid}/root")
    found = [Question(root, place, shared)]
    for mount in others:
        place = next((at.mountpoint for at in outside.get(mount.device, []) if at.root == "/"), "")
        if place and place != "/" and mount.device != root.device:
            found.append(Question(mount, place, False))
    return None, found


def read_beginning(path: str, limit: int = MOUNTS) -> str:
    """Whole lines of the first `limit` bytes of a file: a CT may mount as often as it likes (its
    root comes first), and whoever reads of all CTs must not take longer for it. Raises Unavailable.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = b""
            while len(text) < limit and (part := os.read(file, limit - len(text))):
                text += part
        finally:
            os.close(file)
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}") from error
    if len(text) == limit:
        text = text[: text.rfind(b"\n") + 1]
    return text.decode("utf-8", "surrogateescape")


def sorted_out(mounts: list[Mount]) -> tuple[list[Mount], list[Mount]]:
    """The mounts that are "/", and one of each other disk that is mounted whole."""
    others = {
        mount.device: mount
        for mount in reversed(mounts)
        if mount.mountpoint != "/" and mount.root == "/" and mount.fstype in DISK
    }
    roots = [mount for mount in mounts if mount.mountpoint == "/"]
    # What was mounted over "/" is not the root of whoever is there already, /proc/PID/root.
    below = {mount.number for mount in roots}
    roots = [mount for mount in roots if mount.parent == mount.number or mount.parent not in below]
    return roots, sorted(others.values(), key=lambda mount: mount.mountpoint)


def measured(question: Question, numbers: os.statvfs_result | Size) -> Filesystem:
    mount = question.mount
    unit = numbers.f_frsize or numbers.f_bsize
    return Filesystem(
        size=numbers.f_blocks * unit,
        avail=numbers.f_bavail * unit,
        used=(numbers.f_blocks - numbers.f_bfree) * unit,
        files=numbers.f_files or None,
        files_free=numbers.f_ffree if numbers.f_files else None,
        mountpoint=mount.mountpoint,
        fstype=mount.fstype,
        source="statvfs",
        shared=question.shared or mount.fstype in SHARING,
    )


def from_vzquota(cgroups: Cgroups, ct: CT) -> Filesystem | None:
    """The quota as a filesystem: its soft limits are the size. None without a quota or limits."""
    try:
        quota = cgroups.shared(read_vzquota).get(ct.ctid)
    except Unavailable:
        return None
    if quota is None or quota.soft_limit_bytes == float("inf"):
        return None
    size = int(quota.soft_limit_bytes)
    files = None if quota.soft_limit_inodes == float("inf") else int(quota.soft_limit_inodes)
    return Filesystem(
        size=size,
        avail=max(size - quota.used_bytes, 0),
        used=quota.used_bytes,
        files=files,
        files_free=None if files is None else max(files - quota.inodes, 0),
        fstype="simfs",
        source="vzquota",
    )


def read_ploop(host: Host, ct: CT) -> Filesystem:
    """What ploop wrote down of an image that is not mounted (lib/util.c, store_statfs_info)."""
    try:
        keys = settings(read_text(host.path(ct.config))) if ct.config else {}
        common = settings(read_text(host.path("/etc/vz/vz.conf")))
    except Unavailable:
        keys, common = {}, {}
    private = keys.get("VE_PRIVATE") or common.get("VE_PRIVATE") or "/vz/private/$VEID"
    private = private.replace("$VEID", ct.ctid).replace("${VEID}", ct.ctid)
    path = host.path(f"{private}/root.hdd/.statfs")
    nothing = Unavailable(f"{path}: no saved size of openvz {ct.ctid}")
    if (keys.get("VE_LAYOUT") or common.get("VE_LAYOUT", "")).startswith("simfs"):
        raise nothing  # its private area is its root: what is there, the CT wrote
    raw = read_saved(host.path(f"{private}/root.hdd"), ".statfs")
    if raw is None:
        raise nothing
    return parse_ploop_statfs(raw, path)


def read_saved(folder: str, name: str) -> bytes | None:
    """The first bytes of a regular file. No link is followed, not the folder either: where an old
    configuration does not say that the CT is none of ploop's, they may be the CT's."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        above = os.open(folder, flags | os.O_DIRECTORY)
        try:
            file = os.open(name, flags | os.O_NONBLOCK | os.O_NOCTTY, dir_fd=above)
        finally:
            os.close(above)
        try:
            return os.read(file, 64) if stat.S_ISREG(os.fstat(file).st_mode) else None
        finally:
            os.close(file)
    except OSError:
        return None  # absent, a link, or hidden from this caller


def parse_ploop_statfs(raw: bytes, path: str = "") -> Filesystem:
    """struct ploop_info: five native 64-bit numbers."""
    if len(raw) < 40:
        raise Malformed(path, repr(raw))
    block, blocks, free, files, files_free = struct.unpack("=5Q", raw[:40])
    if free > blocks or not block:
        raise Malformed(path, repr(raw))
    return Filesystem(
        block * blocks,
        block * free,
        block * (blocks - free),
        files,
        files_free,
        "/",
        "ext4",
        "ploop",
    )


def read_own_mounts(host: Host) -> dict[str, list[Mount]]:
    """CT0's mounts by device, as PID 1 sees them, or this process where that is hidden."""
    for pid in ("1", "self"):
        path = f"{host.proc}/{pid}/mountinfo"
        text = optional(read_cgroup, path)
        if text:
            break
    else:
        return {}
    found: dict[str, list[Mount]] = {}
    for mount in parse_mountinfo(text, path):
        found.setdefault(mount.device, []).append(mount)
    return found


def parse_mountinfo(text: str, path: str = "") -> list[Mount]:
    """proc_pid_mountinfo(5). A path's blanks are \\040, its newlines \\012."""
    found = []
    for line in text.split("\n"):
        if not line:
            continue
        words = line.split(" ")
        try:
            fstype = words[words.index("-", 6) + 1]
        except (ValueError, IndexError):
            raise Malformed(path, line) from None
        place = unescaped(words[4])
        found.append(Mount(words[2], unescaped(words[3]), place, fstype, words[0], words[1]))
    return found


def unescaped(text: str) -> str:
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
