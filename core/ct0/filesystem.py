"""How full a container's root filesystem is, without ever looking below its root.

vzquota     OpenVZ's simfs: ct0.vzquota
ploop       <private>/root.hdd/.statfs, which ploop keeps for images that are not mounted
statvfs     the CT's filesystem as CT0 has it mounted (/proc/mounts of CT0); a hung network or
            FUSE filesystem would hold the caller for ever, so a child asks, with a deadline
"""

from __future__ import annotations

from typing import NamedTuple

from ct0.cgroup_files import Cgroups
from ct0.container import CT

DEADLINE = 1.0  # seconds for one statvfs; a hung filesystem is not asked again for a while


class Filesystem(NamedTuple):
    """Bytes and inodes. None: not offered here (inodes of btrfs)."""

    size: int
    avail: int  # for a user without privileges, as df has it
    used: int
    files: int | None = None
    files_free: int | None = None
    mountpoint: str = "/"  # in the CT
    fstype: str = ""  # ext4, overlay, simfs
    source: str = ""  # what told: statvfs, vzquota, ploop
    shared: bool = False  # the filesystem holds others' files too: size and avail are everybody's


def read_filesystem(cgroups: Cgroups, ct: CT, deadline: float = DEADLINE) -> list[Filesystem]:
    """The filesystems that are the CT's, its root first.

    Raises Unavailable when the CT has no filesystem of its own that CT0 can see, or it did not
    answer in time.
    """
    raise NotImplementedError
