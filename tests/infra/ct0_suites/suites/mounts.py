"""mounts: what is mounted where, with which options, and how much of it is free.

mounts:
  - id: no-programs-in-tmp
    path: /tmp
    options: [nosuid, nodev, noexec]
  - id: room-for-containers
    for: {kind: ct0}
    path: /var/lib/lxc
    type: [ext4, xfs]
    free: 10
  - id: no-docker-socket
    for: {kind: ct}
    path: /run/docker.sock
    absent: true
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ct0.errors import Unavailable
from ct0_suites.records import KINDS
from ct0_suites.resources.mounts import Mount, mounted_at, read_free, read_mounts, read_place
from ct0_suites.target import Target

__all__ = ["KINDS", "REQUIRED", "SCHEMA", "judge", "observe"]

OPTIONS = {"type": "array", "items": {"type": "string", "pattern": "^[^,\\s]+$"}, "minItems": 1}
SCHEMA = {
    "path": {
        "description": "Where it is mounted. Links in it are followed.",
        "type": "string",
        "pattern": "^/",
    },
    "absent": {
        "description": "Nothing may be mounted there.",
        "type": "boolean",
        "default": False,
    },
    "type": {
        "description": "The type of its file system, or a list of those that are right: ext4.",
        "oneOf": [
            {"type": "string", "minLength": 1},
            {"type": "array", "items": {"type": "string", "minLength": 1}, "minItems": 1},
        ],
    },
    "source": {
        "description": "What is mounted, as /proc/self/mountinfo names it: /dev/sda1.",
        "type": "string",
        "minLength": 1,
    },
    "options": {
        "description": "Options it must have, of the mount or of its file system: noexec, ro.",
        **OPTIONS,
    },
    "without": {"description": "Options it must not have.", **OPTIONS},
    "free": {
        "description": "How many percent of it must be free for users other than root.",
        "type": "number",
        "minimum": 0,
        "maximum": 100,
    },
}
REQUIRED = ("path",)

# What a snapshot tells of: where data is, and where anybody may write.
STORAGE = {
    "bcachefs", "btrfs", "ceph", "cifs", "ext2", "ext3", "ext4", "f2fs", "fuse.glusterfs", "jfs",
    "nfs", "nfs4", "ploop", "reiserfs", "simfs", "vfat", "xfs", "zfs",
}  # fmt: skip
ANYBODYS = ("/tmp", "/var/tmp", "/dev/shm")
TELLING = ("hidepid=1", "hidepid=2", "hidepid=invisible", "noexec", "nodev", "nosuid", "ro")
CONTAINERS = (
    "/run/", "/snap/", "/var/snap/", "/var/lib/containerd/", "/var/lib/containers/",
    "/var/lib/docker/", "/var/lib/incus/", "/var/lib/lxc/", "/var/lib/lxd/", "/var/lib/machines/",
    "/vz/root/", "/var/lib/vz/root/",
)  # fmt: skip


def judge(want: Mapping[str, Any], target: Target) -> Iterator[str]:
    path = want["path"]
    mount = mounted_at(read_mounts(target), read_place(target, path))
    if want.get("absent", False):
        if mount is not None:
            yield f"{path}: {mount.type} of {mount.source} is mounted; nothing should be"
        return
    if mount is None:
        yield f"{path}: nothing is mounted there"
        return
    yield from differences(want, mount)
    if "free" in want:
        free = read_free(target, path)
        if free < want["free"]:
            yield f"{path}: {free:.1f}% is free, should be {want['free']:g}% at least"


def differences(want: Mapping[str, Any], mount: Mount) -> Iterator[str]:
    path, types = want["path"], want.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and mount.type not in types:
        yield f"{path}: is {mount.type}, should be {' or '.join(types)}"
    if want.get("source", mount.source) != mount.source:
        yield f"{path}: {mount.source} is mounted, should be {want['source']}"
    has = ",".join(sorted(mount.options))
    missing = [each for each in want.get("options", ()) if each not in mount.options]
    if missing:
        yield f"{path}: is mounted without {', '.join(missing)} (it has {has})"
    wrong = [each for each in want.get("without", ()) if each in mount.options]
    if wrong:
        yield f"{path}: is mounted with {', '.join(wrong)} (it has {has})"


def observe(target: Target) -> Iterator[dict[str, Any]]:
    try:
        mounts = read_mounts(target)
    except Unavailable:
        return
    for point in sorted({mount.point for mount in mounts}):
        mount = mounted_at(mounts, point)
        if mount is None or (point + "/").startswith(CONTAINERS):
            continue
        if mount.type in STORAGE or point in ("/", "/proc", *ANYBODYS):
            options = [each for each in TELLING if each in mount.options]
            more = {"options": options} if options else {}
            yield {"path": point, "type": mount.type, **more}
